# The outputs of a deployment.

output "api_url" {
  description = "URL of the API, without a trailing slash."
  value       = local.api_url
}

output "queue_urls" {
  description = "URLs of the queues by name (steps, reports, events, steps-<namespace>, steps-long)."
  value       = { for queue, made in aws_sqs_queue.work : queue => made.url }
}

output "dead_letter_queue_urls" {
  description = "URLs of the dead-letter queues by the name of the queue they belong to."
  value       = { for queue, made in aws_sqs_queue.dead : queue => made.url }
}

output "events_queue_arn" {
  description = "ARN of the events queue, for sources outside this module."
  value       = local.queue_arn["events"]
}

output "function_names" {
  description = "Names of the functions by key (orchestrate, run-steps, api, ingest, sweep, migrate, run-steps-<namespace>)."
  value       = { for function, made in aws_lambda_function.this : function => made.function_name }
}

output "function_versions" {
  description = "The version that each function's alias `live` points to. Note them before a release; `releases` can roll back to them."
  value       = merge({ for function, alias in aws_lambda_alias.live : function => alias.function_version }, { migrate = aws_lambda_alias.migrate.function_version })
}

output "role_arns" {
  description = "ARNs of the functions' roles, for the policies of your keys and secrets."
  value       = { for function, role in aws_iam_role.function : function => role.arn }
}

output "host_role_arn" {
  description = "ARN of the role of the hosts for long steps; null without long_steps."
  value       = one(aws_iam_role.host[*].arn)
}

output "blobs_bucket" {
  description = "Name of the bucket for components, artifacts, publications and payloads."
  value       = aws_s3_bucket.blobs.id
}

output "tables" {
  description = "Names of the DynamoDB tables: leases and keyvalue."
  value       = { leases = aws_dynamodb_table.leases.name, keyvalue = aws_dynamodb_table.keyvalue.name }
}

output "publisher_key_arn" {
  description = "ARN of the key that publishers sign compiled components with."
  value       = aws_kms_key.publisher.arn
}

output "database_url" {
  description = "URL of the database, without a password unless your URL contains one."
  value       = local.database_url
}

output "database_secret_arn" {
  description = "ARN of the secret with the database's user name and password; null if the URL contains them."
  value       = local.database_secret_arn
}

output "event_bus" {
  description = "Event bus that events are published to; null if there is none."
  value       = var.event_bus
}

output "function_security_group_ids" {
  description = "Security groups of the functions that use the database."
  value       = local.function_security_group_ids
}

output "vpc_id" {
  description = "VPC of the functions that use the database; null without one."
  value       = local.in_vpc ? local.vpc_id : null
}

output "migration" {
  description = "Result of the migrate function."
  value       = aws_lambda_invocation.migrate.result
}
