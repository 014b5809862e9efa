# The key that signs compiled components. Hosts load native code only with a signature of this key and have
# only its public key, so no host can create code for another. The permission kms:Sign is the permission to
# publish.

resource "aws_kms_key" "publisher" {
  description              = "Signs the compiled components that hosts of ${var.name} load"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = var.deletion_protection ? 30 : 7
  tags                     = local.tags

  # The default key policy: the account's IAM policies decide.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LeaveItToIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_alias" "publisher" {
  name          = "alias/${var.name}-publisher"
  target_key_id = aws_kms_key.publisher.key_id
}

data "aws_kms_public_key" "publisher" {
  key_id = aws_kms_key.publisher.arn
}
