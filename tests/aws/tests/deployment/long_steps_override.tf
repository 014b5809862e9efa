# The emulator has no Application Auto Scaling: what scales the host is left out, all else of it is made.

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
