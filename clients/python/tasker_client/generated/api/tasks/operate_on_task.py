from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.operated_task import OperatedTask
from ...models.problem import Problem
from ...models.task_operation import TaskOperation
from ...types import Response


def _get_kwargs(
    task_id: UUID,
    *,
    body: TaskOperation,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/tasks/{task_id}".format(
            task_id=quote(str(task_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> OperatedTask | Problem | None:
    if response.status_code == 200:
        response_200 = OperatedTask.from_dict(response.json())

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

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
) -> Response[OperatedTask | Problem]:
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
    body: TaskOperation,
) -> Response[OperatedTask | Problem]:
    """Changes a task: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun`
    (from
    `step`), `upgrade` (to `version`), `set_tags` (to `tags`), or `set_priority` (to `priority`).

    Args:
        task_id (UUID):
        body (TaskOperation): An operation on a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OperatedTask | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    body: TaskOperation,
) -> OperatedTask | Problem | None:
    """Changes a task: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun`
    (from
    `step`), `upgrade` (to `version`), `set_tags` (to `tags`), or `set_priority` (to `priority`).

    Args:
        task_id (UUID):
        body (TaskOperation): An operation on a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OperatedTask | Problem
    """

    return sync_detailed(
        task_id=task_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    body: TaskOperation,
) -> Response[OperatedTask | Problem]:
    """Changes a task: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun`
    (from
    `step`), `upgrade` (to `version`), `set_tags` (to `tags`), or `set_priority` (to `priority`).

    Args:
        task_id (UUID):
        body (TaskOperation): An operation on a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OperatedTask | Problem]
    """

    kwargs = _get_kwargs(
        task_id=task_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    task_id: UUID,
    *,
    client: AuthenticatedClient,
    body: TaskOperation,
) -> OperatedTask | Problem | None:
    """Changes a task: `action` is `pause`, `resume`, `redrive`, `give_up`, `resolve_manually`, `rerun`
    (from
    `step`), `upgrade` (to `version`), `set_tags` (to `tags`), or `set_priority` (to `priority`).

    Args:
        task_id (UUID):
        body (TaskOperation): An operation on a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OperatedTask | Problem
    """

    return (
        await asyncio_detailed(
            task_id=task_id,
            client=client,
            body=body,
        )
    ).parsed
