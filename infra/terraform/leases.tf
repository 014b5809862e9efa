# DynamoDB: execution leases, and the handlers' key-value store.

resource "aws_dynamodb_table" "leases" {
  name         = "${var.name}-leases"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "lease"

  attribute {
    name = "lease"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null # otherwise a key that AWS owns encrypts it
    kms_key_arn = var.kms_key_arn
  }

  tags = local.tags
}

resource "aws_dynamodb_table" "keyvalue" {
  name                        = "${var.name}-keyvalue"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "bucket" # <namespace>/<bucket>: policies separate namespaces by it
  range_key                   = "key"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "bucket"
    type = "S"
  }

  attribute {
    name = "key"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null # otherwise a key that AWS owns encrypts it
    kms_key_arn = var.kms_key_arn
  }

  tags = local.tags
}
