# The minimal configuration: a name and the functions. Creates a VPC and Aurora Serverless v2.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "tasker" {
  source = "../.."

  name          = "tasker"
  functions_dir = var.functions_dir
  publication   = var.publication
}

variable "functions_dir" {
  description = "Folder with <function>/bootstrap.zip."
  type        = string
  default     = "../../../../target/functions"
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
