# One role per function, with only the permissions it needs. No statement of this module allows anything on
# "*".

locals {
  steps_queue_arns = [for queue in local.steps_queues : local.queue_arn[queue]]
  # The shared run-steps receives from every steps queue except those of namespaces with a separate function.
  shared_steps_queues = [for queue, trigger in local.triggers : queue if trigger.function == "run-steps"]

  # --- permissions ---

  may_write_logs = { for function, arn in local.log_group_arn : function => [{
    Sid      = "WriteLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = "${arn}:*"
  }] }

  may_use_key = [for key in [var.kms_key_arn] : {
    Sid      = "UseKey"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = key
  } if var.kms_key_arn != null]

  may_read_database_secret = concat(
    [for secret in [local.database_secret_arn] : {
      Sid      = "ReadDatabaseSecret"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = secret
    } if local.has_database_secret],
    [for key in [try(var.database.secret_kms_key_arn, null)] : {
      Sid      = "DecryptDatabaseSecret"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = key
    } if key != null],
  )

  may_log_in = concat(
    [for secret in aws_secretsmanager_secret.functions[*].arn : {
      Sid      = "ReadFunctionsLogin"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = secret
    }],
    [for statement in local.may_read_database_secret : statement if !local.has_functions_login],
  )

  may_make_login = [for secret in aws_secretsmanager_secret.functions[*].arn : {
    Sid      = "MakeFunctionsLogin"
    Effect   = "Allow"
    Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
    Resource = secret
  }]

  may_send_steps_and_reports = [{
    Sid      = "SendStepsAndReports"
    Effect   = "Allow"
    Action   = ["sqs:SendMessage"]
    Resource = concat(local.steps_queue_arns, [local.queue_arn["reports"]])
  }]

  may_send_deliveries = [{
    Sid      = "SendDeliveries"
    Effect   = "Allow"
    Action   = ["sqs:SendMessage"]
    Resource = local.queue_arn["deliveries"]
  }]

  may_send_reports = [{
    Sid      = "SendReports"
    Effect   = "Allow"
    Action   = ["sqs:SendMessage"]
    Resource = local.queue_arn["reports"]
  }]

  actions_to_consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]

  may_revoke_leases = [{
    Sid      = "RevokeLeases"
    Effect   = "Allow"
    Action   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    Resource = local.table_arn["leases"]
  }]

  may_take_leases = [{
    Sid      = "TakeLeases"
    Effect   = "Allow"
    Action   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    Resource = local.table_arn["leases"]
  }]

  actions_on_keys = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:Query"]

  may_exchange_payloads = [{
    Sid      = "ExchangePayloads"
    Effect   = "Allow"
    Action   = ["s3:GetObject", "s3:PutObject"]
    Resource = "${local.bucket_arn}/payloads/*"
  }]

  may_read_components = [{
    Sid      = "ReadComponents"
    Effect   = "Allow"
    Action   = ["s3:GetObject"]
    Resource = "${local.bucket_arn}/components/*"
  }]

  may_publish = concat(
    [for bus in [local.bus_arn] : {
      Sid      = "PutEvents"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = bus
    } if var.event_bus != null],
    [for topics in [var.publish_topics] : {
      Sid      = "PublishToTopics"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = topics
    } if length(var.publish_topics) > 0],
    [for queues in [var.publish_queues] : {
      Sid      = "SendToQueues"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = queues
    } if length(var.publish_queues) > 0],
  )

  # Lambda needs the attached AWS policy to attach a function to a VPC; the function's code does not.
  may_not_touch_network_interfaces = { for function, arn in local.function_arn : function => [for arn in [arn] : {
    Sid    = "LeaveNetworkInterfacesToLambda"
    Effect = "Deny"
    Action = [
      "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
      "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets",
    ]
    Resource  = "*"
    Condition = { ArnEquals = { "lambda:SourceFunctionArn" = arn } }
  } if local.in_vpc] }

  # The permissions of every runtime host, in a function or in a container.
  may_run_steps = concat(
    local.may_send_reports,
    local.may_take_leases,
    local.may_exchange_payloads,
    [
      {
        Sid      = "ReadComponentsAndArtifacts"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.bucket_arn}/components/*", "${local.bucket_arn}/artifacts/*"]
      },
    ],
    local.may_use_key,
  )

  # The handlers' secrets by namespace, for namespaces with a separate function; "" for all others.
  may_read_secrets = { for namespace, granted in merge(
    { "" = { secrets = var.handler_secrets, keys = var.handler_secret_kms_key_arns } },
    { for namespace, settings in local.own_namespaces : namespace => { secrets = settings.secrets, keys = settings.secret_kms_keys } },
    ) : namespace => concat(
    [for secrets in [granted.secrets] : {
      Sid      = "ReadHandlerSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = secrets
    } if length(secrets) > 0],
    [for keys in [granted.keys] : {
      Sid      = "DecryptHandlerSecrets"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = keys
    } if length(keys) > 0],
  ) }

  # Keys of namespaces without a separate function.
  may_reach_shared_namespaces = concat(
    [{
      Sid      = "UseKeyValue"
      Effect   = "Allow"
      Action   = local.actions_on_keys
      Resource = local.table_arn["keyvalue"]
    }],
    [for keys in [[for namespace in keys(local.own_namespaces) : "${namespace}/*"]] : {
      Sid       = "LeaveOtherNamespacesKeys"
      Effect    = "Deny"
      Action    = local.actions_on_keys
      Resource  = local.table_arn["keyvalue"]
      Condition = { "ForAnyValue:StringLike" = { "dynamodb:LeadingKeys" = keys } }
    } if length(keys) > 0],
    local.may_read_secrets[""],
  )

  may_reach_namespace = { for namespace, settings in local.own_namespaces : namespace => concat(
    [{
      Sid      = "UseKeyValueOfNamespace"
      Effect   = "Allow"
      Action   = local.actions_on_keys
      Resource = local.table_arn["keyvalue"]
      # Null: a request without leading keys would also match "for all values".
      Condition = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["${namespace}/*"] }
        Null                      = { "dynamodb:LeadingKeys" = "false" }
      }
    }],
    local.may_read_secrets[namespace],
  ) }

  # --- the functions' policies ---

  policies = merge(
    {
      orchestrate = concat(
        local.may_write_logs["orchestrate"],
        local.may_not_touch_network_interfaces["orchestrate"],
        local.may_log_in,
        [{ Sid = "TakeReports", Effect = "Allow", Action = local.actions_to_consume, Resource = local.queue_arn["reports"] }],
        local.may_send_steps_and_reports,
        local.may_revoke_leases,
        local.may_exchange_payloads,
        local.may_send_deliveries,
        local.may_publish,
        local.may_use_key,
      )

      run-steps = concat(
        local.may_write_logs["run-steps"],
        [{ Sid = "TakeSteps", Effect = "Allow", Action = local.actions_to_consume, Resource = [for queue in local.shared_steps_queues : local.queue_arn[queue]] }],
        local.may_run_steps,
        local.may_reach_shared_namespaces,
      )

      api = concat(
        local.may_write_logs["api"],
        local.may_not_touch_network_interfaces["api"],
        local.may_log_in,
        local.may_send_steps_and_reports,
        local.may_revoke_leases,
        local.may_exchange_payloads,
        local.may_read_components,
        local.may_use_key,
      )

      ingest = concat(
        local.may_write_logs["ingest"],
        local.may_not_touch_network_interfaces["ingest"],
        local.may_log_in,
        [{ Sid = "TakeEvents", Effect = "Allow", Action = local.actions_to_consume, Resource = local.queue_arn["events"] }],
        local.may_send_steps_and_reports,
        local.may_revoke_leases,
        local.may_exchange_payloads,
        local.may_read_components,
        local.may_use_key,
      )

      sweep = concat(
        local.may_write_logs["sweep"],
        local.may_not_touch_network_interfaces["sweep"],
        local.may_log_in,
        # It also keeps the metrics of steps-long alive, which start the hosts.
        [{ Sid = "CountMessages", Effect = "Allow", Action = ["sqs:GetQueueAttributes"], Resource = [for queue in ["reports", "steps-long"] : local.queue_arn[queue] if contains(keys(local.queues), queue)] }],
        local.may_send_steps_and_reports,
        local.may_revoke_leases,
        local.may_exchange_payloads,
        local.may_send_deliveries,
        local.may_publish,
        local.may_use_key,
      )

      # An event that exceeds a message comes as a signed link, so that this function needs no right to read payloads.
      deliver = concat(
        local.may_write_logs["deliver"],
        [{ Sid = "TakeDeliveries", Effect = "Allow", Action = local.actions_to_consume, Resource = local.queue_arn["deliveries"] }],
        local.may_send_reports,
        local.may_use_key,
      )

      migrate = concat(
        local.may_write_logs["migrate"],
        local.may_not_touch_network_interfaces["migrate"],
        local.may_read_database_secret,
        local.may_make_login,
        local.may_read_components,
        [{ Sid = "ReadPublications", Effect = "Allow", Action = ["s3:GetObject"], Resource = "${local.bucket_arn}/publications/*" }],
        local.may_use_key,
      )
    },
    { for namespace in keys(local.own_namespaces) : "run-steps-${namespace}" => concat(
      local.may_write_logs["run-steps-${namespace}"],
      [{ Sid = "TakeSteps", Effect = "Allow", Action = local.actions_to_consume, Resource = [local.queue_arn["steps-${namespace}"]] }],
      local.may_run_steps,
      local.may_reach_namespace[namespace],
    ) },
  )
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = "${var.name}-${each.key}"
  description          = each.value.description
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = merge(local.tags, each.value.namespace == null ? {} : { "tasker:namespace" = each.value.namespace })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = each.key
  role   = aws_iam_role.function[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.policies[each.key] })
}

# The AWS policy for this purpose, because some of these calls do not support resources.
resource "aws_iam_role_policy_attachment" "network_interfaces" {
  for_each = { for function, settings in local.functions : function => settings if local.in_vpc && !contains(local.outside_vpc, settings.source) }

  role       = aws_iam_role.function[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
}
