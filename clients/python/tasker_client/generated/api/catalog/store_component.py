from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.stored_component import StoredComponent
from ...types import Response


def _get_kwargs(
    digest: str,
    *,
    body: str,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/components/{digest}".format(
            digest=quote(str(digest), safe=""),
        ),
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/wasm"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | StoredComponent | None:
    if response.status_code == 200:
        response_200 = StoredComponent.from_dict(response.json())

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
) -> Response[Problem | StoredComponent]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    digest: str,
    *,
    client: AuthenticatedClient,
    body: str,
) -> Response[Problem | StoredComponent]:
    """Stores the bytes of a component, at most 64 MiB. Its handlers can be used when a publication names
    it. Needs the permission in all
    namespaces. Not possible on AWS, where components are compiled and signed by `tasker deploy`.

    Args:
        digest (str):
        body (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StoredComponent]
    """

    kwargs = _get_kwargs(
        digest=digest,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    digest: str,
    *,
    client: AuthenticatedClient,
    body: str,
) -> Problem | StoredComponent | None:
    """Stores the bytes of a component, at most 64 MiB. Its handlers can be used when a publication names
    it. Needs the permission in all
    namespaces. Not possible on AWS, where components are compiled and signed by `tasker deploy`.

    Args:
        digest (str):
        body (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StoredComponent
    """

    return sync_detailed(
        digest=digest,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    digest: str,
    *,
    client: AuthenticatedClient,
    body: str,
) -> Response[Problem | StoredComponent]:
    """Stores the bytes of a component, at most 64 MiB. Its handlers can be used when a publication names
    it. Needs the permission in all
    namespaces. Not possible on AWS, where components are compiled and signed by `tasker deploy`.

    Args:
        digest (str):
        body (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StoredComponent]
    """

    kwargs = _get_kwargs(
        digest=digest,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    digest: str,
    *,
    client: AuthenticatedClient,
    body: str,
) -> Problem | StoredComponent | None:
    """Stores the bytes of a component, at most 64 MiB. Its handlers can be used when a publication names
    it. Needs the permission in all
    namespaces. Not possible on AWS, where components are compiled and signed by `tasker deploy`.

    Args:
        digest (str):
        body (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StoredComponent
    """

    return (
        await asyncio_detailed(
            digest=digest,
            client=client,
            body=body,
        )
    ).parsed
