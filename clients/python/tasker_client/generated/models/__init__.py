"""Contains all the data models used in inputs/outputs"""

from .access import Access
from .access_outcome import AccessOutcome
from .analytics_health import AnalyticsHealth
from .analytics_period import AnalyticsPeriod
from .api_key import ApiKey
from .attempt_record import AttemptRecord
from .batch_group import BatchGroup
from .batch_group_by_state import BatchGroupByState
from .blocker import Blocker
from .bottlenecks import Bottlenecks
from .bulk_action import BulkAction
from .bulk_arguments import BulkArguments
from .bulk_failure import BulkFailure
from .bulk_matching import BulkMatching
from .bulk_operation import BulkOperation
from .bulk_operation_impossible_type_0 import BulkOperationImpossibleType0
from .bulk_state import BulkState
from .callable_operation import CallableOperation
from .callable_operation_action import CallableOperationAction
from .cancelled_task import CancelledTask
from .checked_task import CheckedTask
from .component_publication import ComponentPublication
from .configuration_entry import ConfigurationEntry
from .cost_item import CostItem
from .costs import Costs
from .count_tasks_by import CountTasksBy
from .count_tasks_order import CountTasksOrder
from .create_task_on_duplicate import CreateTaskOnDuplicate
from .created_item import CreatedItem
from .created_key import CreatedKey
from .created_task import CreatedTask
from .created_tasks import CreatedTasks
from .dependency_graph import DependencyGraph
from .dependency_graph_levels import DependencyGraphLevels
from .detailed_health import DetailedHealth
from .detailed_health_checks import DetailedHealthChecks
from .detailed_health_open_steps import DetailedHealthOpenSteps
from .dlq_addition import DlqAddition
from .dlq_bulk_update import DlqBulkUpdate
from .dlq_bulk_updated import DlqBulkUpdated
from .dlq_entry import DlqEntry
from .dlq_statistics import DlqStatistics
from .dlq_update import DlqUpdate
from .dlq_updated import DlqUpdated
from .drawn_edge import DrawnEdge
from .drawn_graph import DrawnGraph
from .drawn_node import DrawnNode
from .edge_kind import EdgeKind
from .error_statistics import ErrorStatistics
from .error_table import ErrorTable
from .event_delivery_state import EventDeliveryState
from .event_replay import EventReplay
from .event_trial import EventTrial
from .events_replayed import EventsReplayed
from .execution_status import ExecutionStatus
from .fault import Fault
from .follow_tasks_order import FollowTasksOrder
from .get_step_statistics_sort import GetStepStatisticsSort
from .get_task_statistics_sort import GetTaskStatisticsSort
from .get_throughput_by import GetThroughputBy
from .get_throughput_interval import GetThroughputInterval
from .graph_analysis import GraphAnalysis
from .graph_edge import GraphEdge
from .graph_kind import GraphKind
from .graph_mode import GraphMode
from .graph_node import GraphNode
from .handler_detail import HandlerDetail
from .handler_overview import HandlerOverview
from .handler_summary import HandlerSummary
from .handler_version import HandlerVersion
from .handler_version_detail import HandlerVersionDetail
from .handlers import Handlers
from .handlers_of_namespace import HandlersOfNamespace
from .health import Health
from .health_check import HealthCheck
from .health_part import HealthPart
from .health_status import HealthStatus
from .host import Host
from .host_presence import HostPresence
from .investigation import Investigation
from .key_login import KeyLogin
from .key_rotation import KeyRotation
from .list_access_outcome import ListAccessOutcome
from .list_step_logs_format import ListStepLogsFormat
from .list_steps_fields import ListStepsFields
from .list_task_logs_format import ListTaskLogsFormat
from .list_tasks_order import ListTasksOrder
from .log_entry import LogEntry
from .me import Me
from .me_permissions import MePermissions
from .meta import Meta
from .namespace import Namespace
from .namespace_handlers import NamespaceHandlers
from .new_key import NewKey
from .operated_task import OperatedTask
from .order import Order
from .page_access import PageAccess
from .page_api_key import PageApiKey
from .page_attempt_record import PageAttemptRecord
from .page_bulk_failure import PageBulkFailure
from .page_bulk_operation import PageBulkOperation
from .page_configuration_entry import PageConfigurationEntry
from .page_dlq_entry import PageDlqEntry
from .page_dlq_statistics import PageDlqStatistics
from .page_event_delivery_state import PageEventDeliveryState
from .page_handler_summary import PageHandlerSummary
from .page_handler_version import PageHandlerVersion
from .page_host import PageHost
from .page_investigation import PageInvestigation
from .page_log_entry import PageLogEntry
from .page_namespace import PageNamespace
from .page_published import PagePublished
from .page_queue_depth import PageQueueDepth
from .page_received_event import PageReceivedEvent
from .page_session import PageSession
from .page_staleness import PageStaleness
from .page_step_detail import PageStepDetail
from .page_subscription import PageSubscription
from .page_task_summary import PageTaskSummary
from .page_template_summary import PageTemplateSummary
from .page_timeline_entry import PageTimelineEntry
from .page_transition import PageTransition
from .page_trigger_summary import PageTriggerSummary
from .performance import Performance
from .performance_change import PerformanceChange
from .performance_figures import PerformanceFigures
from .principal import Principal
from .principal_kind import PrincipalKind
from .problem import Problem
from .problem_code import ProblemCode
from .publication import Publication
from .publication_report import PublicationReport
from .publication_request import PublicationRequest
from .publication_request_aliases import PublicationRequestAliases
from .published import Published
from .published_handler import PublishedHandler
from .published_part import PublishedPart
from .quantiles import Quantiles
from .queue_depth import QueueDepth
from .received_event import ReceivedEvent
from .reception import Reception
from .reception_state import ReceptionState
from .recommendation import Recommendation
from .recommendation_evidence import RecommendationEvidence
from .recommended_action import RecommendedAction
from .resolution import Resolution
from .resource_utilization import ResourceUtilization
from .resource_utilization_open_steps import ResourceUtilizationOpenSteps
from .resource_utilization_open_tasks import ResourceUtilizationOpenTasks
from .retry_statistics import RetryStatistics
from .retry_table import RetryTable
from .server_status import ServerStatus
from .session import Session
from .severity import Severity
from .staleness import Staleness
from .started_task import StartedTask
from .step_action_name import StepActionName
from .step_counts import StepCounts
from .step_detail import StepDetail
from .step_operation import StepOperation
from .step_overview import StepOverview
from .step_overview_by_state import StepOverviewByState
from .step_statistics import StepStatistics
from .step_table import StepTable
from .step_template import StepTemplate
from .stored_component import StoredComponent
from .subscription import Subscription
from .subscription_kind import SubscriptionKind
from .subscription_request import SubscriptionRequest
from .task_batch import TaskBatch
from .task_bulk import TaskBulk
from .task_changes import TaskChanges
from .task_context import TaskContext
from .task_context_results import TaskContextResults
from .task_copy import TaskCopy
from .task_count import TaskCount
from .task_detail import TaskDetail
from .task_filters import TaskFilters
from .task_group import TaskGroup
from .task_operation import TaskOperation
from .task_operation_action import TaskOperationAction
from .task_overview import TaskOverview
from .task_overview_links import TaskOverviewLinks
from .task_request import TaskRequest
from .task_statistics import TaskStatistics
from .task_summary import TaskSummary
from .task_summary_attributes import TaskSummaryAttributes
from .task_table import TaskTable
from .template_problem import TemplateProblem
from .template_summary import TemplateSummary
from .template_verdict import TemplateVerdict
from .template_version import TemplateVersion
from .template_versions import TemplateVersions
from .throughput import Throughput
from .throughput_point import ThroughputPoint
from .throughput_series import ThroughputSeries
from .timeline_entry import TimelineEntry
from .transition import Transition
from .trigger_summary import TriggerSummary
from .trigger_switch import TriggerSwitch
from .trigger_trial import TriggerTrial

__all__ = (
    "Access",
    "AccessOutcome",
    "AnalyticsHealth",
    "AnalyticsPeriod",
    "ApiKey",
    "AttemptRecord",
    "BatchGroup",
    "BatchGroupByState",
    "Blocker",
    "Bottlenecks",
    "BulkAction",
    "BulkArguments",
    "BulkFailure",
    "BulkMatching",
    "BulkOperation",
    "BulkOperationImpossibleType0",
    "BulkState",
    "CallableOperation",
    "CallableOperationAction",
    "CancelledTask",
    "CheckedTask",
    "ComponentPublication",
    "ConfigurationEntry",
    "CostItem",
    "Costs",
    "CountTasksBy",
    "CountTasksOrder",
    "CreateTaskOnDuplicate",
    "CreatedItem",
    "CreatedKey",
    "CreatedTask",
    "CreatedTasks",
    "DependencyGraph",
    "DependencyGraphLevels",
    "DetailedHealth",
    "DetailedHealthChecks",
    "DetailedHealthOpenSteps",
    "DlqAddition",
    "DlqBulkUpdate",
    "DlqBulkUpdated",
    "DlqEntry",
    "DlqStatistics",
    "DlqUpdate",
    "DlqUpdated",
    "DrawnEdge",
    "DrawnGraph",
    "DrawnNode",
    "EdgeKind",
    "ErrorStatistics",
    "ErrorTable",
    "EventDeliveryState",
    "EventReplay",
    "EventTrial",
    "EventsReplayed",
    "ExecutionStatus",
    "Fault",
    "FollowTasksOrder",
    "GetStepStatisticsSort",
    "GetTaskStatisticsSort",
    "GetThroughputBy",
    "GetThroughputInterval",
    "GraphAnalysis",
    "GraphEdge",
    "GraphKind",
    "GraphMode",
    "GraphNode",
    "HandlerDetail",
    "HandlerOverview",
    "HandlerSummary",
    "HandlerVersion",
    "HandlerVersionDetail",
    "Handlers",
    "HandlersOfNamespace",
    "Health",
    "HealthCheck",
    "HealthPart",
    "HealthStatus",
    "Host",
    "HostPresence",
    "Investigation",
    "KeyLogin",
    "KeyRotation",
    "ListAccessOutcome",
    "ListStepLogsFormat",
    "ListStepsFields",
    "ListTaskLogsFormat",
    "ListTasksOrder",
    "LogEntry",
    "Me",
    "MePermissions",
    "Meta",
    "Namespace",
    "NamespaceHandlers",
    "NewKey",
    "OperatedTask",
    "Order",
    "PageAccess",
    "PageApiKey",
    "PageAttemptRecord",
    "PageBulkFailure",
    "PageBulkOperation",
    "PageConfigurationEntry",
    "PageDlqEntry",
    "PageDlqStatistics",
    "PageEventDeliveryState",
    "PageHandlerSummary",
    "PageHandlerVersion",
    "PageHost",
    "PageInvestigation",
    "PageLogEntry",
    "PageNamespace",
    "PagePublished",
    "PageQueueDepth",
    "PageReceivedEvent",
    "PageSession",
    "PageStaleness",
    "PageStepDetail",
    "PageSubscription",
    "PageTaskSummary",
    "PageTemplateSummary",
    "PageTimelineEntry",
    "PageTransition",
    "PageTriggerSummary",
    "Performance",
    "PerformanceChange",
    "PerformanceFigures",
    "Principal",
    "PrincipalKind",
    "Problem",
    "ProblemCode",
    "Publication",
    "PublicationReport",
    "PublicationRequest",
    "PublicationRequestAliases",
    "Published",
    "PublishedHandler",
    "PublishedPart",
    "Quantiles",
    "QueueDepth",
    "ReceivedEvent",
    "Reception",
    "ReceptionState",
    "Recommendation",
    "RecommendationEvidence",
    "RecommendedAction",
    "Resolution",
    "ResourceUtilization",
    "ResourceUtilizationOpenSteps",
    "ResourceUtilizationOpenTasks",
    "RetryStatistics",
    "RetryTable",
    "ServerStatus",
    "Session",
    "Severity",
    "Staleness",
    "StartedTask",
    "StepActionName",
    "StepCounts",
    "StepDetail",
    "StepOperation",
    "StepOverview",
    "StepOverviewByState",
    "StepStatistics",
    "StepTable",
    "StepTemplate",
    "StoredComponent",
    "Subscription",
    "SubscriptionKind",
    "SubscriptionRequest",
    "TaskBatch",
    "TaskBulk",
    "TaskChanges",
    "TaskContext",
    "TaskContextResults",
    "TaskCopy",
    "TaskCount",
    "TaskDetail",
    "TaskFilters",
    "TaskGroup",
    "TaskOperation",
    "TaskOperationAction",
    "TaskOverview",
    "TaskOverviewLinks",
    "TaskRequest",
    "TaskStatistics",
    "TaskSummary",
    "TaskSummaryAttributes",
    "TaskTable",
    "TemplateProblem",
    "TemplateSummary",
    "TemplateVerdict",
    "TemplateVersion",
    "TemplateVersions",
    "Throughput",
    "ThroughputPoint",
    "ThroughputSeries",
    "TimelineEntry",
    "Transition",
    "TriggerSummary",
    "TriggerSwitch",
    "TriggerTrial",
)
