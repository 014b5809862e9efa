from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.callable_operation import CallableOperation
from ...models.handler_version import HandlerVersion
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    callable_: str,
    *,
    body: CallableOperation,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/callables/{callable_}/versions".format(
            callable_=quote(str(callable_), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> HandlerVersion | Problem | None:
    if response.status_code == 200:
        response_200 = HandlerVersion.from_dict(response.json())

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
) -> Response[HandlerVersion | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    callable_: str,
    *,
    client: AuthenticatedClient,
    body: CallableOperation,
) -> Response[HandlerVersion | Problem]:
    """Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`.
    Existing
    tasks keep their version. Returns the version that is current now.

    Args:
        callable_ (str):
        body (CallableOperation): A change of a handler's current version. New tasks use the
            current version.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[HandlerVersion | Problem]
    """

    kwargs = _get_kwargs(
        callable_=callable_,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    callable_: str,
    *,
    client: AuthenticatedClient,
    body: CallableOperation,
) -> HandlerVersion | Problem | None:
    """Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`.
    Existing
    tasks keep their version. Returns the version that is current now.

    Args:
        callable_ (str):
        body (CallableOperation): A change of a handler's current version. New tasks use the
            current version.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        HandlerVersion | Problem
    """

    return sync_detailed(
        callable_=callable_,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    callable_: str,
    *,
    client: AuthenticatedClient,
    body: CallableOperation,
) -> Response[HandlerVersion | Problem]:
    """Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`.
    Existing
    tasks keep their version. Returns the version that is current now.

    Args:
        callable_ (str):
        body (CallableOperation): A change of a handler's current version. New tasks use the
            current version.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[HandlerVersion | Problem]
    """

    kwargs = _get_kwargs(
        callable_=callable_,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    callable_: str,
    *,
    client: AuthenticatedClient,
    body: CallableOperation,
) -> HandlerVersion | Problem | None:
    """Changes the current version of a handler: `action` is `promote` (with `version`) or `roll_back`.
    Existing
    tasks keep their version. Returns the version that is current now.

    Args:
        callable_ (str):
        body (CallableOperation): A change of a handler's current version. New tasks use the
            current version.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        HandlerVersion | Problem
    """

    return (
        await asyncio_detailed(
            callable_=callable_,
            client=client,
            body=body,
        )
    ).parsed
