# The resources of a deployment, and that nothing else is created.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  functions_dir = "tests/functions"
}

run "every_queue_is_safe" {
  command = apply

  variables {
    namespaces = { payments = {} }
    long_steps = { image = "public.ecr.aws/tasker/host:1" }
  }

  assert {
    condition     = sort(keys(aws_sqs_queue.work)) == sort(["steps", "reports", "events", "deliveries", "steps-payments", "steps-long"])
    error_message = "The queues are steps, reports, events, deliveries, one per namespace, and steps-long."
  }

  assert {
    condition     = { for queue, made in aws_sqs_queue.work : queue => jsondecode(made.redrive_policy).maxReceiveCount } == { steps = 50, reports = 50, events = 50, deliveries = 50, steps-payments = 50, steps-long = 50 }
    error_message = "A queue has no dead-letter queue, or the wrong number of receives."
  }

  assert {
    condition = alltrue([
      for queue, made in aws_sqs_queue.dead : made.name == "tasker-${queue}-dead" && made.message_retention_seconds == 14 * 86400
      && jsondecode(made.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-west-1:123456789012:tasker-${queue}"]
    ])
    error_message = "A dead-letter queue must keep messages for 14 days and be for its queue only."
  }

  assert {
    condition     = alltrue([for made in concat(values(aws_sqs_queue.work), values(aws_sqs_queue.dead)) : made.sqs_managed_sse_enabled])
    error_message = "A queue is not encrypted."
  }

  assert {
    condition = alltrue([
      for made in concat(values(aws_sqs_queue.work), values(aws_sqs_queue.dead)) : anytrue([
        for statement in jsondecode(made.policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "sqs:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
        && statement.Resource == "arn:aws:sqs:eu-west-1:123456789012:${made.name}"
      ])
    ])
    error_message = "A queue accepts plain HTTP."
  }

  assert {
    condition     = aws_sqs_queue.work["steps"].visibility_timeout_seconds == 1800 && aws_sqs_queue.work["reports"].visibility_timeout_seconds == 180
    error_message = "A queue's visibility must be six times its function's timeout."
  }
}

run "every_queue_starts_its_function" {
  command = apply

  variables {
    namespaces = { payments = { max_concurrency = 7 } }
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.queue : mapping.function_response_types == toset(["ReportBatchItemFailures"])])
    error_message = "A mapping must accept failures per message."
  }

  assert {
    condition     = { for queue, mapping in aws_lambda_event_source_mapping.queue : queue => mapping.scaling_config[0].maximum_concurrency } == { steps = 100, steps-payments = 7, reports = 10, events = 10, deliveries = 10 }
    error_message = "A mapping has no maximum concurrency, or a wrong one."
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.queue : endswith(mapping.function_name, ":live")])
    error_message = "A mapping must call the alias, so that releases can be rolled back."
  }
}

run "a_task_may_go_round_and_the_sweep_is_not_repeated" {
  command = apply

  variables {
    namespaces = { payments = {}, mail = { own_function = false } }
  }

  assert {
    condition     = { for function, made in aws_lambda_function_recursion_config.loop : made.function_name => made.recursive_loop } == { tasker-orchestrate = "Allow", tasker-run-steps = "Allow", tasker-run-steps-payments = "Allow", tasker-deliver = "Allow" }
    error_message = "Lambda would stop tasks as a recursive loop, or would not stop events that start each other."
  }

  assert {
    condition = [for made in [aws_lambda_function_event_invoke_config.sweep] : [made.function_name, made.qualifier, tostring(made.maximum_retry_attempts), tostring(made.maximum_event_age_in_seconds)]] == [
      ["tasker-sweep", "live", "0", "60"]
    ]
    error_message = "Lambda would repeat a sweep."
  }
}

run "the_least_makes_a_database_nobody_else_reaches" {
  command = apply

  assert {
    condition     = aws_rds_cluster.this[0].storage_encrypted && aws_rds_cluster.this[0].manage_master_user_password && aws_rds_cluster.this[0].deletion_protection
    error_message = "The database must be encrypted and protected, with a managed password."
  }

  assert {
    condition     = contains([for parameter in aws_rds_cluster_parameter_group.this[0].parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "The database must reject connections without TLS."
  }

  assert {
    condition     = contains([for parameter in aws_rds_cluster_parameter_group.this[0].parameter : "${parameter.name}=${parameter.value}"], "log_parameter_max_length=0")
    error_message = "The database's log would contain parameters, and so payloads."
  }

  assert {
    condition     = !aws_rds_cluster.this[0].skip_final_snapshot && can(regex("^tasker-database-final-[0-9]{14}$", aws_rds_cluster.this[0].final_snapshot_identifier))
    error_message = "Destroying the database must leave a snapshot with a name of its own."
  }

  assert {
    condition     = aws_subnet.private[*].availability_zone == ["eu-west-1a", "eu-west-1b"]
    error_message = "The VPC must have two zones."
  }

  assert {
    condition     = contains(data.aws_availability_zones.available[0].exclude_zone_ids, "use1-az3")
    error_message = "A zone without Lambda must be left out."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.database : rule.referenced_security_group_id] == [aws_security_group.functions[0].id]
    error_message = "Only the functions' security group may reach the database."
  }

  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables["DATABASE_URL"] == "postgres://database.example:5432/tasker?sslmode=verify-full&sslrootcert=/var/task/rds-authorities.pem"
    error_message = "The functions must check the database's certificate, and must not have its password in their environment."
  }

  assert {
    condition     = sort(keys(aws_vpc_endpoint.interface)) == sort(["sqs", "secretsmanager"]) && sort(keys(aws_vpc_endpoint.gateway)) == sort(["s3", "dynamodb"])
    error_message = "Only the necessary endpoints may be created."
  }

  assert {
    condition     = strcontains(aws_vpc_endpoint.interface["secretsmanager"].policy, "functions-login") && strcontains(aws_vpc_endpoint.interface["secretsmanager"].policy, aws_rds_cluster.this[0].master_user_secret[0].secret_arn)
    error_message = "The endpoint must allow the secrets of the functions' login and of the owner."
  }

  assert {
    condition     = sort(keys(aws_vpc_security_group_egress_rule.functions)) == sort(["database", "endpoints", "s3", "dynamodb"]) && alltrue([for rule in aws_vpc_security_group_egress_rule.functions : rule.cidr_ipv4 == null])
    error_message = "The functions may reach only the database and the endpoints."
  }

  assert {
    condition     = aws_apigatewayv2_route.this[0].authorization_type == "AWS_IAM"
    error_message = "The API must require signed requests."
  }

  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables["TASKER_AUTHENTICATION"] == "gateway" && jsondecode(aws_lambda_function.this["api"].environment[0].variables["TASKER_AUTH_IAM"]) == { "*" = "admin" }
    error_message = "The API must read who signed a request from the gateway, and map it."
  }

  assert {
    condition     = length(concat(aws_apigatewayv2_authorizer.this, aws_lambda_permission.authorizer)) == 0
    error_message = "IAM needs no authorizer."
  }
}

run "tokens_are_verified_by_the_gateway" {
  command = apply

  variables {
    api = { authorization = "JWT", issuer = "https://idp.example", audience = ["tasker"], roles = { ops = ["operator", "keys:read"] } }
  }

  assert {
    condition     = aws_apigatewayv2_route.this[0].authorization_type == "JWT" && aws_apigatewayv2_route.this[0].authorizer_id == aws_apigatewayv2_authorizer.this[0].id
    error_message = "The route must require a token."
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this[0].authorizer_type == "JWT" && aws_apigatewayv2_authorizer.this[0].jwt_configuration[0].issuer == "https://idp.example"
    error_message = "The authorizer must verify tokens of the issuer."
  }

  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables["TASKER_AUTHENTICATION"] == "gateway" && !contains(keys(aws_lambda_function.this["api"].environment[0].variables), "TASKER_AUTH_IAM") && jsondecode(aws_lambda_function.this["api"].environment[0].variables["TASKER_AUTH_ROLES"]) == { ops = ["operator", "keys:read"] }
    error_message = "The API must trust the gateway, map the roles of tokens, and no ARN."
  }
}

run "a_function_of_yours_says_who_calls" {
  command = apply

  variables {
    api = { authorization = "CUSTOM", authorizer_arn = "arn:aws:lambda:eu-west-1:123456789012:function:who:live" }
  }

  assert {
    condition     = aws_apigatewayv2_route.this[0].authorization_type == "CUSTOM" && aws_apigatewayv2_route.this[0].authorizer_id == aws_apigatewayv2_authorizer.this[0].id
    error_message = "The route must ask the function."
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this[0].authorizer_type == "REQUEST" && aws_apigatewayv2_authorizer.this[0].authorizer_result_ttl_in_seconds == 0 && endswith(aws_apigatewayv2_authorizer.this[0].authorizer_uri, "functions/arn:aws:lambda:eu-west-1:123456789012:function:who:live/invocations")
    error_message = "The authorizer must be your function, asked for each request."
  }

  assert {
    condition     = aws_lambda_permission.authorizer[0].function_name == "arn:aws:lambda:eu-west-1:123456789012:function:who:live" && aws_lambda_permission.authorizer[0].principal == "apigateway.amazonaws.com"
    error_message = "API Gateway must be allowed to ask the function."
  }
}

run "without_an_authorizer_the_api_authenticates_itself" {
  command = apply

  variables {
    api = { authorization = "NONE" }
  }

  assert {
    condition     = aws_apigatewayv2_route.this[0].authorization_type == "NONE" && aws_lambda_function.this["api"].environment[0].variables["TASKER_AUTHENTICATION"] == "own"
    error_message = "Behind an open gateway the API must authenticate its callers."
  }
}

run "a_database_that_may_be_deleted_still_leaves_a_snapshot" {
  command = apply

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_rds_cluster.this[0].skip_final_snapshot
    error_message = "deletion_protection must not decide on the last snapshot."
  }
}

run "no_snapshot_only_when_it_is_said" {
  command = apply

  variables {
    final_snapshot = false
  }

  assert {
    condition     = aws_rds_cluster.this[0].skip_final_snapshot
    error_message = "final_snapshot = false must be obeyed."
  }
}

run "what_was_not_asked_for_is_not_there" {
  command = apply

  variables {
    network   = { none = true }
    database  = { url = "postgres://127.0.0.1:5432/tasker", functions_login = false }
    api       = { kind = "function_url" }
    alarms    = false
    dashboard = false
  }

  assert {
    condition = length(concat(
      aws_vpc.this, aws_vpc.host, aws_rds_cluster.this, aws_ecs_cluster.this, aws_apigatewayv2_api.this, aws_cloudwatch_dashboard.this, aws_security_group.functions, aws_flow_log.this, aws_flow_log.host, aws_iam_role.schedules,
      values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_event_rule.start), values(aws_iam_role_policy_attachment.network_interfaces), aws_lambda_permission.public_function_url,
      aws_secretsmanager_secret.functions,
    )) == 0
    error_message = "An unrequested resource was created."
  }

  assert {
    condition     = alltrue([for made in aws_lambda_function.this : length(made.vpc_config) == 0])
    error_message = "Without a network no function is in a VPC."
  }

  assert {
    condition     = alltrue([for made in aws_lambda_function.this : !contains(keys(made.environment[0].variables), "TASKER_DATABASE_SECRET")])
    error_message = "Without a secret, the environment must not name one."
  }

  assert {
    condition     = aws_lambda_function_url.api[0].authorization_type == "AWS_IAM"
    error_message = "The function's URL must require signed requests."
  }
}

run "your_network_and_database_are_used" {
  command = apply

  variables {
    network  = { vpc_id = "vpc-yours", subnet_ids = ["subnet-1", "subnet-2"] }
    database = { url = "postgres://yours.example:6432/tasker?sslmode=verify-full", secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:yours", security_group_id = "sg-yours" }
  }

  assert {
    condition     = length(concat(aws_vpc.this, aws_rds_cluster.this, values(aws_vpc_endpoint.interface))) == 0
    error_message = "No network and no database may be created."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.database : "${rule.security_group_id}:${rule.from_port}"] == ["sg-yours:6432"]
    error_message = "The functions must be allowed into your database, on its port."
  }

  assert {
    condition = { for function, made in aws_lambda_function.this : function => try(made.environment[0].variables["TASKER_DATABASE_SECRET"], "") } == {
      migrate   = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:yours"
      run-steps = "", deliver = "", orchestrate = aws_secretsmanager_secret.functions[0].arn, api = aws_secretsmanager_secret.functions[0].arn
      ingest    = aws_secretsmanager_secret.functions[0].arn, sweep = aws_secretsmanager_secret.functions[0].arn
    }
    error_message = "migrate must use your secret, and the other functions the login that it creates."
  }

  assert {
    condition     = aws_lambda_function.this["migrate"].environment[0].variables["TASKER_FUNCTIONS_SECRET"] == aws_secretsmanager_secret.functions[0].arn
    error_message = "migrate must have the ARN of the functions' login."
  }

  assert {
    condition     = aws_lambda_invocation.migrate.triggers["login"] == aws_secretsmanager_secret.functions[0].arn
    error_message = "A new secret must trigger a new login."
  }
}

run "a_password_in_the_url_is_for_migrate_only" {
  command = apply

  variables {
    network  = { none = true }
    database = { url = "postgresql://owner:secret@127.0.0.1:5432/tasker?sslmode=require" }
  }

  assert {
    condition     = aws_lambda_function.this["migrate"].environment[0].variables["DATABASE_URL"] == var.database.url
    error_message = "migrate must log in as the owner."
  }

  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables["DATABASE_URL"] == "postgresql://127.0.0.1:5432/tasker?sslmode=require"
    error_message = "The owner's password must not be in the environment of other functions."
  }
}

run "behind_a_proxy_all_log_in_alike" {
  command = apply

  variables {
    network  = { vpc_id = "vpc-yours", subnet_ids = ["subnet-1", "subnet-2"] }
    database = { url = "postgres://proxy.example:5432/tasker", secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:yours", security_group_id = "sg-yours", functions_login = false }
  }

  assert {
    condition     = alltrue([for function in ["migrate", "orchestrate", "api", "ingest", "sweep"] : aws_lambda_function.this[function].environment[0].variables["TASKER_DATABASE_SECRET"] == var.database.secret_arn && strcontains(aws_iam_role_policy.function[function].policy, var.database.secret_arn)])
    error_message = "All functions must log in with the secret of the proxy."
  }
}

run "a_key_of_yours_encrypts_everything" {
  command = apply

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/yours"
    long_steps  = { image = "public.ecr.aws/tasker/host:1" }
  }

  assert {
    condition = toset(concat(
      values(aws_sqs_queue.work)[*].kms_master_key_id, values(aws_sqs_queue.dead)[*].kms_master_key_id,
      [aws_dynamodb_table.leases.server_side_encryption[0].kms_key_arn, aws_dynamodb_table.keyvalue.server_side_encryption[0].kms_key_arn],
      [for rule in aws_s3_bucket_server_side_encryption_configuration.blobs.rule : rule.apply_server_side_encryption_by_default[0].kms_master_key_id],
      values(aws_lambda_function.this)[*].kms_key_arn, values(aws_cloudwatch_log_group.function)[*].kms_key_id,
      aws_cloudwatch_log_group.host[*].kms_key_id, aws_cloudwatch_log_group.connections[*].kms_key_id, aws_cloudwatch_log_group.api_access[*].kms_key_id,
      aws_rds_cluster.this[*].kms_key_id, aws_rds_cluster.this[*].master_user_secret_kms_key_id,
      aws_secretsmanager_secret.functions[*].kms_key_id,
    )) == toset(["arn:aws:kms:eu-west-1:123456789012:key/yours"])
    error_message = "A resource is encrypted with another key."
  }

  assert {
    condition     = alltrue([for made in concat(values(aws_iam_role_policy.function), aws_iam_role_policy.host) : strcontains(made.policy, "kms:GenerateDataKey")])
    error_message = "A function cannot use the key."
  }
}

run "a_release_can_be_rolled_back" {
  command = apply

  variables {
    releases = {
      run-steps = { version = "41" }
      api       = { version = "41", canary = { version = "42", weight = 0.1 } }
    }
  }

  assert {
    condition     = aws_lambda_alias.live["run-steps"].function_version == "41"
    error_message = "The alias must point to the given version."
  }

  assert {
    condition     = aws_lambda_alias.live["api"].routing_config[0].additional_version_weights == tomap({ "42" = 0.1 })
    error_message = "The canary must get its share."
  }
}

run "events_come_only_from_the_sources_named" {
  command = apply

  variables {
    event_rules = { placed = { pattern = "{\"source\":[\"shop\"]}" }, paid = { bus_name = "shop", pattern = "{\"source\":[\"shop\"]}" } }
    s3_sources  = { imports = {} }
    sns_topics  = { refunds = "arn:aws:sns:eu-west-1:123456789012:refunds" }
  }

  assert {
    condition = jsonencode({
      for statement in jsondecode(aws_sqs_queue.work["events"].policy).Statement :
      statement.Principal.Service => sort(flatten([statement.Condition.ArnEquals["aws:SourceArn"]])) if statement.Effect == "Allow"
      }) == jsonencode({
      "events.amazonaws.com" = ["arn:aws:events:eu-west-1:123456789012:rule/shop/tasker-paid", "arn:aws:events:eu-west-1:123456789012:rule/tasker-placed"]
      "s3.amazonaws.com"     = ["arn:aws:s3:::imports"]
      "sns.amazonaws.com"    = ["arn:aws:sns:eu-west-1:123456789012:refunds"]
    })
    error_message = "The events queue accepts senders other than the given sources."
  }

  assert {
    condition     = length(aws_s3_bucket_notification.start) == 0
    error_message = "A bucket's notification may be replaced only on request."
  }

  assert {
    condition     = !aws_sns_topic_subscription.start["refunds"].raw_message_delivery
    error_message = "Topics must deliver messages in envelopes that name them."
  }
}

run "faults_are_noticed" {
  command = apply

  variables {
    alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:on-call"
  }

  assert {
    condition = length(setsubtract(concat(
      flatten([for queue in ["steps", "reports", "events", "deliveries"] : ["${queue}-age", "${queue}-dead"]]),
      flatten([for function in ["orchestrate", "run-steps", "api", "ingest", "deliver", "sweep", "migrate"] : ["${function}-errors", "${function}-throttles"]]),
      [for function in ["orchestrate", "run-steps", "ingest", "deliver"] : "${function}-loops"],
      ["sweep-missed", "api-5xx"],
    ), keys(aws_cloudwatch_metric_alarm.this))) == 0
    error_message = "An alarm is missing."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["sweep-missed"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["sweep-missed"].comparison_operator == "LessThanThreshold"
    error_message = "A sweep that never runs produces no metrics; that must raise the alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["orchestrate-loops"].metric_name == "RecursiveInvocationsDropped" && aws_cloudwatch_metric_alarm.this["orchestrate-loops"].dimensions == tomap({ FunctionName = "tasker-orchestrate" })
    error_message = "A stopped loop must raise the alarm."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:on-call"])])
    error_message = "An alarm has no action."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days == 30])
    error_message = "Logs are kept forever."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) >= 9
    error_message = "The dashboard is missing rows."
  }
}

run "hosts_that_always_run" {
  command = apply

  variables {
    long_steps = { image = "public.ecr.aws/tasker/host:1", min_tasks = 1, max_tasks = 2 }
  }

  assert {
    condition     = aws_ecs_service.host[0].desired_count == 1 && aws_appautoscaling_target.host[0].min_capacity == 1 && one(aws_appautoscaling_policy.none[0].step_scaling_policy_configuration[0].step_adjustment[*].scaling_adjustment) == 1
    error_message = "min_tasks hosts must start with the deployment and keep running."
  }
}

run "long_steps_scale_to_nothing_and_drain" {
  command = apply

  variables {
    long_steps = { image = "public.ecr.aws/tasker/host:1", max_tasks = 8 }
  }

  assert {
    condition     = aws_appautoscaling_target.host[0].min_capacity == 0 && aws_appautoscaling_target.host[0].max_capacity == 8
    error_message = "The number of hosts must be 0 to max_tasks."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.host[0].container_definitions)[0].stopTimeout == 120 && jsondecode(aws_ecs_task_definition.host[0].container_definitions)[0].readonlyRootFilesystem
    error_message = "A host must have two minutes to finish, and its cache as the only writable folder."
  }

  assert {
    condition     = aws_ecs_service.host[0].network_configuration[0].security_groups == toset(aws_security_group.host[*].id) && aws_subnet.host[0].vpc_id != aws_vpc.this[0].id
    error_message = "Hosts must be in a separate VPC, away from the database."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.more_by_depth[0].metric_name == "ApproximateNumberOfMessagesVisible" && length(aws_cloudwatch_metric_alarm.more_by_age[0].metric_query) == 3
    error_message = "Hosts must scale out by depth and by age."
  }

  assert {
    condition     = aws_lambda_function.this["orchestrate"].environment[0].variables["TASKER_LONG_STEPS_QUEUE"] == aws_sqs_queue.work["steps-long"].url && !contains(keys(aws_lambda_function.this["run-steps"].environment[0].variables), "TASKER_LONG_STEPS_QUEUE")
    error_message = "The functions that send steps must have the queue for long ones."
  }
}
