from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.dlq_entry import DlqEntry
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    dlq_entry_id: UUID,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/dlq/entry/{dlq_entry_id}".format(
            dlq_entry_id=quote(str(dlq_entry_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DlqEntry | Problem | None:
    if response.status_code == 200:
        response_200 = DlqEntry.from_dict(response.json())

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
) -> Response[DlqEntry | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    dlq_entry_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Response[DlqEntry | Problem]:
    """Returns an entry.

    Args:
        dlq_entry_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DlqEntry | Problem]
    """

    kwargs = _get_kwargs(
        dlq_entry_id=dlq_entry_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    dlq_entry_id: UUID,
    *,
    client: AuthenticatedClient,
) -> DlqEntry | Problem | None:
    """Returns an entry.

    Args:
        dlq_entry_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DlqEntry | Problem
    """

    return sync_detailed(
        dlq_entry_id=dlq_entry_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    dlq_entry_id: UUID,
    *,
    client: AuthenticatedClient,
) -> Response[DlqEntry | Problem]:
    """Returns an entry.

    Args:
        dlq_entry_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DlqEntry | Problem]
    """

    kwargs = _get_kwargs(
        dlq_entry_id=dlq_entry_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    dlq_entry_id: UUID,
    *,
    client: AuthenticatedClient,
) -> DlqEntry | Problem | None:
    """Returns an entry.

    Args:
        dlq_entry_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DlqEntry | Problem
    """

    return (
        await asyncio_detailed(
            dlq_entry_id=dlq_entry_id,
            client=client,
        )
    ).parsed
