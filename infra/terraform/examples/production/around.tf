# Resources around Tasker that you probably have already.

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
