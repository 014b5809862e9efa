# Sources that start workflows: EventBridge rules, S3 notifications, SNS topics and schedules, all through the
# events queue. Undeliverable events go to its dead-letter queue.

locals {
  rule_arn = { for rule, settings in var.event_rules : rule => "arn:${local.partition}:events:${local.region}:${local.account}:rule/${
    settings.bus_name == "default" ? "" : "${element(split("event-bus/", settings.bus_name), length(split("event-bus/", settings.bus_name)) - 1)}/"
  }${var.name}-${rule}" }

  send_to = { for queue, arn in { events = local.queue_arn["events"], dead = local.dead_arn["events"] } : queue => {
    Effect   = "Allow"
    Action   = "sqs:SendMessage"
    Resource = arn
  } }

  from_rules = [for arns in [values(local.rule_arn)] : {
    Sid       = "FromRules"
    Principal = { Service = "events.amazonaws.com" }
    Condition = { ArnEquals = { "aws:SourceArn" = arns } }
  } if length(arns) > 0]

  from_buckets = [for buckets in [keys(var.s3_sources)] : {
    Sid       = "FromBuckets"
    Principal = { Service = "s3.amazonaws.com" }
    Condition = {
      ArnEquals    = { "aws:SourceArn" = [for bucket in buckets : "arn:${local.partition}:s3:::${bucket}"] }
      StringEquals = { "aws:SourceAccount" = local.account }
    }
  } if length(buckets) > 0]

  from_topics = [for topics in [values(var.sns_topics)] : {
    Sid       = "FromTopics"
    Principal = { Service = "sns.amazonaws.com" }
    Condition = { ArnEquals = { "aws:SourceArn" = topics } }
  } if length(topics) > 0]

  event_senders = concat(
    [for sender in local.from_rules : merge(local.send_to.events, sender)],
    [for sender in local.from_buckets : merge(local.send_to.events, sender)],
    [for sender in local.from_topics : merge(local.send_to.events, sender)],
  )
  event_dead_senders = concat(
    [for sender in local.from_rules : merge(local.send_to.dead, sender)],
    [for sender in local.from_topics : merge(local.send_to.dead, sender)],
  )
}

# --- EventBridge ---

resource "aws_cloudwatch_event_rule" "start" {
  for_each = var.event_rules

  name           = "${var.name}-${each.key}"
  description    = "Starts workflows of ${var.name}"
  event_bus_name = each.value.bus_name
  event_pattern  = each.value.pattern
  tags           = local.tags
}

resource "aws_cloudwatch_event_target" "start" {
  for_each = var.event_rules

  rule           = aws_cloudwatch_event_rule.start[each.key].name
  event_bus_name = each.value.bus_name
  target_id      = "events"
  arn            = aws_sqs_queue.work["events"].arn

  dead_letter_config {
    arn = aws_sqs_queue.dead["events"].arn
  }
}

# --- S3 ---

resource "aws_s3_bucket_notification" "start" {
  for_each = { for bucket, settings in var.s3_sources : bucket => settings if settings.notify }

  bucket = each.key

  queue {
    queue_arn     = aws_sqs_queue.work["events"].arn
    events        = each.value.events
    filter_prefix = each.value.prefix
    filter_suffix = each.value.suffix
  }
}

# --- SNS ---

resource "aws_sns_topic_subscription" "start" {
  for_each = var.sns_topics

  topic_arn = each.value
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.work["events"].arn
  # The envelope names the topic, which vouches for the event.
  raw_message_delivery = false
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead["events"].arn })
}

# --- schedules ---

resource "aws_scheduler_schedule" "start" {
  for_each = var.schedules

  name                         = "${var.name}-${each.key}"
  description                  = "Starts workflows of ${var.name}"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.work["events"].arn
    role_arn = aws_iam_role.schedules[0].arn
    input    = each.value.input

    dead_letter_config {
      arn = aws_sqs_queue.dead["events"].arn
    }
  }

  depends_on = [aws_iam_role_policy.schedules]
}

resource "aws_iam_role" "schedules" {
  count = length(var.schedules) > 0 ? 1 : 0

  name                 = "${var.name}-schedules"
  description          = "Lets the schedules of ${var.name} send to its events queue"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "schedules" {
  count = length(var.schedules) > 0 ? 1 : 0

  name = "send"
  role = aws_iam_role.schedules[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "SendEvents"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.queue_arn["events"], local.dead_arn["events"]]
      }],
      local.may_use_key,
    )
  })
}

# --- the sweep ---

resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "Runs the sweep of ${var.name}"
  schedule_expression = "rate(1 minute)"
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "sweep" {
  rule      = aws_cloudwatch_event_rule.sweep.name
  target_id = "sweep"
  arn       = aws_lambda_alias.live["sweep"].arn

  # The next sweep does the work of a missed one. These limits end when Lambda has accepted the call; from then on
  # those of the function apply.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  depends_on = [aws_lambda_permission.sweep]
}

resource "aws_lambda_permission" "sweep" {
  statement_id  = "sweep"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["sweep"].function_name
  qualifier     = aws_lambda_alias.live["sweep"].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sweep.arn
}
