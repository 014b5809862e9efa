# Production: your KMS key, two database instances, separated namespaces, four kinds of event sources, long
# steps on Fargate, and alarms with notifications.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "functions_dir" {
  description = "Folder with <function>/bootstrap.zip."
  type        = string
  default     = "../../../../target/functions"
}

variable "host_image" {
  description = "Image of the runtime host, by digest."
  type        = string
}

variable "payment_secret_arn" {
  description = "Secret that can be granted to handlers of the namespace payments."
  type        = string
}

variable "imports_bucket" {
  description = "Bucket whose new CSV files start workflows. Its notification is replaced."
  type        = string
}

variable "on_call" {
  description = "E-mail address for alarm notifications."
  type        = string
}

locals {
  name = "tasker-production"
}

module "tasker" {
  source = "../.."

  name          = local.name
  functions_dir = var.functions_dir
  publication   = var.publication
  kms_key_arn   = aws_kms_key.tasker.arn

  aurora = { min_capacity = 1, max_capacity = 32, instances = 2, backup_days = 30 }

  namespaces = {
    payments = { max_concurrency = 50, secrets = [var.payment_secret_arn] }
    reports  = { max_concurrency = 10 }
  }

  # For an account with 1,000 executions at once; the module tells if they do not fit.
  max_concurrency = { steps = 200, reports = 20, events = 20 }
  # Up to 100 reports in one transaction, with at most a second's delay.
  batches = { reports = { size = 100, window = 1 } }

  event_rules = {
    order-placed = { pattern = jsonencode({ source = ["shop"], detail-type = ["OrderPlaced"] }) }
  }
  s3_sources = { (var.imports_bucket) = { notify = true, suffix = ".csv" } }
  sns_topics = { refunds = aws_sns_topic.refunds.arn }
  schedules = {
    nightly-settlement = {
      expression = "cron(0 2 * * ? *)"
      timezone   = "Europe/London"
      input      = jsonencode({ template = "settlement", namespace = "payments" })
    }
  }
  event_bus = aws_cloudwatch_event_bus.tasker.name

  long_steps = { image = var.host_image, cpu = 2048, memory = 4096, max_tasks = 20 }

  alarm_topic_arn    = aws_sns_topic.alarms.arn
  log_retention_days = 365
  tags               = { team = "platform", cost-centre = "4711" }

  # To roll back a function, set the version that output function_versions showed before the release:
  # releases = { run-steps = { version = "41" } }
  # To send a tenth of the calls to a new version:
  # releases = { run-steps = { version = "41", canary = { version = "42", weight = 0.1 } } }

  depends_on = [aws_kms_key_policy.tasker]
}

output "api_url" {
  description = "URL of the API. Requests are signed with SigV4."
  value       = module.tasker.api_url
}

output "function_versions" {
  description = "The version of each function that serves calls."
  value       = module.tasker.function_versions
}

# `tasker deploy` sets this variable and reads these two outputs.

variable "publication" {
  description = "Key of the bundle to publish with this deployment, in the blobs bucket."
  type        = string
  default     = ""
}

output "blobs_bucket" {
  description = "Bucket for components, artifacts, publications and payloads."
  value       = module.tasker.blobs_bucket
}

output "publisher_key_arn" {
  description = "Key that publishers sign compiled components with."
  value       = module.tasker.publisher_key_arn
}
