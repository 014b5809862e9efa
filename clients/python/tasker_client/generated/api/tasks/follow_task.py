from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    task_id: UUID,
    *,
    logs: bool | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["Last-Event-ID"] = last_event_id

    params: dict[str, Any] = {}

    params["logs"] = logs

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/{task_id}/stream".format(
            task_id=quote(str(task_id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | str | None:
    if response.status_code == 200:
        response_200 = response.text
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
) -> Response[Problem | str]:
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
    logs: bool | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Response[Problem | str]:
    """Follows a task: server-sent events `snapshot` (the task: first, and when it was paused, resumed or
    upgraded), `task` and
    `step` (changes, as in its audit), `log` (before the change that ends the run), and `end` when it is
    at rest (ended, or
    blocked by failures). With `Last-Event-ID` no change after it is left out, and some
    may be repeated: `audit_id`, `position` and `step_index` tell. In a Lambda function the stream ends
    after a few seconds: go on with
    `Last-Event-ID`.

    Args:
        task_id (UUID):
        logs (bool | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        logs=logs,
        last_event_id=last_event_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    logs: bool | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Problem | str | None:
    """Follows a task: server-sent events `snapshot` (the task: first, and when it was paused, resumed or
    upgraded), `task` and
    `step` (changes, as in its audit), `log` (before the change that ends the run), and `end` when it is
    at rest (ended, or
    blocked by failures). With `Last-Event-ID` no change after it is left out, and some
    may be repeated: `audit_id`, `position` and `step_index` tell. In a Lambda function the stream ends
    after a few seconds: go on with
    `Last-Event-ID`.

    Args:
        task_id (UUID):
        logs (bool | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return sync_detailed(
        task_id=task_id,
        client=client,
        logs=logs,
        last_event_id=last_event_id,
    ).parsed


async def asyncio_detailed(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    logs: bool | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Response[Problem | str]:
    """Follows a task: server-sent events `snapshot` (the task: first, and when it was paused, resumed or
    upgraded), `task` and
    `step` (changes, as in its audit), `log` (before the change that ends the run), and `end` when it is
    at rest (ended, or
    blocked by failures). With `Last-Event-ID` no change after it is left out, and some
    may be repeated: `audit_id`, `position` and `step_index` tell. In a Lambda function the stream ends
    after a few seconds: go on with
    `Last-Event-ID`.

    Args:
        task_id (UUID):
        logs (bool | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        logs=logs,
        last_event_id=last_event_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    logs: bool | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Problem | str | None:
    """Follows a task: server-sent events `snapshot` (the task: first, and when it was paused, resumed or
    upgraded), `task` and
    `step` (changes, as in its audit), `log` (before the change that ends the run), and `end` when it is
    at rest (ended, or
    blocked by failures). With `Last-Event-ID` no change after it is left out, and some
    may be repeated: `audit_id`, `position` and `step_index` tell. In a Lambda function the stream ends
    after a few seconds: go on with
    `Last-Event-ID`.

    Args:
        task_id (UUID):
        logs (bool | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return (
        await asyncio_detailed(
            task_id=task_id,
            client=client,
            logs=logs,
            last_event_id=last_event_id,
        )
    ).parsed
