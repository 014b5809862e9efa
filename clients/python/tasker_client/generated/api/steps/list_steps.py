from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_steps_fields import ListStepsFields
from ...models.page_step_detail import PageStepDetail
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    task_id: UUID,
    *,
    state: list[str] | Unset = UNSET,
    template_step: str | Unset = UNSET,
    failed: bool | Unset = UNSET,
    fields: ListStepsFields | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    page: int | Unset = UNSET,
    per_page: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_state: list[str] | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state

    params["state"] = json_state

    params["template_step"] = template_step

    params["failed"] = failed

    json_fields: str | Unset = UNSET
    if not isinstance(fields, Unset):
        json_fields = fields

    params["fields"] = json_fields

    params["limit"] = limit

    params["cursor"] = cursor

    params["page"] = page

    params["per_page"] = per_page

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/{task_id}/workflow_steps".format(
            task_id=quote(str(task_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PageStepDetail | Problem | None:
    if response.status_code == 200:
        response_200 = PageStepDetail.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[PageStepDetail | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    template_step: str | Unset = UNSET,
    failed: bool | Unset = UNSET,
    fields: ListStepsFields | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    page: int | Unset = UNSET,
    per_page: int | Unset = UNSET,
) -> Response[PageStepDetail | Problem]:
    """Lists the steps of a task, in the order of the template.

    Args:
        task_id (UUID):
        state (list[str] | Unset):
        template_step (str | Unset):
        failed (bool | Unset):
        fields (ListStepsFields | Unset): How much of each step to list.
        limit (int | Unset):
        cursor (str | Unset):
        page (int | Unset):
        per_page (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageStepDetail | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        state=state,
        template_step=template_step,
        failed=failed,
        fields=fields,
        limit=limit,
        cursor=cursor,
        page=page,
        per_page=per_page,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    template_step: str | Unset = UNSET,
    failed: bool | Unset = UNSET,
    fields: ListStepsFields | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    page: int | Unset = UNSET,
    per_page: int | Unset = UNSET,
) -> PageStepDetail | Problem | None:
    """Lists the steps of a task, in the order of the template.

    Args:
        task_id (UUID):
        state (list[str] | Unset):
        template_step (str | Unset):
        failed (bool | Unset):
        fields (ListStepsFields | Unset): How much of each step to list.
        limit (int | Unset):
        cursor (str | Unset):
        page (int | Unset):
        per_page (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageStepDetail | Problem
    """

    return sync_detailed(
        task_id=task_id,
        client=client,
        state=state,
        template_step=template_step,
        failed=failed,
        fields=fields,
        limit=limit,
        cursor=cursor,
        page=page,
        per_page=per_page,
    ).parsed


async def asyncio_detailed(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    template_step: str | Unset = UNSET,
    failed: bool | Unset = UNSET,
    fields: ListStepsFields | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    page: int | Unset = UNSET,
    per_page: int | Unset = UNSET,
) -> Response[PageStepDetail | Problem]:
    """Lists the steps of a task, in the order of the template.

    Args:
        task_id (UUID):
        state (list[str] | Unset):
        template_step (str | Unset):
        failed (bool | Unset):
        fields (ListStepsFields | Unset): How much of each step to list.
        limit (int | Unset):
        cursor (str | Unset):
        page (int | Unset):
        per_page (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageStepDetail | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        state=state,
        template_step=template_step,
        failed=failed,
        fields=fields,
        limit=limit,
        cursor=cursor,
        page=page,
        per_page=per_page,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    template_step: str | Unset = UNSET,
    failed: bool | Unset = UNSET,
    fields: ListStepsFields | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    page: int | Unset = UNSET,
    per_page: int | Unset = UNSET,
) -> PageStepDetail | Problem | None:
    """Lists the steps of a task, in the order of the template.

    Args:
        task_id (UUID):
        state (list[str] | Unset):
        template_step (str | Unset):
        failed (bool | Unset):
        fields (ListStepsFields | Unset): How much of each step to list.
        limit (int | Unset):
        cursor (str | Unset):
        page (int | Unset):
        per_page (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageStepDetail | Problem
    """

    return (
        await asyncio_detailed(
            task_id=task_id,
            client=client,
            state=state,
            template_step=template_step,
            failed=failed,
            fields=fields,
            limit=limit,
            cursor=cursor,
            page=page,
            per_page=per_page,
        )
    ).parsed
