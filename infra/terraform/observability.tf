# Logs, alarms, dashboard.

locals {
  # All alarms share one shape, so each takes one line below. missing: how missing data is treated.
  alarm_defaults = { statistic = "Maximum", period = 60, periods = 1, comparison = "GreaterThanOrEqualToThreshold", missing = "notBreaching" }

  alarms = var.alarms ? merge(
    { for queue in keys(local.queues) : "${queue}-age" => merge(local.alarm_defaults, {
      description = "The oldest message on ${var.name}-${queue} has waited too long: its receiver fails or is too slow"
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = "${var.name}-${queue}" }
      # A long step keeps its message while it runs, so its threshold allows for the start of hosts.
      threshold = queue == "steps-long" ? 4 * var.alarm_age_seconds : var.alarm_age_seconds
      periods   = 3
    }) },
    { for queue in keys(local.queues) : "${queue}-dead" => merge(local.alarm_defaults, {
      description = "Messages of ${var.name}-${queue} moved to ${var.name}-${queue}-dead: inspect them, then redrive"
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = "${var.name}-${queue}-dead" }
      threshold   = 1
    }) },
    { for function, name in local.function_name : "${function}-errors" => merge(local.alarm_defaults, {
      description = "${name} fails: see its log"
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = name }
      statistic   = "Sum"
      period      = 300
      threshold   = 1
    }) },
    { for function, name in local.function_name : "${function}-throttles" => merge(local.alarm_defaults, {
      description = "${name} is throttled: raise the account's or the function's concurrency, or lower max_concurrency"
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = name }
      statistic   = "Sum"
      period      = 300
      threshold   = 1
    }) },
    { for function, name in local.function_name : "${function}-loops" => merge(local.alarm_defaults, {
      description = "Lambda stopped ${name} as a recursive loop: its messages are in a dead-letter queue"
      namespace   = "AWS/Lambda"
      metric      = "RecursiveInvocationsDropped"
      dimensions  = { FunctionName = name }
      statistic   = "Sum"
      period      = 300
      threshold   = 1
    }) if contains(values(local.triggers)[*].function, function) },
    { "sweep-missed" = merge(local.alarm_defaults, {
      description = "The sweep has not run for five minutes: lost messages and lost steps are not detected"
      namespace   = "AWS/Lambda"
      metric      = "Invocations"
      dimensions  = { FunctionName = "${var.name}-sweep" }
      statistic   = "Sum"
      period      = 300
      threshold   = 1
      comparison  = "LessThanThreshold"
      missing     = "breaching"
    }) },
    { "api-5xx" = merge(local.alarm_defaults, {
      description = "The API returns server errors"
      namespace   = local.makes_http_api ? "AWS/ApiGateway" : "AWS/Lambda"
      metric      = local.makes_http_api ? "5xx" : "Url5xxCount"
      dimensions  = local.makes_http_api ? { ApiId = one(aws_apigatewayv2_api.this[*].id) } : { FunctionName = "${var.name}-api" }
      statistic   = "Sum"
      period      = 300
      threshold   = 1
    }) },
    { for alarm in ["database-capacity"] : alarm => merge(local.alarm_defaults, {
      description = "The database is at its maximum capacity: raise aurora.max_capacity"
      namespace   = "AWS/RDS"
      metric      = "ACUUtilization"
      dimensions  = { DBClusterIdentifier = "${var.name}-database" }
      period      = 300
      periods     = 3
      threshold   = 95
    }) if local.makes_database },
  ) : {}
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${local.function_name[each.key]}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = merge(local.tags, each.value.namespace == null ? {} : { "tasker:namespace" = each.value.namespace })
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_topic_arn[*]
  ok_actions          = var.alarm_topic_arn[*]
  tags                = local.tags
}

# --- dashboard: one row per question ---

locals {
  dashboard_rows = concat(
    [
      {
        title   = "Age of the oldest message (s)"
        stat    = "Maximum"
        metrics = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-${queue}"]]
      },
      {
        title   = "Waiting messages"
        stat    = "Maximum"
        metrics = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-${queue}"]]
      },
      {
        title   = "Dead letters"
        stat    = "Maximum"
        metrics = [for queue in keys(local.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-${queue}-dead"]]
      },
      {
        title   = "Processed messages"
        stat    = "Sum"
        metrics = [for queue in keys(local.queues) : ["AWS/SQS", "NumberOfMessagesDeleted", "QueueName", "${var.name}-${queue}"]]
      },
      {
        title   = "Calls"
        stat    = "Sum"
        metrics = [for name in values(local.function_name) : ["AWS/Lambda", "Invocations", "FunctionName", name]]
      },
      {
        title = "Errors and throttles"
        stat  = "Sum"
        metrics = concat(
          [for name in values(local.function_name) : ["AWS/Lambda", "Errors", "FunctionName", name]],
          [for name in values(local.function_name) : ["AWS/Lambda", "Throttles", "FunctionName", name]],
        )
      },
      {
        title   = "Duration, 95th percentile (ms)"
        stat    = "p95"
        metrics = [for name in values(local.function_name) : ["AWS/Lambda", "Duration", "FunctionName", name]]
      },
      {
        title   = "Concurrent executions"
        stat    = "Maximum"
        metrics = [for name in values(local.function_name) : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", name]]
      },
      {
        title = "Leases and key-value: throttled requests"
        stat  = "Sum"
        metrics = [for pair in setproduct(["leases", "keyvalue"], ["ReadThrottleEvents", "WriteThrottleEvents"]) :
        ["AWS/DynamoDB", pair[1], "TableName", "${var.name}-${pair[0]}"]]
      },
    ],
    [for title in ["Database: capacity in use (%), connections"] : {
      title = title
      stat  = "Maximum"
      metrics = [
        ["AWS/RDS", "ACUUtilization", "DBClusterIdentifier", "${var.name}-database"],
        ["AWS/RDS", "DatabaseConnections", "DBClusterIdentifier", "${var.name}-database"],
      ]
    } if local.makes_database],
    [for title in ["API: requests and errors"] : {
      title = title
      stat  = "Sum"
      metrics = [
        ["AWS/ApiGateway", "Count", "ApiId", one(aws_apigatewayv2_api.this[*].id)],
        ["AWS/ApiGateway", "4xx", "ApiId", one(aws_apigatewayv2_api.this[*].id)],
        ["AWS/ApiGateway", "5xx", "ApiId", one(aws_apigatewayv2_api.this[*].id)],
      ]
    } if local.makes_http_api],
    [for title in ["Hosts for long steps"] : {
      title   = title
      stat    = "Maximum"
      metrics = [["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.name, "ServiceName", "${var.name}-run-long-steps"]]
    } if local.makes_long_steps],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for index, row in local.dashboard_rows : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title   = row.title
        region  = local.region
        view    = "timeSeries"
        stat    = row.stat
        period  = 60
        metrics = row.metrics
      }
    }]
  })
}
