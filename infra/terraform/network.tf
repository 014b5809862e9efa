# The network of the functions that use the database. The VPC that the module creates has no internet access;
# the functions use endpoints whose policies name the deployment's resources.

locals {
  makes_vpc             = var.network == null
  in_vpc                = local.makes_vpc || !try(var.network.none, false)
  makes_function_groups = local.in_vpc && try(var.network.security_group_ids, null) == null

  vpc_id                      = local.makes_vpc ? one(aws_vpc.this[*].id) : var.network.vpc_id
  subnet_ids                  = local.makes_vpc ? aws_subnet.private[*].id : var.network.subnet_ids
  function_security_group_ids = local.makes_function_groups ? aws_security_group.functions[*].id : try(var.network.security_group_ids, [])

  # The number of zones must be known before the region's zones are read.
  zone_count = var.zones == null ? 2 : length(var.zones)
  zone_names = var.zones == null ? one(data.aws_availability_zones.available[*].names) : var.zones
  zones      = local.makes_vpc ? local.zone_count : 0

  # The resources that each endpoint allows.
  gateway_endpoints = {
    for service, resources in {
      s3       = [local.bucket_arn, "${local.bucket_arn}/*"]
      dynamodb = values(local.table_arn)
    } : service => resources if local.makes_vpc
  }

  interface_endpoints = {
    for service, endpoint in {
      sqs            = { wanted = true, resources = concat(values(local.queue_arn), var.publish_queues) }
      secretsmanager = { wanted = true, resources = distinct([local.database_secret_arn, local.functions_secret_arn]) }
      events         = { wanted = var.event_bus != null, resources = [local.bus_arn] }
      sns            = { wanted = length(var.publish_topics) > 0, resources = var.publish_topics }
    } : service => endpoint.resources if local.makes_vpc && endpoint.wanted
  }

  # The destinations that the functions' security group allows.
  function_egress = {
    for target, rule in {
      database  = { port = 5432, wanted = local.makes_database, group = one(aws_security_group.database[*].id), prefix_list = null, cidr = null }
      endpoints = { port = 443, wanted = local.makes_vpc, group = one(aws_security_group.endpoints[*].id), prefix_list = null, cidr = null }
      s3        = { port = 443, wanted = local.makes_vpc, group = null, prefix_list = try(aws_vpc_endpoint.gateway["s3"].prefix_list_id, null), cidr = null }
      dynamodb  = { port = 443, wanted = local.makes_vpc, group = null, prefix_list = try(aws_vpc_endpoint.gateway["dynamodb"].prefix_list_id, null), cidr = null }
      # In your network, AWS is reached through your endpoints or NAT.
      aws           = { port = 443, wanted = !local.makes_vpc, group = null, prefix_list = null, cidr = "0.0.0.0/0" }
      your_database = { port = local.your_database_port, wanted = !local.makes_database, group = try(var.database.security_group_id, null), prefix_list = null, cidr = null }
    } : target => rule if local.makes_function_groups && rule.wanted
  }

  your_database_port = try(tonumber(regex("^postgres(?:ql)?://[^/]*:([0-9]+)(?:/|$)", var.database.url)[0]), 5432)
}

data "aws_availability_zones" "available" {
  count = var.zones == null && (local.makes_vpc || local.makes_host_vpc) ? 1 : 0

  state            = "available"
  exclude_zone_ids = var.exclude_zone_ids

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= 2
      error_message = "The region has ${length(self.names)} zone(s) outside exclude_zone_ids, and the module needs two: set zones, or exclude fewer."
    }
  }
}

resource "aws_vpc" "this" {
  count = local.makes_vpc ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = merge(local.tags, { Name = var.name })
}

resource "aws_subnet" "private" {
  count = local.zones

  vpc_id            = aws_vpc.this[0].id
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, count.index)
  availability_zone = local.zone_names[count.index]
  tags              = merge(local.tags, { Name = "${var.name}-private-${count.index}" })

  lifecycle {
    ignore_changes = [availability_zone] # a new zone of AWS must not move the subnets
  }
}

resource "aws_route_table" "private" {
  count = local.makes_vpc ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.name}-private" })
}

resource "aws_route_table_association" "private" {
  count = local.zones

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[0].id
}

# The default security group allows nothing.
resource "aws_default_security_group" "this" {
  count = local.makes_vpc ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = merge(local.tags, { Name = "${var.name}-unused" })
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = local.gateway_endpoints

  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.private[*].id
  tags              = merge(local.tags, { Name = "${var.name}-${each.key}" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "${each.key}:*"
      Resource  = each.value
    }]
  })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_endpoints

  vpc_id              = aws_vpc.this[0].id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = aws_security_group.endpoints[*].id
  private_dns_enabled = true
  tags                = merge(local.tags, { Name = "${var.name}-${each.key}" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "${each.key}:*"
      Resource  = each.value
    }]
  })
}

# --- security groups: functions -> database, functions -> endpoints, nothing else ---

resource "aws_security_group" "functions" {
  count = local.makes_function_groups ? 1 : 0

  name        = "${var.name}-functions"
  description = "Functions of ${var.name} that use the database"
  vpc_id      = local.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-functions" })
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  for_each = local.function_egress

  security_group_id            = aws_security_group.functions[0].id
  description                  = "To ${replace(each.key, "_", " ")}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.group
  prefix_list_id               = each.value.prefix_list
  cidr_ipv4                    = each.value.cidr
}

resource "aws_security_group" "database" {
  count = local.makes_database ? 1 : 0

  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  vpc_id      = local.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-database" })
}

# One rule per security group of the functions, on the created database or on yours.
resource "aws_vpc_security_group_ingress_rule" "database" {
  count = local.in_vpc && (local.makes_database || local.makes_function_groups) ? length(local.function_security_group_ids) : 0

  security_group_id            = local.makes_database ? aws_security_group.database[0].id : var.database.security_group_id
  description                  = "From the functions of ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = local.makes_database ? 5432 : local.your_database_port
  to_port                      = local.makes_database ? 5432 : local.your_database_port
  referenced_security_group_id = local.function_security_group_ids[count.index]
}

resource "aws_security_group" "endpoints" {
  count = local.makes_vpc ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "Endpoints through which ${var.name} reaches AWS"
  vpc_id      = aws_vpc.this[0].id
  tags        = merge(local.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = local.makes_vpc ? 1 : 0

  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "From the functions"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.functions[0].id
}

# --- flow logs of accepted and rejected connections ---

resource "aws_flow_log" "this" {
  count = local.makes_vpc ? 1 : 0

  vpc_id          = aws_vpc.this[0].id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.connections[0].arn
  iam_role_arn    = aws_iam_role.connections[0].arn
  tags            = local.tags
}

resource "aws_cloudwatch_log_group" "connections" {
  count = local.makes_vpc || local.makes_host_vpc ? 1 : 0

  name              = "/${var.name}/connections"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

resource "aws_iam_role" "connections" {
  count = local.makes_vpc || local.makes_host_vpc ? 1 : 0

  name                 = "${var.name}-connections"
  description          = "Lets the VPCs write their record of connections"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "connections" {
  count = local.makes_vpc || local.makes_host_vpc ? 1 : 0

  name = "write"
  role = aws_iam_role.connections[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name}/connections:*"
    }]
  })
}
