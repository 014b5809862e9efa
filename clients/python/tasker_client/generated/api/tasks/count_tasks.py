from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.count_tasks_by import CountTasksBy
from ...models.count_tasks_order import CountTasksOrder
from ...models.problem import Problem
from ...models.task_count import TaskCount
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
    order: CountTasksOrder | Unset = UNSET,
    by: CountTasksBy | Unset = UNSET,
) -> dict[str, Any]:

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

    json_by: str | Unset = UNSET
    if not isinstance(by, Unset):
        json_by = by

    params["by"] = json_by

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/tasks/count",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | TaskCount | None:
    if response.status_code == 200:
        response_200 = TaskCount.from_dict(response.json())

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
) -> Response[Problem | TaskCount]:
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
    order: CountTasksOrder | Unset = UNSET,
    by: CountTasksBy | Unset = UNSET,
) -> Response[Problem | TaskCount]:
    """Counts the newest 10,000 tasks that match the filters of the list.

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
        order (CountTasksOrder | Unset): The order of a list of tasks.
        by (CountTasksBy | Unset): What tasks are counted by.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TaskCount]
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
        by=by,
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
    order: CountTasksOrder | Unset = UNSET,
    by: CountTasksBy | Unset = UNSET,
) -> Problem | TaskCount | None:
    """Counts the newest 10,000 tasks that match the filters of the list.

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
        order (CountTasksOrder | Unset): The order of a list of tasks.
        by (CountTasksBy | Unset): What tasks are counted by.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TaskCount
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
        by=by,
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
    order: CountTasksOrder | Unset = UNSET,
    by: CountTasksBy | Unset = UNSET,
) -> Response[Problem | TaskCount]:
    """Counts the newest 10,000 tasks that match the filters of the list.

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
        order (CountTasksOrder | Unset): The order of a list of tasks.
        by (CountTasksBy | Unset): What tasks are counted by.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TaskCount]
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
        by=by,
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
    order: CountTasksOrder | Unset = UNSET,
    by: CountTasksBy | Unset = UNSET,
) -> Problem | TaskCount | None:
    """Counts the newest 10,000 tasks that match the filters of the list.

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
        order (CountTasksOrder | Unset): The order of a list of tasks.
        by (CountTasksBy | Unset): What tasks are counted by.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TaskCount
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
            by=by,
        )
    ).parsed
