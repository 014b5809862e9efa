from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.event_delivery_state import EventDeliveryState
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    name: str,
    event_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/subscriptions/{name}/deliveries/{event_id}/retry".format(
            name=quote(str(name), safe=""),
            event_id=quote(str(event_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> EventDeliveryState | Problem | None:
    if response.status_code == 200:
        response_200 = EventDeliveryState.from_dict(response.json())

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
) -> Response[EventDeliveryState | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    name: str,
    event_id: int,
    *,
    client: AuthenticatedClient,
) -> Response[EventDeliveryState | Problem]:
    """Tries a delivery again at once, with all its attempts: one that waits, or that was given up.

    Args:
        name (str):
        event_id (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventDeliveryState | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        event_id=event_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    event_id: int,
    *,
    client: AuthenticatedClient,
) -> EventDeliveryState | Problem | None:
    """Tries a delivery again at once, with all its attempts: one that waits, or that was given up.

    Args:
        name (str):
        event_id (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventDeliveryState | Problem
    """

    return sync_detailed(
        name=name,
        event_id=event_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    name: str,
    event_id: int,
    *,
    client: AuthenticatedClient,
) -> Response[EventDeliveryState | Problem]:
    """Tries a delivery again at once, with all its attempts: one that waits, or that was given up.

    Args:
        name (str):
        event_id (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventDeliveryState | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        event_id=event_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    event_id: int,
    *,
    client: AuthenticatedClient,
) -> EventDeliveryState | Problem | None:
    """Tries a delivery again at once, with all its attempts: one that waits, or that was given up.

    Args:
        name (str):
        event_id (int):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventDeliveryState | Problem
    """

    return (
        await asyncio_detailed(
            name=name,
            event_id=event_id,
            client=client,
        )
    ).parsed
