# Limits of accounts: executions at once, database connections, and the size of an environment.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  functions_dir = "tests/functions"
}

run "a_large_account_reserves_and_limits" {
  command = apply

  assert {
    condition     = { for function, made in aws_lambda_function.this : function => made.reserved_concurrent_executions } == { orchestrate = 10, run-steps = -1, api = 100, ingest = -1, deliver = -1, sweep = -1, migrate = -1 }
    error_message = "orchestrate must have its share, and api its limit."
  }
}

run "a_new_account_fits" {
  command = apply

  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 10 }
  }

  assert {
    condition     = { for queue, mapping in aws_lambda_event_source_mapping.queue : queue => mapping.scaling_config[0].maximum_concurrency } == { steps = 2, reports = 2, events = 2, deliveries = 2 }
    error_message = "The queues of a new account must leave executions for sweep and api."
  }

  assert {
    condition     = alltrue([for made in aws_lambda_function.this : made.reserved_concurrent_executions == -1])
    error_message = "AWS rejects a reservation that leaves fewer than 100."
  }
}

run "a_small_account_fits_with_a_namespace" {
  command = apply

  variables {
    account_concurrency = 12
    namespaces          = { payments = {} }
  }

  assert {
    condition     = length(data.aws_servicequotas_service_quota.concurrency) == 0 && sum(values(output.concurrency.queues)) == 10
    error_message = "A given concurrency must be used without asking for the quota."
  }
}

run "a_reservation_leaves_a_hundred" {
  command = apply

  variables {
    account_concurrency = 209
  }

  assert {
    condition     = output.concurrency.reserved["orchestrate"] == 10 && output.concurrency.reserved["api"] == -1
    error_message = "Reservations of 10 and 100 would leave 99 of 209."
  }
}

run "your_reservations_count_and_are_obeyed" {
  command = apply

  variables {
    account_concurrency = 300
    function_settings   = { run-steps = { reserved_concurrency = 95 }, orchestrate = { reserved_concurrency = 20 }, api = { reserved_concurrency = -1 } }
    namespaces          = { payments = {} }
    api                 = { max_concurrency = 5 }
  }

  assert {
    condition     = jsonencode(output.concurrency.reserved) == jsonencode({ orchestrate = 20, run-steps = 95, run-steps-payments = 95, api = -1, ingest = -1, deliver = -1, sweep = -1, migrate = -1 })
    error_message = "Reservations of function_settings must be used as they are."
  }
}

run "steps_that_would_starve_orchestrate" {
  command = plan

  variables {
    account_concurrency = 50
    max_concurrency     = { steps = 45 }
  }

  expect_failures = [output.concurrency]
}

run "more_namespaces_than_a_new_account_can_serve" {
  command = plan

  variables {
    account_concurrency = 10
    namespaces          = { payments = {}, mail = {} }
  }

  expect_failures = [output.concurrency]
}

run "more_connections_than_the_database_accepts" {
  command = plan

  variables {
    aurora = { max_capacity = 1 }
    api    = { max_concurrency = 200 }
  }

  expect_failures = [output.concurrency]
}

run "many_namespaces_and_secrets_fit_into_an_environment" {
  command = apply

  variables {
    namespaces      = { for number in range(90) : format("namespace-of-the-shop-%02d", number) => { own_function = false } }
    handler_secrets = [for number in range(90) : format("arn:aws:secretsmanager:eu-west-1:123456789012:secret:production/shop/secret%02d-AbC1%02d", number, number)]
  }

  assert {
    condition     = startswith(aws_lambda_function.this["orchestrate"].environment[0].variables["TASKER_STEPS_QUEUES"], "namespace-of-the-shop-00,namespace-of-the-shop-01,")
    error_message = "The environment must have the names of the namespaces only."
  }

  assert {
    condition     = startswith(aws_lambda_function.this["run-steps"].environment[0].variables["TASKER_HANDLER_SECRETS"], "arn:aws:secretsmanager:eu-west-1:123456789012:secret:production/shop/secret00-AbC100,production/shop/secret01-AbC101,")
    error_message = "The beginning that the ARNs share must be in the environment once."
  }
}

run "an_environment_that_lambda_refuses" {
  command = plan # the queues' URLs, which are a part of it, are known from the runs before

  variables {
    handler_secrets = [for number in range(60) : format("arn:aws:secretsmanager:eu-west-%d:123456789012:secret:production/shop/a-secret-with-a-long-name%02d-AbC1%02d", 1 + number % 2, number, number)]
  }

  expect_failures = [aws_lambda_function.this]
}
