# The emulator does not support Application Auto Scaling, so scaling is left out; everything else is created.

resource "aws_appautoscaling_target" "host" {
  count = 0
}

resource "aws_appautoscaling_policy" "more_by_depth" {
  count = 0
}

resource "aws_appautoscaling_policy" "more_by_age" {
  count = 0
}

resource "aws_appautoscaling_policy" "none" {
  count = 0
}

resource "aws_cloudwatch_metric_alarm" "more_by_depth" {
  count = 0
}

resource "aws_cloudwatch_metric_alarm" "more_by_age" {
  count = 0
}

resource "aws_cloudwatch_metric_alarm" "none" {
  count = 0
}
