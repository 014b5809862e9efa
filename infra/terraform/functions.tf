# The functions. All callers use their alias `live`; moving it releases or rolls back.

locals {
  function_defaults = {
    orchestrate = { memory = 512, timeout = 30, description = "Applies reports to tasks and sends the steps that became ready" }
    run-steps   = { memory = 1769, timeout = 300, description = "Runs steps in sandboxes" } # 1769 MB: one whole processor
    api         = { memory = 512, timeout = 30, description = "Serves the API" }
    ingest      = { memory = 512, timeout = 30, description = "Starts tasks from cloud events" }
    deliver     = { memory = 256, timeout = 60, description = "Calls webhooks" }
    sweep       = { memory = 512, timeout = 60, description = "Every minute: sends what was lost, ends attempts whose lease ran out" }
    migrate     = { memory = 1024, timeout = 300, description = "Migrates the database and publishes when deployed" }
  }

  shared_functions = {
    for function, defaults in local.function_defaults : function => {
      source      = function
      description = defaults.description
      memory      = coalesce(try(var.function_settings[function].memory, null), defaults.memory)
      timeout     = coalesce(try(var.function_settings[function].timeout, null), defaults.timeout)
      namespace   = null
    }
  }

  outside_vpc = ["run-steps", "deliver"]

  # A namespace's separate run-steps function: the same code with a role that reaches only that namespace.
  own_namespaces = { for namespace, settings in var.namespaces : namespace => settings if settings.own_function }

  functions = merge(local.shared_functions, {
    for namespace in keys(local.own_namespaces) : "run-steps-${namespace}" => merge(local.shared_functions["run-steps"], {
      description = "Runs steps of the namespace ${namespace} in sandboxes"
      namespace   = namespace
    })
  })

  # What every function says of itself.
  environment_of_telemetry = merge(
    { RUST_LOG = var.log_level },
    var.otlp_endpoint == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.otlp_endpoint },
  )

  environment = merge(local.environment_of_telemetry, {
    TASKER_STEPS_QUEUE   = aws_sqs_queue.work["steps"].url
    TASKER_REPORTS_QUEUE = aws_sqs_queue.work["reports"].url
    TASKER_BLOBS         = "s3://${local.bucket}"
  })

  environment_of_leases = { TASKER_LEASES_TABLE = aws_dynamodb_table.leases.name }

  environment_of_hosts = merge(local.environment_of_leases, {
    TASKER_KEYVALUE_TABLE = aws_dynamodb_table.keyvalue.name
    TASKER_PUBLISHER_KEY  = data.aws_kms_public_key.publisher.public_key
  })

  environment_of_shared_secrets = length(var.handler_secrets) == 0 ? {} : { TASKER_HANDLER_SECRETS = local.short_secrets[""] }

  # The ARNs of secrets by namespace, "" for all others. Where an ARN begins like the first one of its list, only the
  # secret's name is written, because an environment has 4 KB.
  short_secrets = { for namespace, arns in merge({ "" = var.handler_secrets }, { for namespace, settings in var.namespaces : namespace => settings.secrets }) :
    namespace => join(",", [for index, arn in arns : index > 0 ? trimprefix(arn, regex("^.*:secret:", arns[0])) : arn])
  }

  environment_of_orchestrators = merge(
    local.environment,
    local.environment_of_leases,
    {
      TASKER_ENVIRONMENT = var.environment
      # Longer steps go to the container, if there is one. The function needs the other 5 seconds to finish.
      TASKER_FUNCTION_SECONDS = local.shared_functions["run-steps"].timeout - 5
    },
    { TASKER_DELIVERIES_QUEUE = aws_sqs_queue.work["deliveries"].url },
    var.long_steps == null ? {} : { TASKER_LONG_STEPS_QUEUE = aws_sqs_queue.work["steps-long"].url },
    # The names of the namespaces. Their queues' names begin like that of TASKER_STEPS_QUEUE.
    length(var.namespaces) == 0 ? {} : { TASKER_STEPS_QUEUES = join(",", keys(var.namespaces)) },
  )

  environment_of_database = merge(
    { DATABASE_URL = local.functions_url },
    local.has_functions_login || local.has_database_secret ? { TASKER_DATABASE_SECRET = local.functions_secret_arn } : {},
  )

  # migrate logs in as the owner of the tables. It creates them, and the login of the other functions.
  environment_of_migration = merge(
    { DATABASE_URL = local.database_url },
    local.has_database_secret ? { TASKER_DATABASE_SECRET = local.database_secret_arn } : {},
    local.has_functions_login ? { TASKER_FUNCTIONS_SECRET = local.functions_secret_arn } : {},
  )

  # Where published events may go. api refuses subscriptions to others.
  environment_of_publishing = merge(
    var.event_bus == null ? {} : { TASKER_EVENT_BUS = var.event_bus },
    length(var.publish_topics) == 0 ? {} : { TASKER_PUBLISH_TOPICS = join(",", var.publish_topics) },
    length(var.publish_queues) == 0 ? {} : { TASKER_PUBLISH_QUEUES = join(",", var.publish_queues) },
  )

  # Behind an authorizer, callers are whom it names. Without one, the API checks keys, sessions and tokens itself.
  environment_of_api = merge(
    { TASKER_AUTHENTICATION = var.api.authorization == "NONE" ? "own" : "gateway" },
    var.api.authorization == "AWS_IAM" ? { TASKER_AUTH_IAM = jsonencode(var.api.iam_roles) } : {},
    length(var.api.roles) == 0 ? {} : { TASKER_AUTH_ROLES = jsonencode(var.api.roles) },
  )

  environments = {
    orchestrate = merge(local.environment_of_orchestrators, local.environment_of_database, local.environment_of_publishing)
    run-steps   = merge(local.environment, local.environment_of_hosts, local.environment_of_shared_secrets)
    api         = merge(local.environment_of_orchestrators, local.environment_of_database, local.environment_of_publishing, local.environment_of_api)
    ingest      = merge(local.environment_of_orchestrators, local.environment_of_database)
    deliver     = merge(local.environment_of_telemetry, { TASKER_REPORTS_QUEUE = aws_sqs_queue.work["reports"].url })
    sweep       = merge(local.environment_of_orchestrators, local.environment_of_database, local.environment_of_publishing)
    migrate     = merge(local.environment_of_orchestrators, local.environment_of_migration, local.environment_of_publishing)
  }

  # A namespace's separate function uses only that namespace's queue and secrets.
  environments_of_namespaces = { for namespace, settings in local.own_namespaces : "run-steps-${namespace}" => {
    TASKER_STEPS_QUEUE     = aws_sqs_queue.work["steps-${namespace}"].url
    TASKER_HANDLER_SECRETS = local.short_secrets[namespace]
  } }

  function_environments = { for function, settings in local.functions : function => merge(
    local.environments[settings.source],
    try(local.environments_of_namespaces[function], {}),
    try(var.function_settings[settings.source].environment, {}),
  ) }

  # The function that each queue triggers.
  triggers = merge(
    {
      reports    = { function = "orchestrate", concurrency = local.reports_concurrency, batch = var.batches.reports }
      events     = { function = "ingest", concurrency = local.events_concurrency, batch = var.batches.events }
      deliveries = { function = "deliver", concurrency = local.deliveries_concurrency, batch = { size = 10, window = 0 } }
      steps      = { function = "run-steps", concurrency = local.steps_concurrency, batch = var.batches.steps }
    },
    {
      for namespace, settings in var.namespaces : "steps-${namespace}" => {
        function    = settings.own_function ? "run-steps-${namespace}" : "run-steps"
        concurrency = local.namespace_concurrency[namespace]
        batch       = var.batches.steps
      }
    },
  )
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name           = local.function_name[each.key]
  description             = each.value.description
  role                    = aws_iam_role.function[each.key].arn
  filename                = "${var.functions_dir}/${each.value.source}/bootstrap.zip"
  source_code_hash        = filebase64sha256("${var.functions_dir}/${each.value.source}/bootstrap.zip")
  runtime                 = "provided.al2023"
  handler                 = "bootstrap"
  architectures           = [var.architecture]
  memory_size             = each.value.memory
  timeout                 = each.value.timeout
  publish                 = true
  kms_key_arn             = var.kms_key_arn
  code_signing_config_arn = var.code_signing_config_arn

  reserved_concurrent_executions = local.reservations[each.key]

  ephemeral_storage {
    size = coalesce(try(var.function_settings[each.value.source].storage, null), 512)
  }

  environment {
    variables = local.function_environments[each.key]
  }

  # run-steps runs handler code, and deliver calls whoever subscribed: they are outside the VPC and cannot reach a database.
  dynamic "vpc_config" {
    for_each = local.in_vpc && !contains(local.outside_vpc, each.value.source) ? [1] : []
    content {
      subnet_ids         = local.subnet_ids
      security_group_ids = local.function_security_group_ids
    }
  }

  tags = merge(local.tags, each.value.namespace == null ? {} : { "tasker:namespace" = each.value.namespace })

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.function_environments[each.key])) <= 4096
      error_message = "The environment of ${each.key} has ${length(jsonencode(local.function_environments[each.key]))} characters as JSON, and Lambda allows 4096: name fewer or shorter handler_secrets, namespaces or variables of function_settings, or give the secrets to namespaces with separate functions."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.function,
    aws_iam_role_policy.function,
    aws_iam_role_policy_attachment.network_interfaces,
  ]
}

# migrate has a separate alias resource, because the other aliases move only after it has run.
resource "aws_lambda_alias" "migrate" {
  name             = "live"
  function_name    = aws_lambda_function.this["migrate"].function_name
  function_version = coalesce(try(var.releases["migrate"].version, null), aws_lambda_function.this["migrate"].version)
}

# New code goes live after its migrations. Migrations keep the old code working.
resource "aws_lambda_invocation" "migrate" {
  function_name = aws_lambda_function.this["migrate"].function_name
  qualifier     = aws_lambda_alias.migrate.name
  input         = jsonencode({ publication = var.publication })

  triggers = {
    code = aws_lambda_function.this["migrate"].source_code_hash
    # A release that is rolled back installs its SQL functions again.
    release     = aws_lambda_alias.migrate.function_version
    publication = var.publication
    database    = local.database_url
    login       = local.has_functions_login ? local.functions_secret_arn : ""
  }

  depends_on = [
    aws_rds_cluster_instance.this,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.gateway,
    aws_vpc_security_group_egress_rule.functions,
    aws_vpc_security_group_ingress_rule.database,
    aws_s3_bucket_public_access_block.blobs,
  ]
}

resource "aws_lambda_alias" "live" {
  for_each = { for function, settings in local.functions : function => settings if function != "migrate" }

  name             = "live"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = coalesce(try(var.releases[each.value.source].version, null), aws_lambda_function.this[each.key].version)

  dynamic "routing_config" {
    for_each = [for canary in [try(var.releases[each.value.source].canary, null)] : canary if canary != null]
    content {
      additional_version_weights = { (routing_config.value.version) = routing_config.value.weight }
    }
  }

  depends_on = [aws_lambda_invocation.migrate]
}

# A task is a loop: reports start orchestrate, steps start run-steps. So are deliveries: each outcome makes room for the next.
# Lambda would stop them after 16 rounds as a runaway. ingest keeps the detection, because only events that start each other
# without end reach it that often.
resource "aws_lambda_function_recursion_config" "loop" {
  for_each = toset([for function, settings in local.functions : function if contains(["orchestrate", "run-steps", "deliver"], settings.source)])

  function_name  = aws_lambda_function.this[each.key].function_name
  recursive_loop = "Allow"
}

# Lambda repeats a failed asynchronous call twice, and a throttled one for six hours. The next sweep does the work.
resource "aws_lambda_function_event_invoke_config" "sweep" {
  function_name                = aws_lambda_function.this["sweep"].function_name
  qualifier                    = aws_lambda_alias.live["sweep"].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = local.triggers

  event_source_arn                   = aws_sqs_queue.work[each.key].arn
  function_name                      = aws_lambda_alias.live[each.value.function].arn
  batch_size                         = each.value.batch.size
  maximum_batching_window_in_seconds = each.value.batch.window
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = each.value.concurrency
  }

  tags = local.tags

  depends_on = [aws_lambda_function_recursion_config.loop]
}
