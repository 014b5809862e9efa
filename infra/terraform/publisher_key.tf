# The key that publishers sign compiled components with. Hosts load native code only if this key signed it; they check
# with its public half, so no host can make what another one runs. Who may publish is who may kms:Sign with it.

resource "aws_kms_key" "publisher" {
  description              = "Signs the compiled components that hosts of ${var.name} load"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = var.deletion_protection ? 30 : 7
  tags                     = local.tags

  # As every key's by default: the account's IAM policies decide.
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
