# Invalid configurations must be rejected at plan time.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  functions_dir = "tests/functions"
}

run "a_folder_without_functions" {
  command = plan
  variables { functions_dir = "tests" }
  expect_failures = [var.functions_dir]
}

run "a_name_that_aws_refuses" {
  command = plan
  variables { name = "Tasker_1" }
  expect_failures = [var.name]
}

run "no_network_for_a_database_that_is_made" {
  command = plan
  variables { network = { none = true } }
  expect_failures = [var.database]
}

run "your_database_without_a_network" {
  command = plan
  variables { database = { url = "postgres://yours.example/tasker" } }
  expect_failures = [var.database]
}

run "your_database_that_nobody_is_let_into" {
  command = plan
  variables {
    database = { url = "postgres://yours.example/tasker" }
    network  = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }
  }
  expect_failures = [var.database]
}

run "a_namespace_that_takes_a_queue_of_the_modules" {
  command = plan
  variables { namespaces = { long = {} } }
  expect_failures = [var.namespaces]
}

run "a_large_batch_without_a_window" {
  command = plan
  variables { batches = { reports = { size = 100 } } }
  expect_failures = [var.batches]
}

run "a_pattern_that_is_not_json" {
  command = plan
  variables { event_rules = { wrong = { pattern = "source = shop" } } }
  expect_failures = [var.event_rules]
}

run "a_schedule_that_aws_does_not_know" {
  command = plan
  variables { schedules = { wrong = { expression = "every day", input = "{}" } } }
  expect_failures = [var.schedules]
}

run "tokens_without_their_issuer" {
  command = plan
  variables { api = { authorization = "JWT", audience = ["tasker"] } }
  expect_failures = [var.api]
}

run "tokens_for_a_function_url" {
  command = plan
  variables { api = { kind = "function_url", authorization = "JWT", issuer = "https://idp.example", audience = ["tasker"] } }
  expect_failures = [var.api]
}

run "an_issuer_that_nothing_uses" {
  command = plan
  variables { api = { issuer = "https://idp.example", audience = ["tasker"] } }
  expect_failures = [var.api]
}

run "an_authorizer_that_is_no_function" {
  command = plan
  variables { api = { authorization = "CUSTOM", authorizer_arn = "arn:aws:iam::123456789012:role/authorizer" } }
  expect_failures = [var.api]
}

run "an_authorizer_that_is_not_named" {
  command = plan
  variables { api = { authorization = "CUSTOM" } }
  expect_failures = [var.api]
}

run "an_open_gateway_that_the_api_trusts" {
  command = plan
  variables {
    api               = { authorization = "NONE" }
    function_settings = { api = { environment = { TASKER_AUTHENTICATION = "gateway" } } }
  }
  expect_failures = [var.api]
}

run "an_api_without_a_known_kind" {
  command = plan
  variables { api = { kind = "rest" } }
  expect_failures = [var.api]
}

run "a_secret_without_its_whole_arn" {
  command = plan

  variables {
    handler_secrets = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key"]
  }

  expect_failures = [var.handler_secrets]
}

run "two_secrets_that_are_granted_by_one_name" {
  command = plan

  variables {
    namespaces = { shop = { secrets = [
      "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/api_key-AbC123",
      "arn:aws:secretsmanager:eu-west-1:123456789012:secret:billing/api_key-dEf456",
    ] } }
  }

  expect_failures = [var.namespaces]
}

run "more_hosts_at_least_than_at_most" {
  command = plan

  variables {
    long_steps = { image = "public.ecr.aws/tasker/host:1", min_tasks = 3, max_tasks = 2 }
  }

  expect_failures = [var.long_steps]
}

run "a_password_among_the_options_of_the_url" {
  command = plan

  variables {
    network  = { none = true }
    database = { url = "postgres://yours.example/tasker?sslmode=require&password=secret" }
  }

  expect_failures = [var.database]
}

run "a_limitless_database" {
  command = plan

  override_data {
    target = data.aws_rds_engine_version.postgresql
    values = { version_actual = "16.9-limitless" }
  }

  expect_failures = [data.aws_rds_engine_version.postgresql]
}

run "a_region_with_one_zone_left" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["us-west-1a"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "one_zone_for_two_subnets" {
  command = plan
  variables { zones = ["eu-west-1a"] }
  expect_failures = [var.zones]
}

run "fewer_executions_than_every_account_has" {
  command = plan
  variables { account_concurrency = 5 }
  expect_failures = [var.account_concurrency]
}

run "a_queue_of_taskers_own_to_publish_to" {
  command = plan
  variables { publish_queues = ["arn:aws:sqs:eu-west-1:123456789012:tasker-steps-dead"] }
  expect_failures = [var.publish_queues]
}
