# Queues. Each has a dead-letter queue for its use only, encryption, and a policy that rejects plain HTTP.

locals {
  # visibility: seconds in which the receiver must finish. AWS recommends six times the function's timeout, so
  # that retries of a throttled batch fit. receives: deliveries before a message moves to the dead-letter
  # queue.
  queues = merge(
    {
      steps      = { visibility = 6 * local.functions["run-steps"].timeout, receives = 50, namespace = null }
      reports    = { visibility = 6 * local.functions["orchestrate"].timeout, receives = 50, namespace = null }
      events     = { visibility = 6 * local.functions["ingest"].timeout, receives = 50, namespace = null }
      deliveries = { visibility = 6 * local.functions["deliver"].timeout, receives = 50, namespace = null }
    },
    { for namespace in keys(var.namespaces) : "steps-${namespace}" => { visibility = 6 * local.functions["run-steps"].timeout, receives = 50, namespace = namespace } },
    # The container extends the visibility timeout while a step runs. After a host failure the step is visible
    # again within two minutes.
    { for queue in ["steps-long"] : queue => { visibility = 120, receives = 50, namespace = null } if var.long_steps != null },
  )

  steps_queues = [for queue in keys(local.queues) : queue if startswith(queue, "steps")]

  refuse_plain_http = {
    Sid       = "RefusePlainHttp"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  # Senders to a queue other than the functions, whose roles allow it.
  queue_senders = { events = local.event_senders }
  dead_senders  = { events = local.event_dead_senders }
}

resource "aws_sqs_queue" "work" {
  for_each = local.queues

  name                              = "${var.name}-${each.key}"
  visibility_timeout_seconds        = each.value.visibility
  message_retention_seconds         = 4 * 86400
  receive_wait_time_seconds         = 20
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 300
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn
    maxReceiveCount     = each.value.receives
  })

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([merge(local.refuse_plain_http, { Resource = local.queue_arn[each.key] })], try(local.queue_senders[each.key], []))
  })

  tags = merge(local.tags, each.value.namespace == null ? {} : { "tasker:namespace" = each.value.namespace })
}

resource "aws_sqs_queue" "dead" {
  for_each = local.queues

  name                              = "${var.name}-${each.key}-dead"
  message_retention_seconds         = 14 * 86400
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 300
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn[each.key]]
  })

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([merge(local.refuse_plain_http, { Resource = local.dead_arn[each.key] })], try(local.dead_senders[each.key], []))
  })

  tags = merge(local.tags, each.value.namespace == null ? {} : { "tasker:namespace" = each.value.namespace })
}
