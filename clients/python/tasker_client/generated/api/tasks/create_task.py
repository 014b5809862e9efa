from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_task_on_duplicate import (
    CreateTaskOnDuplicate,
)
from ...models.created_task import CreatedTask
from ...models.problem import Problem
from ...models.task_request import TaskRequest
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: TaskRequest,
    on_duplicate: CreateTaskOnDuplicate | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    json_on_duplicate: str | Unset = UNSET
    if not isinstance(on_duplicate, Unset):
        json_on_duplicate = on_duplicate

    params["on_duplicate"] = json_on_duplicate

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/tasks",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CreatedTask | Problem | None:
    if response.status_code == 200:
        response_200 = CreatedTask.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = CreatedTask.from_dict(response.json())

        return response_201

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

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

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
) -> Response[CreatedTask | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: TaskRequest,
    on_duplicate: CreateTaskOnDuplicate | Unset = UNSET,
) -> Response[CreatedTask | Problem]:
    """Creates a task. The header `Idempotency-Key` stands for the field `idempotency_key`.

    Args:
        on_duplicate (CreateTaskOnDuplicate | Unset): What a request that was sent before returns.
        body (TaskRequest): A request to create a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreatedTask | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        on_duplicate=on_duplicate,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: TaskRequest,
    on_duplicate: CreateTaskOnDuplicate | Unset = UNSET,
) -> CreatedTask | Problem | None:
    """Creates a task. The header `Idempotency-Key` stands for the field `idempotency_key`.

    Args:
        on_duplicate (CreateTaskOnDuplicate | Unset): What a request that was sent before returns.
        body (TaskRequest): A request to create a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreatedTask | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        on_duplicate=on_duplicate,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: TaskRequest,
    on_duplicate: CreateTaskOnDuplicate | Unset = UNSET,
) -> Response[CreatedTask | Problem]:
    """Creates a task. The header `Idempotency-Key` stands for the field `idempotency_key`.

    Args:
        on_duplicate (CreateTaskOnDuplicate | Unset): What a request that was sent before returns.
        body (TaskRequest): A request to create a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreatedTask | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        on_duplicate=on_duplicate,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: TaskRequest,
    on_duplicate: CreateTaskOnDuplicate | Unset = UNSET,
) -> CreatedTask | Problem | None:
    """Creates a task. The header `Idempotency-Key` stands for the field `idempotency_key`.

    Args:
        on_duplicate (CreateTaskOnDuplicate | Unset): What a request that was sent before returns.
        body (TaskRequest): A request to create a task.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreatedTask | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            on_duplicate=on_duplicate,
        )
    ).parsed
