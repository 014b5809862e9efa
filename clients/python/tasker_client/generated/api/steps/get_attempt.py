from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.attempt_record import AttemptRecord
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    task_id: UUID,
    step: str,
    attempt: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/{task_id}/workflow_steps/{step}/attempts/{attempt}".format(
            task_id=quote(str(task_id), safe=""),
            step=quote(str(step), safe=""),
            attempt=quote(str(attempt), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AttemptRecord | Problem | None:
    if response.status_code == 200:
        response_200 = AttemptRecord.from_dict(response.json())

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
) -> Response[AttemptRecord | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    task_id: UUID,
    step: str,
    attempt: int,
    *,
    client: AuthenticatedClient,
) -> Response[AttemptRecord | Problem]:
    """Returns the finished run of a step with this attempt. An operator's reset counts attempts anew; then
    this is the last one.

    Args:
        task_id (UUID):
        step (str):
        attempt (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AttemptRecord | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        step=step,
        attempt=attempt,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    task_id: UUID,
    step: str,
    attempt: int,
    *,
    client: AuthenticatedClient,
) -> AttemptRecord | Problem | None:
    """Returns the finished run of a step with this attempt. An operator's reset counts attempts anew; then
    this is the last one.

    Args:
        task_id (UUID):
        step (str):
        attempt (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AttemptRecord | Problem
    """

    return sync_detailed(
        task_id=task_id,
        step=step,
        attempt=attempt,
        client=client,
    ).parsed


async def asyncio_detailed(
    task_id: UUID,
    step: str,
    attempt: int,
    *,
    client: AuthenticatedClient,
) -> Response[AttemptRecord | Problem]:
    """Returns the finished run of a step with this attempt. An operator's reset counts attempts anew; then
    this is the last one.

    Args:
        task_id (UUID):
        step (str):
        attempt (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AttemptRecord | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        step=step,
        attempt=attempt,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    task_id: UUID,
    step: str,
    attempt: int,
    *,
    client: AuthenticatedClient,
) -> AttemptRecord | Problem | None:
    """Returns the finished run of a step with this attempt. An operator's reset counts attempts anew; then
    this is the last one.

    Args:
        task_id (UUID):
        step (str):
        attempt (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AttemptRecord | Problem
    """

    return (
        await asyncio_detailed(
            task_id=task_id,
            step=step,
            attempt=attempt,
            client=client,
        )
    ).parsed
