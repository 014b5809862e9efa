# PostgreSQL: Aurora Serverless v2, or your database.

locals {
  makes_database = var.database == null

  database_url        = local.makes_database ? "postgres://${one(aws_rds_cluster.this[*].endpoint)}:${one(aws_rds_cluster.this[*].port)}/tasker?sslmode=verify-full&sslrootcert=/var/task/rds-authorities.pem" : var.database.url
  database_secret_arn = local.makes_database ? one(aws_rds_cluster.this[*].master_user_secret[0].secret_arn) : try(var.database.secret_arn, null)
  has_database_secret = local.makes_database || try(var.database.secret_arn, null) != null

  # The login of all functions except migrate.
  has_functions_login  = local.makes_database || try(var.database.functions_login, true)
  functions_secret_arn = local.has_functions_login ? one(aws_secretsmanager_secret.functions[*].arn) : local.database_secret_arn
  functions_url        = local.has_functions_login ? replace(local.database_url, "/^(postgres(?:ql)?://)[^/]*@/", "$1") : local.database_url
}

# The functions' login, which may only read and write Tasker's tables. migrate creates the role and the
# password; the password is stored only here.
resource "aws_secretsmanager_secret" "functions" {
  #checkov:skip=CKV2_AWS_57:migrate rotates it when it is invoked with {"rotate_login": true}
  count = local.has_functions_login ? 1 : 0

  name                    = "${var.name}/functions-login"
  description             = "Role and password of ${var.name}'s functions in the database"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 0 # the password can be recreated, and the name must be reusable at once
  tags                    = local.tags
}

data "aws_rds_engine_version" "postgresql" {
  count = local.makes_database ? 1 : 0

  engine  = "aurora-postgresql"
  version = var.aurora.major_version
  # The default, because the latest may be a `-limitless` version, which is another kind of cluster.
  default_only = true

  lifecycle {
    postcondition {
      condition     = !strcontains(self.version_actual, "limitless")
      error_message = "AWS's default for Aurora PostgreSQL ${var.aurora.major_version} is ${self.version_actual}, a limitless database, on which Tasker does not run: set aurora.major_version to another version."
    }
  }
}

resource "aws_db_subnet_group" "this" {
  count = local.makes_database ? 1 : 0

  name       = "${var.name}-database"
  subnet_ids = local.subnet_ids
  tags       = local.tags
}

resource "aws_rds_cluster_parameter_group" "this" {
  count = local.makes_database ? 1 : 0

  name        = "${var.name}-postgresql${var.aurora.major_version}"
  description = "Refuses connections without TLS, logs slow statements"
  family      = "aurora-postgresql${var.aurora.major_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  # Slow statements without their parameters, which contain payloads.
  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }

  tags = local.tags
}

resource "aws_rds_cluster" "this" {
  count = local.makes_database ? 1 : 0

  cluster_identifier = "${var.name}-database"
  engine             = "aurora-postgresql"
  engine_mode        = "provisioned" # the value for Serverless v2
  engine_version     = data.aws_rds_engine_version.postgresql[0].version_actual
  database_name      = "tasker"
  master_username    = "tasker"

  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  storage_encrypted = true
  kms_key_id        = var.kms_key_arn

  db_subnet_group_name            = aws_db_subnet_group.this[0].name
  vpc_security_group_ids          = [aws_security_group.database[0].id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this[0].name

  backup_retention_period         = var.aurora.backup_days
  copy_tags_to_snapshot           = true
  deletion_protection             = var.deletion_protection
  skip_final_snapshot             = !var.final_snapshot
  final_snapshot_identifier       = "${var.name}-database-final-${formatdate("YYYYMMDDhhmmss", plantimestamp())}"
  enabled_cloudwatch_logs_exports = ["postgresql"]
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn

  serverlessv2_scaling_configuration {
    min_capacity = var.aurora.min_capacity
    max_capacity = var.aurora.max_capacity
  }

  tags = local.tags

  lifecycle {
    ignore_changes = [
      engine_version,            # AWS upgrades minor versions in the maintenance window
      final_snapshot_identifier, # the time of creation, so that a second deployment finds its name free
    ]
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "this" {
  count = local.makes_database ? var.aurora.instances : 0

  identifier                      = "${var.name}-database-${count.index}"
  cluster_identifier              = aws_rds_cluster.this[0].id
  engine                          = aws_rds_cluster.this[0].engine
  engine_version                  = aws_rds_cluster.this[0].engine_version
  instance_class                  = "db.serverless"
  auto_minor_version_upgrade      = true
  copy_tags_to_snapshot           = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.database_monitoring[0].arn

  tags = local.tags

  lifecycle {
    ignore_changes = [engine_version]
  }
}

resource "aws_iam_role" "database_monitoring" {
  count = local.makes_database ? 1 : 0

  name                 = "${var.name}-database-monitoring"
  description          = "Lets RDS write the operating system's figures to CloudWatch"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  count = local.makes_database ? 1 : 0

  role       = aws_iam_role.database_monitoring[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_cloudwatch_log_group" "database" {
  count = local.makes_database ? 1 : 0

  name              = "/aws/rds/cluster/${var.name}-database/postgresql"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}
