# The least: a name and the functions. Makes a VPC and Aurora Serverless v2.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
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
  description = "Folder that holds <function>/bootstrap.zip."
  type        = string
  default     = "../../../../target/functions"
}

output "api_url" {
  description = "URL of the API. Requests are signed with SigV4."
  value       = module.tasker.api_url
}

# `tasker deploy` gives this one and reads these two.

variable "publication" {
  description = "Key in the blobs bucket of what to publish with this deployment."
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
