output "api_url" {
  description = "URL of the API."
  value       = module.tasker.api_url
}

output "queue_urls" {
  description = "URLs of the queues by name."
  value       = module.tasker.queue_urls
}

output "dead_letter_queue_urls" {
  description = "URLs of the dead-letter queues by the name of the queue they belong to."
  value       = module.tasker.dead_letter_queue_urls
}

output "function_names" {
  description = "Names of the functions by what they do."
  value       = module.tasker.function_names
}

output "blobs_bucket" {
  description = "Name of the bucket."
  value       = module.tasker.blobs_bucket
}

output "tables" {
  description = "Names of the tables: leases and keyvalue."
  value       = module.tasker.tables
}

output "publisher_key_arn" {
  description = "ARN of the key that compiled components are signed with."
  value       = module.tasker.publisher_key_arn
}

output "event_bus" {
  description = "Event bus that events are published to; null if there is none."
  value       = module.tasker.event_bus
}

output "migration" {
  description = "Result of the migrate function."
  value       = module.tasker.migration
}
