# The runtime host on Fargate, for steps that exceed a function's time limit. It has the permissions of
# run-steps and a separate queue. It starts when the queue has messages and stops when there are none (or
# keeps min_tasks running).

locals {
  makes_long_steps = var.long_steps != null
  makes_host_vpc   = local.makes_long_steps && try(var.long_steps.network, null) == null
  host_zones       = local.makes_host_vpc ? local.zone_count : 0

  # Account, region and name of the image's ECR repository, if it is a private one.
  ecr_repository = try(regex("^([0-9]{12})\\.dkr\\.ecr\\.([a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/([^:@]+)", var.long_steps.image), null)
}

resource "aws_ecs_cluster" "this" {
  count = local.makes_long_steps ? 1 : 0

  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  tags = local.tags
}

resource "aws_ecs_task_definition" "host" {
  count = local.makes_long_steps ? 1 : 0

  family                   = "${var.name}-run-long-steps"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.long_steps.cpu
  memory                   = var.long_steps.memory
  task_role_arn            = aws_iam_role.host[0].arn
  execution_role_arn       = aws_iam_role.host_start[0].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  # The only writable folder of the container: the cache of compiled components. Its owner and mode are those of the
  # image's folder, because the image declares a volume there; without that it would belong to root.
  volume {
    name = "cache"
  }

  container_definitions = jsonencode([{
    name                   = "host"
    image                  = var.long_steps.image
    command                = var.long_steps.command
    essential              = true
    readonlyRootFilesystem = true
    mountPoints            = [{ sourceVolume = "cache", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
    # After SIGTERM the host receives no more steps and finishes the running ones. Fargate allows at most two
    # minutes.
    stopTimeout = 120

    environment = [for key, value in merge(
      local.environment,
      local.environment_of_hosts,
      # In full, for images of earlier releases. A container's environment has no limit of 4 KB.
      length(var.handler_secrets) == 0 ? {} : { TASKER_HANDLER_SECRETS = join(",", var.handler_secrets) },
      # The queue that this host receives from.
      { TASKER_STEPS_QUEUE = aws_sqs_queue.work["steps-long"].url, TASKER_LONG_STEPS_QUEUE = aws_sqs_queue.work["steps-long"].url },
      var.long_steps.environment,
    ) : { name = key, value = value }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.host[0].name
        awslogs-region        = local.region
        awslogs-stream-prefix = "host"
      }
    }
  }])

  tags = local.tags
}

resource "aws_ecs_service" "host" {
  count = local.makes_long_steps ? 1 : 0

  name                               = "${var.name}-run-long-steps"
  cluster                            = aws_ecs_cluster.this[0].id
  task_definition                    = aws_ecs_task_definition.host[0].arn
  desired_count                      = var.long_steps.min_tasks
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  network_configuration {
    subnets          = local.makes_host_vpc ? aws_subnet.host[*].id : var.long_steps.network.subnet_ids
    security_groups  = aws_security_group.host[*].id
    assign_public_ip = local.makes_host_vpc || try(var.long_steps.network.assign_public_ip, false)
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  tags = local.tags

  lifecycle {
    ignore_changes = [desired_count] # the scaling below decides
  }

  depends_on = [aws_iam_role_policy.host, aws_iam_role_policy.host_start]
}

# --- scaling: out by queue depth and age, in to min_tasks when the queue is empty and no step is running ---

resource "aws_appautoscaling_target" "host" {
  count = local.makes_long_steps ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this[0].name}/${aws_ecs_service.host[0].name}"
  min_capacity       = var.long_steps.min_tasks
  max_capacity       = var.long_steps.max_tasks
  tags               = local.tags
}

resource "aws_appautoscaling_policy" "more_by_depth" {
  count = local.makes_long_steps ? 1 : 0

  name               = "${var.name}-more-by-depth"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.host[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.host[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.host[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 120 # a task needs about a minute to start

    # Bounds are relative to the alarm's threshold of 1.
    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 9
      scaling_adjustment          = 1
    }
    step_adjustment {
      metric_interval_lower_bound = 9
      metric_interval_upper_bound = 99
      scaling_adjustment          = max(1, ceil(var.long_steps.max_tasks / 4))
    }
    step_adjustment {
      metric_interval_lower_bound = 99
      scaling_adjustment          = var.long_steps.max_tasks
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "more_by_depth" {
  count = local.makes_long_steps ? 1 : 0

  alarm_name          = "${var.name}-long-steps-wait"
  alarm_description   = "Starts hosts for long steps. Not an error."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.work["steps-long"].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.more_by_depth[0].arn]
  tags                = local.tags
}

resource "aws_appautoscaling_policy" "more_by_age" {
  count = local.makes_long_steps ? 1 : 0

  name               = "${var.name}-more-by-age"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.host[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.host[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.host[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 180

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = max(1, ceil(var.long_steps.max_tasks / 4))
    }
  }
}

# A message in flight keeps its age, so a long-running step alone must not start hosts: count age only while
# messages wait.
resource "aws_cloudwatch_metric_alarm" "more_by_age" {
  count = local.makes_long_steps ? 1 : 0

  alarm_name          = "${var.name}-long-steps-wait-long"
  alarm_description   = "Starts more hosts for long steps, because the oldest message has waited for five minutes. Not an error."
  evaluation_periods  = 2
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.more_by_age[0].arn]

  metric_query {
    id          = "waiting_age"
    expression  = "IF(visible > 0, age, 0)"
    label       = "Age of the oldest message while messages wait"
    return_data = true
  }
  metric_query {
    id = "visible"
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.work["steps-long"].name }
      stat        = "Maximum"
      period      = 60
    }
  }
  metric_query {
    id = "age"
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.work["steps-long"].name }
      stat        = "Maximum"
      period      = 60
    }
  }

  tags = local.tags
}

resource "aws_appautoscaling_policy" "none" {
  count = local.makes_long_steps ? 1 : 0

  name               = "${var.name}-none"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.host[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.host[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.host[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ExactCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 60

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = var.long_steps.min_tasks
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "none" {
  count = local.makes_long_steps ? 1 : 0

  alarm_name          = "${var.name}-long-steps-none"
  alarm_description   = "Stops the hosts for long steps, because no step waits or runs. Not an error."
  evaluation_periods  = var.long_steps.idle_minutes
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "missing"
  alarm_actions       = [aws_appautoscaling_policy.none[0].arn]

  metric_query {
    id          = "left"
    expression  = "visible + running"
    label       = "Messages that wait or are being worked on"
    return_data = true
  }
  metric_query {
    id = "visible"
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.work["steps-long"].name }
      stat        = "Maximum"
      period      = 60
    }
  }
  metric_query {
    id = "running"
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesNotVisible"
      dimensions  = { QueueName = aws_sqs_queue.work["steps-long"].name }
      stat        = "Maximum"
      period      = 60
    }
  }

  tags = local.tags
}

# --- roles: permissions of the host, and of ECS to start it ---

resource "aws_iam_role" "host" {
  count = local.makes_long_steps ? 1 : 0

  name                 = "${var.name}-run-long-steps"
  description          = "Runs long steps in sandboxes"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_tasks
  tags                 = local.tags
}

resource "aws_iam_role_policy" "host" {
  count = local.makes_long_steps ? 1 : 0

  name = "run-long-steps"
  role = aws_iam_role.host[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Sid = "TakeLongSteps", Effect = "Allow", Action = local.actions_to_consume, Resource = local.queue_arn["steps-long"] }],
      local.may_run_steps,
      local.may_reach_shared_namespaces,
    )
  })
}

resource "aws_iam_role" "host_start" {
  count = local.makes_long_steps ? 1 : 0

  name                 = "${var.name}-run-long-steps-start"
  description          = "Lets ECS fetch the image and write the logs of ${var.name}-run-long-steps"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_tasks
  tags                 = local.tags
}

resource "aws_iam_role_policy" "host_start" {
  count = local.makes_long_steps ? 1 : 0

  name = "start"
  role = aws_iam_role.host_start[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/run-long-steps:*"
      }],
      [for repository in [local.ecr_repository] : {
        Sid      = "FetchImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
        Resource = "arn:${local.partition}:ecr:${repository[1]}:${repository[0]}:repository/${repository[2]}"
      } if repository != null],
      # IAM supports no resource for this call: it returns the registry's token.
      [for repository in [local.ecr_repository] : {
        Sid      = "LogInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = "*"
      } if repository != null],
    )
  })
}

locals {
  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_cloudwatch_log_group" "host" {
  count = local.makes_long_steps ? 1 : 0

  name              = "/${var.name}/run-long-steps"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

# --- network: a separate VPC, so that handler code has no route to the database ---

resource "aws_vpc" "host" {
  count = local.makes_host_vpc ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(local.tags, { Name = "${var.name}-run-long-steps" })
}

resource "aws_internet_gateway" "host" {
  count = local.makes_host_vpc ? 1 : 0

  vpc_id = aws_vpc.host[0].id
  tags   = merge(local.tags, { Name = "${var.name}-run-long-steps" })
}

resource "aws_subnet" "host" {
  count = local.host_zones

  vpc_id            = aws_vpc.host[0].id
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, count.index)
  availability_zone = local.zone_names[count.index]
  tags              = merge(local.tags, { Name = "${var.name}-run-long-steps-${count.index}" })

  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_route_table" "host" {
  count = local.makes_host_vpc ? 1 : 0

  vpc_id = aws_vpc.host[0].id
  tags   = merge(local.tags, { Name = "${var.name}-run-long-steps" })

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.host[0].id
  }
}

resource "aws_route_table_association" "host" {
  count = local.host_zones

  subnet_id      = aws_subnet.host[count.index].id
  route_table_id = aws_route_table.host[0].id
}

resource "aws_flow_log" "host" {
  count = local.makes_host_vpc ? 1 : 0

  vpc_id          = aws_vpc.host[0].id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.connections[0].arn
  iam_role_arn    = aws_iam_role.connections[0].arn
  tags            = local.tags
}

resource "aws_default_security_group" "host" {
  count = local.makes_host_vpc ? 1 : 0

  vpc_id = aws_vpc.host[0].id
  tags   = merge(local.tags, { Name = "${var.name}-run-long-steps-unused" })
}

resource "aws_security_group" "host" {
  count = local.makes_long_steps ? 1 : 0

  name        = "${var.name}-run-long-steps"
  description = "Runtime hosts of ${var.name}: nothing may connect to them"
  vpc_id      = local.makes_host_vpc ? aws_vpc.host[0].id : var.long_steps.network.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-run-long-steps" })
}

# AWS, and the destinations that handlers are granted. The host itself checks the latter.
resource "aws_vpc_security_group_egress_rule" "host" {
  for_each = { for scheme, port in { http = 80, https = 443 } : scheme => port if local.makes_long_steps }

  security_group_id = aws_security_group.host[0].id
  description       = "To AWS and what handlers are granted, by ${each.key}"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = "0.0.0.0/0"
}
