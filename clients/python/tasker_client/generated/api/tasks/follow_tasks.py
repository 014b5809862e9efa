from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.follow_tasks_order import FollowTasksOrder
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    state: list[str] | Unset = UNSET,
    open_: bool | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    initiator: str | Unset = UNSET,
    source_system: str | Unset = UNSET,
    correlation_id: str | Unset = UNSET,
    parent_correlation_id: str | Unset = UNSET,
    tag: list[str] | Unset = UNSET,
    tag_any: list[str] | Unset = UNSET,
    attribute: list[str] | Unset = UNSET,
    q: str | Unset = UNSET,
    created_after: str | Unset = UNSET,
    created_before: str | Unset = UNSET,
    ended_after: str | Unset = UNSET,
    ended_before: str | Unset = UNSET,
    paused: bool | Unset = UNSET,
    has_dlq_entry: bool | Unset = UNSET,
    failed_step: str | Unset = UNSET,
    error_type: str | Unset = UNSET,
    order: FollowTasksOrder | Unset = UNSET,
    limit: int | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["Last-Event-ID"] = last_event_id

    params: dict[str, Any] = {}

    json_state: list[str] | Unset = UNSET
    if not isinstance(state, Unset):
        json_state = state

    params["state"] = json_state

    params["open"] = open_

    params["namespace"] = namespace

    params["name"] = name

    params["version"] = version

    params["initiator"] = initiator

    params["source_system"] = source_system

    params["correlation_id"] = correlation_id

    params["parent_correlation_id"] = parent_correlation_id

    json_tag: list[str] | Unset = UNSET
    if not isinstance(tag, Unset):
        json_tag = tag

    params["tag"] = json_tag

    json_tag_any: list[str] | Unset = UNSET
    if not isinstance(tag_any, Unset):
        json_tag_any = tag_any

    params["tag_any"] = json_tag_any

    json_attribute: list[str] | Unset = UNSET
    if not isinstance(attribute, Unset):
        json_attribute = attribute

    params["attribute"] = json_attribute

    params["q"] = q

    params["created_after"] = created_after

    params["created_before"] = created_before

    params["ended_after"] = ended_after

    params["ended_before"] = ended_before

    params["paused"] = paused

    params["has_dlq_entry"] = has_dlq_entry

    params["failed_step"] = failed_step

    params["error_type"] = error_type

    json_order: str | Unset = UNSET
    if not isinstance(order, Unset):
        json_order = order

    params["order"] = json_order

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/stream",
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
) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    open_: bool | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    initiator: str | Unset = UNSET,
    source_system: str | Unset = UNSET,
    correlation_id: str | Unset = UNSET,
    parent_correlation_id: str | Unset = UNSET,
    tag: list[str] | Unset = UNSET,
    tag_any: list[str] | Unset = UNSET,
    attribute: list[str] | Unset = UNSET,
    q: str | Unset = UNSET,
    created_after: str | Unset = UNSET,
    created_before: str | Unset = UNSET,
    ended_after: str | Unset = UNSET,
    ended_before: str | Unset = UNSET,
    paused: bool | Unset = UNSET,
    has_dlq_entry: bool | Unset = UNSET,
    failed_step: str | Unset = UNSET,
    error_type: str | Unset = UNSET,
    order: FollowTasksOrder | Unset = UNSET,
    limit: int | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Response[Problem | str]:
    """Follows the tasks that match filters: server-sent events `snapshot` (the first tasks of the list),
    `changes` (at most two
    a second, with every task that has changed since), and `missed` when too much has happened to be
    sent: read
    the list again. With `Last-Event-ID` the stream goes on with what has changed since, without a
    snapshot. In a Lambda function the
    stream ends after a few seconds: go on with `Last-Event-ID`.

    Args:
        state (list[str] | Unset):
        open_ (bool | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        initiator (str | Unset):
        source_system (str | Unset):
        correlation_id (str | Unset):
        parent_correlation_id (str | Unset):
        tag (list[str] | Unset):
        tag_any (list[str] | Unset):
        attribute (list[str] | Unset):
        q (str | Unset):
        created_after (str | Unset):
        created_before (str | Unset):
        ended_after (str | Unset):
        ended_before (str | Unset):
        paused (bool | Unset):
        has_dlq_entry (bool | Unset):
        failed_step (str | Unset):
        error_type (str | Unset):
        order (FollowTasksOrder | Unset): The order of a list of tasks.
        limit (int | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        state=state,
        open_=open_,
        namespace=namespace,
        name=name,
        version=version,
        initiator=initiator,
        source_system=source_system,
        correlation_id=correlation_id,
        parent_correlation_id=parent_correlation_id,
        tag=tag,
        tag_any=tag_any,
        attribute=attribute,
        q=q,
        created_after=created_after,
        created_before=created_before,
        ended_after=ended_after,
        ended_before=ended_before,
        paused=paused,
        has_dlq_entry=has_dlq_entry,
        failed_step=failed_step,
        error_type=error_type,
        order=order,
        limit=limit,
        last_event_id=last_event_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    open_: bool | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    initiator: str | Unset = UNSET,
    source_system: str | Unset = UNSET,
    correlation_id: str | Unset = UNSET,
    parent_correlation_id: str | Unset = UNSET,
    tag: list[str] | Unset = UNSET,
    tag_any: list[str] | Unset = UNSET,
    attribute: list[str] | Unset = UNSET,
    q: str | Unset = UNSET,
    created_after: str | Unset = UNSET,
    created_before: str | Unset = UNSET,
    ended_after: str | Unset = UNSET,
    ended_before: str | Unset = UNSET,
    paused: bool | Unset = UNSET,
    has_dlq_entry: bool | Unset = UNSET,
    failed_step: str | Unset = UNSET,
    error_type: str | Unset = UNSET,
    order: FollowTasksOrder | Unset = UNSET,
    limit: int | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Problem | str | None:
    """Follows the tasks that match filters: server-sent events `snapshot` (the first tasks of the list),
    `changes` (at most two
    a second, with every task that has changed since), and `missed` when too much has happened to be
    sent: read
    the list again. With `Last-Event-ID` the stream goes on with what has changed since, without a
    snapshot. In a Lambda function the
    stream ends after a few seconds: go on with `Last-Event-ID`.

    Args:
        state (list[str] | Unset):
        open_ (bool | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        initiator (str | Unset):
        source_system (str | Unset):
        correlation_id (str | Unset):
        parent_correlation_id (str | Unset):
        tag (list[str] | Unset):
        tag_any (list[str] | Unset):
        attribute (list[str] | Unset):
        q (str | Unset):
        created_after (str | Unset):
        created_before (str | Unset):
        ended_after (str | Unset):
        ended_before (str | Unset):
        paused (bool | Unset):
        has_dlq_entry (bool | Unset):
        failed_step (str | Unset):
        error_type (str | Unset):
        order (FollowTasksOrder | Unset): The order of a list of tasks.
        limit (int | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return sync_detailed(
        client=client,
        state=state,
        open_=open_,
        namespace=namespace,
        name=name,
        version=version,
        initiator=initiator,
        source_system=source_system,
        correlation_id=correlation_id,
        parent_correlation_id=parent_correlation_id,
        tag=tag,
        tag_any=tag_any,
        attribute=attribute,
        q=q,
        created_after=created_after,
        created_before=created_before,
        ended_after=ended_after,
        ended_before=ended_before,
        paused=paused,
        has_dlq_entry=has_dlq_entry,
        failed_step=failed_step,
        error_type=error_type,
        order=order,
        limit=limit,
        last_event_id=last_event_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    open_: bool | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    initiator: str | Unset = UNSET,
    source_system: str | Unset = UNSET,
    correlation_id: str | Unset = UNSET,
    parent_correlation_id: str | Unset = UNSET,
    tag: list[str] | Unset = UNSET,
    tag_any: list[str] | Unset = UNSET,
    attribute: list[str] | Unset = UNSET,
    q: str | Unset = UNSET,
    created_after: str | Unset = UNSET,
    created_before: str | Unset = UNSET,
    ended_after: str | Unset = UNSET,
    ended_before: str | Unset = UNSET,
    paused: bool | Unset = UNSET,
    has_dlq_entry: bool | Unset = UNSET,
    failed_step: str | Unset = UNSET,
    error_type: str | Unset = UNSET,
    order: FollowTasksOrder | Unset = UNSET,
    limit: int | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Response[Problem | str]:
    """Follows the tasks that match filters: server-sent events `snapshot` (the first tasks of the list),
    `changes` (at most two
    a second, with every task that has changed since), and `missed` when too much has happened to be
    sent: read
    the list again. With `Last-Event-ID` the stream goes on with what has changed since, without a
    snapshot. In a Lambda function the
    stream ends after a few seconds: go on with `Last-Event-ID`.

    Args:
        state (list[str] | Unset):
        open_ (bool | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        initiator (str | Unset):
        source_system (str | Unset):
        correlation_id (str | Unset):
        parent_correlation_id (str | Unset):
        tag (list[str] | Unset):
        tag_any (list[str] | Unset):
        attribute (list[str] | Unset):
        q (str | Unset):
        created_after (str | Unset):
        created_before (str | Unset):
        ended_after (str | Unset):
        ended_before (str | Unset):
        paused (bool | Unset):
        has_dlq_entry (bool | Unset):
        failed_step (str | Unset):
        error_type (str | Unset):
        order (FollowTasksOrder | Unset): The order of a list of tasks.
        limit (int | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        state=state,
        open_=open_,
        namespace=namespace,
        name=name,
        version=version,
        initiator=initiator,
        source_system=source_system,
        correlation_id=correlation_id,
        parent_correlation_id=parent_correlation_id,
        tag=tag,
        tag_any=tag_any,
        attribute=attribute,
        q=q,
        created_after=created_after,
        created_before=created_before,
        ended_after=ended_after,
        ended_before=ended_before,
        paused=paused,
        has_dlq_entry=has_dlq_entry,
        failed_step=failed_step,
        error_type=error_type,
        order=order,
        limit=limit,
        last_event_id=last_event_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    state: list[str] | Unset = UNSET,
    open_: bool | Unset = UNSET,
    namespace: str | Unset = UNSET,
    name: str | Unset = UNSET,
    version: str | Unset = UNSET,
    initiator: str | Unset = UNSET,
    source_system: str | Unset = UNSET,
    correlation_id: str | Unset = UNSET,
    parent_correlation_id: str | Unset = UNSET,
    tag: list[str] | Unset = UNSET,
    tag_any: list[str] | Unset = UNSET,
    attribute: list[str] | Unset = UNSET,
    q: str | Unset = UNSET,
    created_after: str | Unset = UNSET,
    created_before: str | Unset = UNSET,
    ended_after: str | Unset = UNSET,
    ended_before: str | Unset = UNSET,
    paused: bool | Unset = UNSET,
    has_dlq_entry: bool | Unset = UNSET,
    failed_step: str | Unset = UNSET,
    error_type: str | Unset = UNSET,
    order: FollowTasksOrder | Unset = UNSET,
    limit: int | Unset = UNSET,
    last_event_id: int | None | Unset = UNSET,
) -> Problem | str | None:
    """Follows the tasks that match filters: server-sent events `snapshot` (the first tasks of the list),
    `changes` (at most two
    a second, with every task that has changed since), and `missed` when too much has happened to be
    sent: read
    the list again. With `Last-Event-ID` the stream goes on with what has changed since, without a
    snapshot. In a Lambda function the
    stream ends after a few seconds: go on with `Last-Event-ID`.

    Args:
        state (list[str] | Unset):
        open_ (bool | Unset):
        namespace (str | Unset):
        name (str | Unset):
        version (str | Unset):
        initiator (str | Unset):
        source_system (str | Unset):
        correlation_id (str | Unset):
        parent_correlation_id (str | Unset):
        tag (list[str] | Unset):
        tag_any (list[str] | Unset):
        attribute (list[str] | Unset):
        q (str | Unset):
        created_after (str | Unset):
        created_before (str | Unset):
        ended_after (str | Unset):
        ended_before (str | Unset):
        paused (bool | Unset):
        has_dlq_entry (bool | Unset):
        failed_step (str | Unset):
        error_type (str | Unset):
        order (FollowTasksOrder | Unset): The order of a list of tasks.
        limit (int | Unset):
        last_event_id (int | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return (
        await asyncio_detailed(
            client=client,
            state=state,
            open_=open_,
            namespace=namespace,
            name=name,
            version=version,
            initiator=initiator,
            source_system=source_system,
            correlation_id=correlation_id,
            parent_correlation_id=parent_correlation_id,
            tag=tag,
            tag_any=tag_any,
            attribute=attribute,
            q=q,
            created_after=created_after,
            created_before=created_before,
            ended_after=ended_after,
            ended_before=ended_before,
            paused=paused,
            has_dlq_entry=has_dlq_entry,
            failed_step=failed_step,
            error_type=error_type,
            order=order,
            limit=limit,
            last_event_id=last_event_id,
        )
    ).parsed
