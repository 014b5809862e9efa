# What stands around Tasker and would be yours already.

resource "aws_secretsmanager_secret" "payment_provider" {
  name       = "payment-provider"
  kms_key_id = aws_kms_key.tasker.arn
}

resource "aws_s3_bucket" "imports" {
  bucket = "${local.name}-imports-${data.aws_caller_identity.current.account_id}"
}

resource "aws_s3_bucket_public_access_block" "imports" {
  bucket                  = aws_s3_bucket.imports.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_sns_topic" "refunds" {
  name              = "${local.name}-refunds"
  kms_master_key_id = aws_kms_key.tasker.arn
}

resource "aws_cloudwatch_event_bus" "tasker" {
  name = local.name
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.tasker.arn
}

resource "aws_sns_topic_subscription" "on_call" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.on_call
}
