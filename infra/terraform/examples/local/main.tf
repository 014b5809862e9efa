# Tasker on a local AWS emulator (its address is in AWS_ENDPOINT_URL) with a local PostgreSQL. Uses the
# ordinary module: no VPC, your database, a public API through its function URL, no alarms or dashboard.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = var.access_key
  secret_key                  = var.secret_key
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

variable "access_key" {
  description = "Access key for the emulator."
  type        = string
  default     = "test"
}

variable "secret_key" {
  description = "Secret key for the emulator."
  type        = string
  default     = "test"
  sensitive   = true
}

variable "name" {
  description = "Prefix of every resource."
  type        = string
  default     = "tasker"
}

variable "functions_dir" {
  description = "Folder with <function>/bootstrap.zip, built for architecture."
  type        = string
}

variable "architecture" {
  description = "Processor of your machine: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "database_url" {
  description = "PostgreSQL on your machine, with user and password."
  type        = string
}

variable "publication" {
  description = "Key of the bundle to publish, in the blobs bucket."
  type        = string
  default     = ""
}

variable "namespaces" {
  description = "Namespaces with a separate queue; see the module."
  type        = any
  default     = {}
}

variable "event_rules" {
  description = "EventBridge rules that start workflows; see the module."
  type        = any
  default     = {}
}

variable "s3_sources" {
  description = "Buckets whose notifications start workflows; see the module."
  type        = any
  default     = {}
}

variable "sns_topics" {
  description = "Topics whose messages start workflows; see the module."
  type        = map(string)
  default     = {}
}

variable "schedules" {
  description = "Schedules that start workflows; see the module."
  type        = any
  default     = {}
}

variable "event_bus" {
  description = "Name of an event bus to create and publish events to; empty for none."
  type        = string
  default     = ""
}

variable "api" {
  description = "Access to the API; see the module."
  type        = any
  default     = { kind = "function_url", authorization = "NONE" }
}

variable "long_steps" {
  description = "A container host for long steps, if the emulator runs containers; see the module."
  type        = any
  default     = null
}

variable "function_settings" {
  description = "Memory, timeout and additional environment of functions; see the module."
  type        = any
  default     = {}
}

variable "releases" {
  description = "Versions that the functions' aliases point to; see the module."
  type        = any
  default     = {}
}

resource "aws_cloudwatch_event_bus" "this" {
  count = var.event_bus == "" ? 0 : 1

  name = var.event_bus
}

module "tasker" {
  source = "../.."

  name          = var.name
  functions_dir = var.functions_dir
  architecture  = var.architecture
  publication   = var.publication

  database = { url = var.database_url }
  network  = { none = true }
  api      = var.api

  namespaces        = var.namespaces
  event_rules       = var.event_rules
  s3_sources        = var.s3_sources
  sns_topics        = var.sns_topics
  schedules         = var.schedules
  event_bus         = var.event_bus == "" ? null : var.event_bus
  long_steps        = var.long_steps
  function_settings = var.function_settings
  releases          = var.releases

  account_concurrency = 100 # an emulator has no quota to read, and nothing to reserve
  deletion_protection = false
  alarms              = false
  dashboard           = false
}
