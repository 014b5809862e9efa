# Names and ARNs in one place. ARNs are built here rather than read from resources, so that a plan shows every
# policy in full before anything exists.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Version 6 of the provider says `region` and deprecates `name`; version 5 knows only `name`.
  region = lookup(data.aws_region.current, "region", lookup(data.aws_region.current, "name", null))

  tags = merge(var.tags, { "tasker:deployment" = var.name })

  function_name = { for function in keys(local.functions) : function => "${var.name}-${function}" }
  function_arn  = { for function, name in local.function_name : function => "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${name}" }
  log_group_arn = { for function, name in local.function_name : function => "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${name}" }

  queue_arn = { for queue in keys(local.queues) : queue => "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}-${queue}" }
  dead_arn  = { for queue, arn in local.queue_arn : queue => "${arn}-dead" }

  table_arn = { for table in ["leases", "keyvalue"] : table => "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${var.name}-${table}" }

  bucket     = "${var.name}-blobs-${local.account}-${local.region}"
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"

  bus_arn = var.event_bus == null ? null : startswith(var.event_bus, "arn:") ? var.event_bus : "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${var.event_bus}"
}
