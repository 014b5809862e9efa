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
