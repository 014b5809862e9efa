# Your network and your database. The module lets the functions into the database's security group; they reach
# AWS on port 443 through your endpoints or NAT.

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

variable "vpc_id" {
  description = "Your VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones, with access to SQS, S3, DynamoDB and Secrets Manager."
  type        = list(string)
}

variable "database_host" {
  description = "Host of your PostgreSQL (15 or later)."
  type        = string
}

variable "database_secret_arn" {
  description = "Secret with the username and password of Tasker's database user."
  type        = string
}

variable "database_security_group_id" {
  description = "Security group of your database."
  type        = string
}

module "tasker" {
  source = "../.."

  name          = "tasker"
  functions_dir = var.functions_dir
  publication   = var.publication

  network = { vpc_id = var.vpc_id, subnet_ids = var.subnet_ids }
  database = {
    # verify-full: the functions accept the certificates of Amazon RDS and those of public authorities.
    url               = "postgres://${var.database_host}:5432/tasker?sslmode=verify-full"
    secret_arn        = var.database_secret_arn
    security_group_id = var.database_security_group_id
  }
}

output "api_url" {
  description = "URL of the API. Requests are signed with SigV4."
  value       = module.tasker.api_url
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
