# How many executions of the functions run at once, within the account's quota and the database's connections.

# In most accounts 1,000 for all functions of a region; in new ones as few as 10.
data "aws_servicequotas_service_quota" "concurrency" {
  count = var.account_concurrency == null ? 1 : 0

  service_code = "lambda"
  quota_code   = local.concurrency_quota
}

locals {
  concurrency_quota   = "L-B99A9384"
  account_concurrency = coalesce(var.account_concurrency, one(data.aws_servicequotas_service_quota.concurrency[*].value))

  # A tenth of a small account each, so that their functions also find room.
  reports_concurrency = coalesce(var.max_concurrency.reports, max(2, min(10, floor(local.account_concurrency / 10))))
  events_concurrency  = coalesce(var.max_concurrency.events, max(2, min(10, floor(local.account_concurrency / 10))))

  deliveries_concurrency = coalesce(var.max_concurrency.deliveries, max(2, min(10, floor(local.account_concurrency / 10))))

  # --- reservations ---

  your_reservations = { for function, settings in local.functions : function => try(var.function_settings[settings.source].reserved_concurrency, null) }

  # Lambda leaves at least 100 executions of an account without a reservation.
  reservable = local.account_concurrency - 100 - sum([for reserved in values(local.your_reservations) : max(0, coalesce(reserved, 0))])

  # A reservation guarantees orchestrate its executions, whatever the steps take.
  reserves_orchestrate = local.your_reservations["orchestrate"] == null && local.reports_concurrency <= local.reservable

  # A reservation is also a limit: each execution of api holds a database connection.
  limits_api = local.your_reservations["api"] == null && var.api.max_concurrency <= local.reservable - (local.reserves_orchestrate ? local.reports_concurrency : 0)

  reservations = merge(
    { for function, reserved in local.your_reservations : function => coalesce(reserved, -1) },
    local.your_reservations["orchestrate"] == null ? { orchestrate = local.reserves_orchestrate ? local.reports_concurrency : -1 } : {},
    local.your_reservations["api"] == null ? { api = local.limits_api ? var.api.max_concurrency : -1 } : {},
  )

  # --- steps ---

  # Two fifths of a small account for steps and deliveries. Without a reservation the steps queues share them.
  steps_share           = floor((local.account_concurrency * 2 / 5 - local.deliveries_concurrency) / (local.reservations["orchestrate"] > 0 ? 1 : 1 + length(var.namespaces)))
  steps_concurrency     = coalesce(var.max_concurrency.steps, max(2, min(100, local.steps_share)))
  namespace_concurrency = { for namespace, settings in var.namespaces : namespace => coalesce(settings.max_concurrency, max(2, min(50, local.steps_share))) }

  # --- limits ---

  # The queues' functions, and one execution each of sweep and api.
  concurrency_peak = local.steps_concurrency + local.reports_concurrency + local.events_concurrency + local.deliveries_concurrency + sum(concat([0], values(local.namespace_concurrency))) + 2

  api_peak = local.reservations["api"] >= 0 ? local.reservations["api"] : local.account_concurrency

  # Each execution of orchestrate, ingest, api, sweep and migrate holds one.
  connections_peak = local.reports_concurrency + local.events_concurrency + local.api_peak + 2

  # What Aurora allows by default: 189 with 1 ACU, 823 with 4, at most 5,000; and 2,000 if it may shrink below 1 ACU.
  connections = min(180 * var.aurora.max_capacity, var.aurora.min_capacity < 1 ? 2000 : 5000)
}

output "concurrency" {
  description = "Executions at once: of the account, per queue, and reserved per function (-1: none)."
  value = {
    account  = local.account_concurrency
    queues   = { for queue, trigger in local.triggers : queue => trigger.concurrency }
    reserved = local.reservations
  }

  precondition {
    condition     = local.reservations["orchestrate"] > 0 || local.concurrency_peak <= local.account_concurrency
    error_message = "The queues may start ${local.concurrency_peak} executions at once, but the account allows ${local.account_concurrency}, too few to reserve some for orchestrate: steps would keep it from running. Ask AWS for at least ${min(local.concurrency_peak, local.account_concurrency - local.reservable + local.reports_concurrency)}: aws service-quotas request-service-quota-increase --service-code lambda --quota-code ${local.concurrency_quota} --desired-value ${max(1000, local.concurrency_peak)}. Or lower max_concurrency, of the queues and of the namespaces."
  }

  precondition {
    condition     = !local.makes_database || local.connections_peak <= local.connections
    error_message = "The functions may hold ${local.connections_peak} database connections at once, but Aurora with max_capacity ${var.aurora.max_capacity} and min_capacity ${var.aurora.min_capacity} accepts about ${local.connections}: raise aurora.max_capacity, or lower api.max_concurrency, max_concurrency.reports or max_concurrency.events."
  }
}
