# The permissions of each role. Policies are evaluated as AWS would evaluate them.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  functions_dir = "tests/functions"
  # Given, so that policies are known at plan time.
  network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"] }
  database = {
    url               = "postgres://database.example:6432/tasker?sslmode=verify-full"
    secret_arn        = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database"
    security_group_id = "sg-database"
  }
  namespaces = {
    payments = { secrets = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments-AbC123"], secret_kms_keys = ["arn:aws:kms:eu-west-1:123456789012:key/payments"] }
    mail     = { own_function = false }
  }
  handler_secrets = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:shared-AbC123"]
  event_bus       = "tasker"
  publish_topics  = ["arn:aws:sns:eu-west-1:123456789012:news"]
  publish_queues  = ["arn:aws:sqs:eu-west-1:123456789012:orders"]
  long_steps      = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tasker/host@sha256:00" }
  schedules       = { tick = { expression = "rate(1 hour)", input = "{}" } }
}

run "nothing_is_allowed_on_everything" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        values(aws_iam_role_policy.function)[*].policy,
        aws_iam_role_policy.host[*].policy,
        aws_iam_role_policy.schedules[*].policy,
        aws_iam_role_policy.connections[*].policy,
        ) : [
        for statement in jsondecode(policy).Statement : !contains(flatten([statement.Resource]), "*") if statement.Effect == "Allow"
      ]
    ]))
    error_message = "A statement allows something on every resource."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.function)[*].policy, aws_iam_role_policy.host[*].policy, aws_iam_role_policy.host_start[*].policy) : [
        for statement in jsondecode(policy).Statement : alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")])
      ]
    ]))
    error_message = "A statement uses a wildcard in actions."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.host_start[0].policy).Statement : flatten([statement.Action]) if contains(flatten([statement.Resource]), "*")
    ] == [["ecr:GetAuthorizationToken"]]
    error_message = "Only the registry login, which does not support resources, may use \"*\"."
  }

  assert {
    condition     = sort([for made in aws_iam_role_policy.function : made.role]) == sort([for made in aws_lambda_function.this : made.function_name])
    error_message = "Each function must have a separate role."
  }
}

run "the_host_cannot_reach_the_database" {
  command = apply

  assert {
    condition     = alltrue([for function in ["run-steps", "run-steps-payments"] : length(aws_lambda_function.this[function].vpc_config) == 0])
    error_message = "run-steps must stay outside the VPC."
  }

  assert {
    condition = alltrue([
      for policy in concat([aws_iam_role_policy.function["run-steps"].policy, aws_iam_role_policy.function["run-steps-payments"].policy], aws_iam_role_policy.host[*].policy) :
      !strcontains(policy, "rds") && !strcontains(policy, ":secret:database") && !strcontains(policy, "functions-login")
    ])
    error_message = "A host's policy names the database or its secret."
  }

  assert {
    condition     = [for function, made in aws_iam_role_policy.function : function if strcontains(made.policy, ":secret:database")] == ["migrate"] && [for function, made in aws_iam_role_policy.function : function if strcontains(made.policy, "PutSecretValue")] == ["migrate"]
    error_message = "Only migrate may log in as the database's owner and write the functions' login."
  }

  assert {
    condition = alltrue([
      for function in ["run-steps", "run-steps-payments"] :
      length(setintersection(keys(aws_lambda_function.this[function].environment[0].variables), ["DATABASE_URL", "TASKER_DATABASE_SECRET"])) == 0
    ])
    error_message = "The environment of run-steps contains the database."
  }

  assert {
    condition     = !strcontains(aws_ecs_task_definition.host[0].container_definitions, "DATABASE_URL")
    error_message = "The environment of the container contains the database."
  }

  assert {
    condition     = length(setsubtract(["orchestrate", "api", "ingest", "sweep", "migrate"], [for function, made in aws_lambda_function.this : function if length(made.vpc_config) == 1])) == 0
    error_message = "A function that uses the database is outside the VPC."
  }
}

run "a_namespace_with_its_own_function_is_apart" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["run-steps-payments"].policy).Statement : statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
      if statement.Sid == "UseKeyValueOfNamespace"
    ] == [["payments/*"]]
    error_message = "run-steps-payments must reach the keys of payments only."
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.function["run-steps"].policy, aws_iam_role_policy.host[0].policy] :
      [for statement in jsondecode(policy).Statement : statement.Condition["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"] if statement.Effect == "Deny"] == [["payments/*"]]
    ])
    error_message = "The shared hosts must be denied the keys of payments only."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function["run-steps"].policy, ":secret:payments") && !strcontains(aws_iam_role_policy.function["run-steps-payments"].policy, ":secret:shared") && !strcontains(aws_iam_role_policy.function["run-steps"].policy, ":key/payments") && strcontains(aws_iam_role_policy.function["run-steps-payments"].policy, ":key/payments")
    error_message = "A namespace can access another's secrets."
  }

  assert {
    condition = { for function in ["run-steps", "run-steps-payments", "api"] : function => try(aws_lambda_function.this[function].environment[0].variables["TASKER_HANDLER_SECRETS"], null) } == {
      run-steps          = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shared-AbC123"
      run-steps-payments = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:payments-AbC123"
      api                = null
    }
    error_message = "A host's environment names secrets that it may not read."
  }

  assert {
    condition = length(setsubtract(flatten([
      for made in concat(values(aws_iam_role_policy.function), aws_iam_role_policy.host) : [
        for action in flatten(jsondecode(made.policy).Statement[*].Action) : action if startswith(action, "kms:") || strcontains(split(":", action)[0], "*")
      ]
    ]), ["kms:Decrypt", "kms:GenerateDataKey"])) == 0
    error_message = "Roles that run components must not be able to sign them."
  }

  assert {
    condition = jsonencode([for function in ["run-steps", "run-steps-payments"] : [
      for statement in jsondecode(aws_iam_role_policy.function[function].policy).Statement : sort([for arn in statement.Resource : split(":", arn)[5]]) if statement.Sid == "TakeSteps"
    ]]) == jsonencode([[["tasker-steps", "tasker-steps-mail"]], [["tasker-steps-payments"]]])
    error_message = "A function receives steps from another namespace's queue."
  }

  assert {
    condition     = aws_lambda_function.this["run-steps-payments"].tags["tasker:namespace"] == "payments" && aws_sqs_queue.work["steps-payments"].tags["tasker:namespace"] == "payments"
    error_message = "The costs of payments cannot be separated."
  }
}

run "each_function_does_only_its_part" {
  command = apply

  assert {
    condition = {
      for function, made in aws_iam_role_policy.function : function => [
        for statement in jsondecode(made.policy).Statement : [for arn in flatten([statement.Resource]) : split(":", arn)[5]] if contains(flatten([statement.Action]), "sqs:ReceiveMessage")
      ] if !startswith(function, "run-steps")
    } == { orchestrate = [["tasker-reports"]], api = [], ingest = [["tasker-events"]], deliver = [["tasker-deliveries"]], sweep = [], migrate = [] }
    error_message = "A function receives from a wrong queue."
  }

  assert {
    condition = sort([for function, made in aws_iam_role_policy.function : function if anytrue([
      for statement in jsondecode(made.policy).Statement : contains(flatten([statement.Action]), "sqs:GetQueueAttributes") && contains(flatten([statement.Resource]), "arn:aws:sqs:eu-west-1:123456789012:tasker-reports")
    ])]) == sort(["orchestrate", "sweep"])
    error_message = "sweep must be able to read the number of waiting reports, or it never detects silent hosts."
  }

  assert {
    condition     = jsonencode([for statement in jsondecode(aws_iam_role_policy.function["sweep"].policy).Statement : [for arn in statement.Resource : split(":", arn)[5]] if statement.Sid == "CountMessages"]) == jsonencode([["tasker-reports", "tasker-steps-long"]])
    error_message = "sweep must access steps-long, or SQS stops the metrics that start the hosts."
  }

  assert {
    condition = sort(flatten([
      for statement in jsondecode(aws_iam_role_policy.function["migrate"].policy).Statement : flatten([statement.Action]) if statement.Effect == "Allow"
    ])) == sort(["logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "s3:GetObject", "s3:GetObject"])
    error_message = "migrate may read its secret, components and publications, and write the functions' login and its log, nothing else."
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.function["deliver"].policy).Statement : [sort(flatten([statement.Action])), flatten([statement.Resource])] if statement.Effect == "Allow"]) == jsonencode([
      [["logs:CreateLogStream", "logs:PutLogEvents"], ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tasker-deliver:*"]],
      [["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], ["arn:aws:sqs:eu-west-1:123456789012:tasker-deliveries"]],
      [["sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:123456789012:tasker-reports"]],
    ])
    error_message = "deliver may receive deliveries, report and log, nothing else."
  }

  assert {
    condition     = length(aws_lambda_function.this["deliver"].vpc_config) == 0 && jsonencode(keys(aws_lambda_function.this["deliver"].environment[0].variables)) == jsonencode(["RUST_LOG", "TASKER_REPORTS_QUEUE"])
    error_message = "deliver must be outside the VPC, and know the queue of reports only."
  }

  assert {
    condition     = { for name, value in aws_lambda_function.this["api"].environment[0].variables : name => value if startswith(name, "TASKER_PUBLISH") || name == "TASKER_EVENT_BUS" } == { TASKER_EVENT_BUS = "tasker", TASKER_PUBLISH_TOPICS = "arn:aws:sns:eu-west-1:123456789012:news", TASKER_PUBLISH_QUEUES = "arn:aws:sqs:eu-west-1:123456789012:orders" }
    error_message = "api must know where events may go, to refuse subscriptions to others."
  }

  assert {
    condition     = sort([for function, made in aws_iam_role_policy.function : function if strcontains(made.policy, "events:PutEvents") && strcontains(made.policy, "sns:Publish") && strcontains(made.policy, ":orders\"")]) == sort(["orchestrate", "sweep"])
    error_message = "Only orchestrate and sweep publish events."
  }

  assert {
    condition     = alltrue([for function, made in aws_iam_role_policy.function : strcontains(made.policy, "ec2:CreateNetworkInterface") == (function != "deliver" && !startswith(function, "run-steps"))])
    error_message = "A function in the VPC must be denied the network interfaces that Lambda manages for it."
  }

  assert {
    condition     = sort(keys(aws_iam_role_policy_attachment.network_interfaces)) == sort(["orchestrate", "api", "ingest", "sweep", "migrate"])
    error_message = "Exactly the functions in the VPC get AWS's policy for network interfaces."
  }
}
