# The input variables. Only functions_dir has no default.

variable "name" {
  description = "Prefix of every resource. Must be unique in the account, across regions, because roles are global."
  type        = string
  default     = "tasker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 characters: lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen."
  }
}

variable "tags" {
  description = "Tags for every resource, in addition to tasker:deployment (and tasker:namespace for resources of one namespace). Activate those two as cost allocation tags to see the costs of each."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "Your KMS key for queues, tables, blobs, secrets, logs and the database. Null: keys that AWS owns or manages. Its key policy must allow logs, events, sns, s3 and scheduler: see examples/production."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (not of an alias)."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary for every role that the module creates."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Refuse to delete the database and the key-value table, and keep a bucket that still contains objects. Before destroying, set it to false and apply."
  type        = bool
  default     = true
}

variable "final_snapshot" {
  description = "Take a last snapshot of the database that the module creates when it is destroyed. Set false only if nobody will need the data: applying it deletes nothing yet."
  type        = bool
  default     = true
}

# --- functions ---------------------------------------------------------------------------------------------------

variable "functions_dir" {
  description = "Folder with <function>/bootstrap.zip for orchestrate, run-steps, api, ingest, deliver, sweep and migrate."
  type        = string

  validation {
    condition = alltrue([
      for function in ["orchestrate", "run-steps", "api", "ingest", "deliver", "sweep", "migrate"] :
      fileexists("${var.functions_dir}/${function}/bootstrap.zip")
    ])
    error_message = "functions_dir must contain <function>/bootstrap.zip for each of orchestrate, run-steps, api, ingest, deliver, sweep and migrate."
  }
}

variable "architecture" {
  description = "Processor that the zips (and the image of long_steps) were built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "function_settings" {
  description = "Per function (orchestrate, run-steps, api, ingest, deliver, sweep, migrate): memory in MB, timeout in seconds, size of /tmp in MB, reserved concurrency (-1: none), and additional environment variables."
  type = map(object({
    memory               = optional(number)
    timeout              = optional(number)
    storage              = optional(number)
    reserved_concurrency = optional(number)
    environment          = optional(map(string), {})
  }))
  default = {}

  validation {
    condition     = alltrue([for function in keys(var.function_settings) : contains(["orchestrate", "run-steps", "api", "ingest", "deliver", "sweep", "migrate"], function)])
    error_message = "function_settings accepts orchestrate, run-steps, api, ingest, deliver, sweep and migrate."
  }
  validation {
    condition     = alltrue([for settings in values(var.function_settings) : coalesce(settings.timeout, 1) >= 1 && coalesce(settings.timeout, 1) <= 900])
    error_message = "A function's timeout must be 1 to 900 seconds; longer steps need long_steps."
  }
}

variable "releases" {
  description = "Per function: the version that its alias `live` points to (null: the one just published), and a second version that gets a share of the calls. Set version to roll back; set canary for blue/green."
  type = map(object({
    version = optional(string)
    canary  = optional(object({ version = string, weight = number }))
  }))
  default = {}

  validation {
    condition     = alltrue([for release in values(var.releases) : release.canary == null || try(release.canary.weight > 0 && release.canary.weight < 1, false)])
    error_message = "A canary's weight must be between 0 and 1."
  }
  validation {
    condition     = alltrue([for release in values(var.releases) : release.canary == null || release.version != null])
    error_message = "A canary needs a fixed version: set version too."
  }
}

variable "code_signing_config_arn" {
  description = "Code signing configuration that the zips must satisfy."
  type        = string
  default     = null
}

variable "environment" {
  description = "Environment that selects overrides in templates."
  type        = string
  default     = "production"
}

variable "publication" {
  description = "Key of the bundle, in the blobs bucket, that the deployment publishes after migrating the database; empty publishes nothing. Changing it publishes again."
  type        = string
  default     = ""
}

variable "handler_secrets" {
  description = "ARNs of Secrets Manager secrets that can be granted to handlers, by the last part of the name: `prod/shop/payment_key` as payment_key. A namespace with a separate function has a separate list."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.handler_secrets : can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]+:secret:.+-[A-Za-z0-9]{6}$", arn))])
    error_message = "handler_secrets must be full ARNs, with the hyphen and the six characters that Secrets Manager appends to the name."
  }
  validation {
    condition     = length(distinct([for arn in var.handler_secrets : replace(replace(arn, "/^.*[:/]/", ""), "/-[A-Za-z0-9]{6}$/", "")])) == length(var.handler_secrets)
    error_message = "Two handler_secrets have the same last part of the name; it must be unique."
  }
}

variable "handler_secret_kms_key_arns" {
  description = "ARNs of the KMS keys that handlers' secrets are encrypted with, if that is neither the account's default key for Secrets Manager nor kms_key_arn. A namespace with a separate function has a separate list."
  type        = list(string)
  default     = []
}

# --- queues ------------------------------------------------------------------------------------------------------

variable "namespaces" {
  description = "Namespaces with a separate steps queue, so that none waits behind another. With own_function they also get a separate function and role that can access only their keys and secrets. max_concurrency: 50 unless the account is small."
  type = map(object({
    max_concurrency = optional(number)
    own_function    = optional(bool, true)
    secrets         = optional(list(string), [])
    secret_kms_keys = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for namespace in keys(var.namespaces) : can(regex("^[a-z0-9][a-z0-9_-]{0,23}$", namespace))])
    error_message = "A namespace with a queue must have 1 to 24 characters: lower-case letters, digits, hyphens and underscores."
  }
  validation {
    condition = alltrue([for settings in values(var.namespaces) :
      alltrue([for arn in settings.secrets : can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]+:secret:.+-[A-Za-z0-9]{6}$", arn))]) &&
      length(distinct([for arn in settings.secrets : replace(replace(arn, "/^.*[:/]/", ""), "/-[A-Za-z0-9]{6}$/", "")])) == length(settings.secrets)
    ])
    error_message = "A namespace's secrets must be full ARNs with unique last parts of their names."
  }
  validation {
    condition     = alltrue([for namespace in keys(var.namespaces) : !contains(["long", "dead"], namespace) && !endswith(namespace, "-dead")])
    error_message = "The namespaces long, dead and those ending in -dead would collide with the names of other queues."
  }
  validation {
    condition     = alltrue([for namespace in values(var.namespaces) : coalesce(namespace.max_concurrency, 2) >= 2 && coalesce(namespace.max_concurrency, 2) <= 1000])
    error_message = "max_concurrency must be 2 to 1000."
  }
}

variable "max_concurrency" {
  description = "Maximum concurrent executions of a function per queue. Null: 100 for steps, 10 each for reports, events and deliveries, or less if the account is small. Reports and events each hold a database connection."
  type = object({
    steps      = optional(number)
    reports    = optional(number)
    events     = optional(number)
    deliveries = optional(number)
  })
  default = {}

  validation {
    condition     = alltrue([for limit in [var.max_concurrency.steps, var.max_concurrency.reports, var.max_concurrency.events, var.max_concurrency.deliveries] : coalesce(limit, 2) >= 2 && coalesce(limit, 2) <= 1000])
    error_message = "A maximum concurrency must be 2 to 1000."
  }
}

variable "account_concurrency" {
  description = "Executions that the account allows at once in the region, less the reservations of other functions. Null: the whole quota, which the module reads with servicequotas:GetServiceQuota. From 100 more than it takes, the module reserves executions for orchestrate and limits api to api.max_concurrency; reserved_concurrency = -1 in function_settings turns either off."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.account_concurrency, 10) >= 10
    error_message = "account_concurrency must be at least 10, which every account has."
  }
}

variable "batches" {
  description = "Messages per batch, and seconds to wait for a full batch. A size above 10 needs a window of at least 1."
  type = object({
    steps   = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
    reports = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
    events  = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
  })
  default = {}

  validation {
    condition     = alltrue([for batch in [var.batches.steps, var.batches.reports, var.batches.events] : batch.size >= 1 && batch.size <= 10000 && (batch.size <= 10 || batch.window >= 1)])
    error_message = "A batch size must be 1 to 10000, and a size above 10 needs a window of at least 1 second."
  }
}

# --- database and network ----------------------------------------------------------------------------------------

variable "database" {
  description = <<-TEXT
    Null: the module creates an Aurora Serverless v2 PostgreSQL cluster. Otherwise your database:
    url (postgres://HOST:PORT/DATABASE?sslmode=verify-full, without password; the functions bring the certificates of Amazon
    RDS), secret_arn (a secret with `username` and
    `password`; may be absent only if the URL contains them), secret_kms_key_arn (your KMS key of that secret),
    security_group_id (of the database, which then accepts the functions; required unless network.none is set or network
    has security groups), functions_login (true: only migrate logs in with that secret, and creates a role for the other
    functions, which may only read and write Tasker's tables; false: all functions log in alike, as behind an RDS Proxy
    that has no other secret).
  TEXT
  type = object({
    url                = string
    secret_arn         = optional(string)
    secret_kms_key_arn = optional(string)
    security_group_id  = optional(string)
    functions_login    = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.database == null || can(regex("^postgres(ql)?://", var.database.url))
    error_message = "database.url must begin with postgres:// or postgresql://."
  }
  validation {
    condition     = !can(regex("[?&](user|password)=", try(var.database.url, "")))
    error_message = "database.url must not contain user or password as options, because every function would use them: set secret_arn."
  }
  validation {
    condition     = var.database != null || !try(var.network.none, false)
    error_message = "network.none needs your own database: Aurora is created inside a VPC."
  }
  validation {
    condition     = var.database == null || var.network != null
    error_message = "Your own database needs a network that reaches it: set network (or { none = true })."
  }
  validation {
    condition     = var.database == null || try(var.network.none || var.network.security_group_ids != null, false) || try(var.database.security_group_id != null, false)
    error_message = "Set database.security_group_id, so that the database accepts the functions (or set network.security_group_ids)."
  }
}

variable "aurora" {
  description = "The cluster that is created if database is null: major version, capacity in ACU (0 as a minimum saves nothing, because the sweep connects every minute), number of instances (2 for failover to another zone), days of backups."
  type = object({
    major_version = optional(string, "16")
    min_capacity  = optional(number, 0.5)
    max_capacity  = optional(number, 8)
    instances     = optional(number, 1)
    backup_days   = optional(number, 7)
  })
  default = {}

  validation {
    condition     = var.aurora.min_capacity >= 0 && var.aurora.max_capacity >= 1 && var.aurora.max_capacity >= var.aurora.min_capacity && var.aurora.max_capacity <= 256
    error_message = "aurora: 0 <= min_capacity <= max_capacity, and max_capacity is 1 to 256."
  }
  validation {
    condition     = var.aurora.instances >= 1 && var.aurora.backup_days >= 1 && var.aurora.backup_days <= 35
    error_message = "aurora: at least one instance, and 1 to 35 days of backups."
  }
}

variable "network" {
  description = <<-TEXT
    Network of the functions that use the database. Null: the module creates a VPC without internet access. vpc_id and
    subnet_ids (private, in two zones or more): your network; a security group is created unless you set some. none = true:
    no VPC, for a database that is reachable without one. run-steps and deliver are never in the VPC.
  TEXT
  type = object({
    vpc_id             = optional(string)
    subnet_ids         = optional(list(string))
    security_group_ids = optional(list(string))
    none               = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.network == null || try(var.network.none, false) || try(var.network.vpc_id != null && var.network.subnet_ids != null, false)
    error_message = "network needs vpc_id and subnet_ids, or none = true."
  }
}

variable "zones" {
  description = "Availability zones (names) of the VPCs that the module creates, two or more. Null: the region's first two zones that are not in exclude_zone_ids."
  type        = list(string)
  default     = null

  validation {
    condition     = var.zones == null || try(length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2 && length(var.zones) <= 16, false)
    error_message = "zones must be 2 to 16 different zones."
  }
}

variable "exclude_zone_ids" {
  description = "Zones (ids) to leave out when zones is null. By default those without Lambda in a VPC or without Fargate."
  type        = list(string)
  default     = ["use1-az3", "usw1-az2", "apne1-az3", "cac1-az3", "cnn1-az4"]
}

variable "vpc_cidr" {
  description = "Address range of the VPC that is created if network is null."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 8, 1)) && can(regex("/(1[6-9]|20)$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range of /16 to /20."
  }
}

# --- blobs -------------------------------------------------------------------------------------------------------

variable "payload_days" {
  description = "Days after which large payloads are deleted. Must be longer than any task."
  type        = number
  default     = 90

  validation {
    condition     = var.payload_days >= 1
    error_message = "payload_days must be at least 1."
  }
}

# --- events ------------------------------------------------------------------------------------------------------

variable "event_rules" {
  description = "EventBridge rules that start workflows: name => { bus_name, pattern (JSON) }."
  type = map(object({
    bus_name = optional(string, "default")
    pattern  = string
  }))
  default = {}

  validation {
    condition     = alltrue([for rule in values(var.event_rules) : can(jsondecode(rule.pattern))])
    error_message = "An event rule's pattern must be JSON."
  }
}

variable "s3_sources" {
  description = "Buckets whose notifications may start workflows: bucket name => settings. With notify the module sets the bucket's notification and replaces all other notifications of that bucket."
  type = map(object({
    notify = optional(bool, false)
    events = optional(list(string), ["s3:ObjectCreated:*"])
    prefix = optional(string)
    suffix = optional(string)
  }))
  default = {}
}

variable "sns_topics" {
  description = "SNS topics whose messages may start workflows: a name of your choice => ARN. Messages are delivered raw."
  type        = map(string)
  default     = {}
}

variable "schedules" {
  description = "Schedules that start workflows: name => { expression (cron, rate or at), input (JSON), timezone }."
  type = map(object({
    expression = string
    input      = string
    timezone   = optional(string, "UTC")
  }))
  default = {}

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^(cron|rate|at)\\(.+\\)$", schedule.expression))])
    error_message = "A schedule's expression is cron(...), rate(...) or at(...)."
  }
  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(jsondecode(schedule.input))])
    error_message = "A schedule's input must be JSON."
  }
}

variable "event_bus" {
  description = "Name or ARN of the event bus that receives published events and completions of tasks. If the same configuration creates the bus, use its name."
  type        = string
  default     = null
}

variable "publish_topics" {
  description = "ARNs of the SNS topics that tasks may publish events to."
  type        = list(string)
  default     = []
}

variable "publish_queues" {
  description = "ARNs of the SQS queues, in this region, that tasks may publish events to. Not Tasker's own queues."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.publish_queues : can(regex("^arn:[^:]+:sqs:[^:]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "publish_queues must be full ARNs of standard queues: arn:aws:sqs:region:account:name."
  }
  validation {
    condition     = alltrue([for arn in var.publish_queues : !can(regex(":${var.name}-(steps|reports|events|deliveries)(-|$)", arn))])
    error_message = "publish_queues must not name Tasker's own queues."
  }
}

# --- api ---------------------------------------------------------------------------------------------------------

variable "api" {
  description = <<-TEXT
    Access to the API. kind: http_api or function_url. authorization: AWS_IAM (requests signed with SigV4), JWT (tokens that API
    Gateway verifies: issuer and audience), CUSTOM (a Lambda authorizer: authorizer_arn) or NONE (the API itself requires an API
    key, a session, or a token of an issuer that TASKER_JWT_ISSUER in function_settings names). JWT and CUSTOM need http_api.

    iam_roles says what callers by AWS_IAM may do: patterns of their ARNs, in which * stands for any text, to roles and permissions
    with spaces between them. The longest pattern that fits counts; whom none fits is refused. By default whoever IAM lets through
    is an admin. roles adds roles: lists of permissions and built-in roles. A Lambda authorizer has the format 2.0 with simple
    responses; its context names principal, and permissions, roles and namespaces. authorizer_identity_sources: what requests must
    have for it to be asked.

    rate_limit and burst_limit in requests per second, http_api only. max_concurrency: executions at once, each with a database
    connection. For NONE use http_api: a public function URL needs a permission that this provider version cannot express.
  TEXT
  type = object({
    kind          = optional(string, "http_api")
    authorization = optional(string, "AWS_IAM")
    rate_limit    = optional(number, 500)
    burst_limit   = optional(number, 1000)

    iam_roles = optional(map(string), { "*" = "admin" })
    roles     = optional(map(list(string)), {})

    issuer   = optional(string)
    audience = optional(list(string), [])

    authorizer_arn              = optional(string)
    authorizer_identity_sources = optional(list(string), ["$request.header.Authorization"])

    max_concurrency = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.api.max_concurrency >= 1
    error_message = "api.max_concurrency must be at least 1."
  }

  validation {
    condition     = contains(["http_api", "function_url"], var.api.kind)
    error_message = "api.kind must be http_api or function_url."
  }
  validation {
    condition     = contains(["AWS_IAM", "JWT", "CUSTOM", "NONE"], var.api.authorization)
    error_message = "api.authorization must be AWS_IAM, JWT, CUSTOM or NONE."
  }
  validation {
    condition     = !contains(["JWT", "CUSTOM"], var.api.authorization) || var.api.kind == "http_api"
    error_message = "api.authorization JWT and CUSTOM need api.kind http_api: a function URL has no authorizer."
  }
  validation {
    condition     = (var.api.authorization == "JWT") == (var.api.issuer != null && length(var.api.audience) > 0)
    error_message = "api.authorization JWT needs api.issuer and api.audience, and no other needs them."
  }
  validation {
    condition     = (var.api.authorization == "CUSTOM") == (var.api.authorizer_arn != null)
    error_message = "api.authorization CUSTOM needs api.authorizer_arn, and no other needs it."
  }
  validation {
    condition     = var.api.authorizer_arn == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[A-Za-z0-9-_]+(:[A-Za-z0-9-_]+)?$", var.api.authorizer_arn))
    error_message = "api.authorizer_arn must be the ARN of a Lambda function, or of its alias."
  }
  # Otherwise the API would trust a gateway that authenticates nobody.
  validation {
    condition     = var.api.authorization != "NONE" || try(var.function_settings.api.environment.TASKER_AUTHENTICATION, "own") == "own"
    error_message = "api.authorization NONE requires that the API authenticates its callers itself: leave TASKER_AUTHENTICATION out of function_settings."
  }
}

# --- long steps --------------------------------------------------------------------------------------------------

variable "long_steps" {
  description = <<-TEXT
    A runtime host on Fargate for steps that exceed a function's time limit. image; cpu (units) and memory (MB); min_tasks
    (a container takes about a minute to start: use 1 if steps cannot wait that long) and max_tasks; idle_minutes before
    the last task above min_tasks stops; command and environment of the container; network, else the module creates a
    separate VPC with public subnets (no NAT, no inbound connections, no access to the database).
  TEXT
  type = object({
    image        = string
    cpu          = optional(number, 1024)
    memory       = optional(number, 2048)
    min_tasks    = optional(number, 0)
    max_tasks    = optional(number, 10)
    idle_minutes = optional(number, 10)
    command      = optional(list(string))
    environment  = optional(map(string), {})
    network = optional(object({
      vpc_id           = string
      subnet_ids       = list(string)
      assign_public_ip = optional(bool, false)
    }))
  })
  default = null

  validation {
    condition     = var.long_steps == null || contains([256, 512, 1024, 2048, 4096, 8192, 16384], try(var.long_steps.cpu, 0))
    error_message = "long_steps.cpu must be a value that Fargate supports: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
  validation {
    condition     = var.long_steps == null || try(var.long_steps.max_tasks >= 1 && var.long_steps.min_tasks >= 0 && var.long_steps.min_tasks <= var.long_steps.max_tasks, false)
    error_message = "long_steps.max_tasks must be at least 1, and min_tasks 0 to max_tasks."
  }
}

# --- observability -----------------------------------------------------------------------------------------------

variable "log_retention_days" {
  description = "Days to keep logs."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch supports: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, ..."
  }
}

variable "log_level" {
  description = "RUST_LOG of every function."
  type        = string
  default     = "info"
}

variable "otlp_endpoint" {
  description = "The URL of an OpenTelemetry collector over HTTP that every function reaches, those outside of the VPC included. None: nothing is measured or traced."
  type        = string
  default     = null

  validation {
    condition     = var.otlp_endpoint == null || can(regex("^https?://", var.otlp_endpoint))
    error_message = "otlp_endpoint must begin with http:// or https://."
  }
}

variable "alarms" {
  description = "Create the alarms."
  type        = bool
  default     = true
}

variable "dashboard" {
  description = "Create the CloudWatch dashboard."
  type        = bool
  default     = true
}

variable "alarm_topic_arn" {
  description = "SNS topic that is notified when an alarm starts and ends."
  type        = string
  default     = null
}

variable "alarm_age_seconds" {
  description = "Age of a queue's oldest message that raises the alarm."
  type        = number
  default     = 300
}
