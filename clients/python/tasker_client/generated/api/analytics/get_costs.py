from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.costs import Costs
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    hours: int | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    limit: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["from"] = from_

    params["to"] = to

    params["hours"] = hours

    params["namespace"] = namespace

    params["name"] = name

    params["version"] = version

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/analytics/costs",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Costs | Problem | None:
    if response.status_code == 200:
        response_200 = Costs.from_dict(response.json())

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
) -> Response[Costs | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    hours: int | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    limit: int | Unset = UNSET,
) -> Response[Costs | Problem]:
    """Returns what executions used in a period, and what that costs at the configured prices.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        hours (int | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        limit (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Costs | Problem]
    """

    kwargs = _get_kwargs(
        from_=from_,
        to=to,
        hours=hours,
        namespace=namespace,
        name=name,
        version=version,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    hours: int | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    limit: int | Unset = UNSET,
) -> Costs | Problem | None:
    """Returns what executions used in a period, and what that costs at the configured prices.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        hours (int | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        limit (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Costs | Problem
    """

    return sync_detailed(
        client=client,
        from_=from_,
        to=to,
        hours=hours,
        namespace=namespace,
        name=name,
        version=version,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    hours: int | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    limit: int | Unset = UNSET,
) -> Response[Costs | Problem]:
    """Returns what executions used in a period, and what that costs at the configured prices.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        hours (int | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        limit (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Costs | Problem]
    """

    kwargs = _get_kwargs(
        from_=from_,
        to=to,
        hours=hours,
        namespace=namespace,
        name=name,
        version=version,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    from_: str | Unset = UNSET,
    to: str | Unset = UNSET,
    hours: int | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    limit: int | Unset = UNSET,
) -> Costs | Problem | None:
    """Returns what executions used in a period, and what that costs at the configured prices.

    Args:
        from_ (str | Unset):
        to (str | Unset):
        hours (int | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        limit (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Costs | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            from_=from_,
            to=to,
            hours=hours,
            namespace=namespace,
            name=name,
            version=version,
            limit=limit,
        )
    ).parsed
