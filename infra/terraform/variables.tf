# What a user decides. Only functions_dir has no default.

variable "name" {
  description = "Prefix of every resource. Must be the only deployment of that name in the account, whatever the region: roles are global."
  type        = string
  default     = "tasker"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 characters: lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen."
  }
}

variable "tags" {
  description = "Tags for every resource, beside tasker:deployment (and tasker:namespace where a resource serves one namespace only). Activate those two as cost allocation tags to see what each costs."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "Your KMS key for queues, tables, blobs, secrets, logs and the database. Null: keys that AWS owns or manages. Its key policy must let logs, events, sns, s3 and scheduler use it: see examples/production."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (not of an alias)."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary for every role that the module makes."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Refuse to delete the database and the key-value table, and keep a bucket that still holds objects. Switch off, apply, then destroy."
  type        = bool
  default     = true
}

# --- functions ---------------------------------------------------------------------------------------------------

variable "functions_dir" {
  description = "Folder that holds <function>/bootstrap.zip for orchestrate, run-steps, api, ingest, sweep and migrate."
  type        = string

  validation {
    condition = alltrue([
      for function in ["orchestrate", "run-steps", "api", "ingest", "sweep", "migrate"] :
      fileexists("${var.functions_dir}/${function}/bootstrap.zip")
    ])
    error_message = "functions_dir must hold <function>/bootstrap.zip for each of orchestrate, run-steps, api, ingest, sweep and migrate."
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
  description = "Per function (orchestrate, run-steps, api, ingest, sweep, migrate): memory in MB, timeout in seconds, size of /tmp in MB, reserved concurrency, and additional environment variables."
  type = map(object({
    memory               = optional(number)
    timeout              = optional(number)
    storage              = optional(number)
    reserved_concurrency = optional(number)
    environment          = optional(map(string), {})
  }))
  default = {}

  validation {
    condition     = alltrue([for function in keys(var.function_settings) : contains(["orchestrate", "run-steps", "api", "ingest", "sweep", "migrate"], function)])
    error_message = "function_settings knows orchestrate, run-steps, api, ingest, sweep and migrate."
  }
  validation {
    condition     = alltrue([for settings in values(var.function_settings) : coalesce(settings.timeout, 1) >= 1 && coalesce(settings.timeout, 1) <= 900])
    error_message = "A function's timeout is 1 to 900 seconds; longer steps need long_steps."
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
    error_message = "A canary's weight lies between 0 and 1."
  }
  validation {
    condition     = alltrue([for release in values(var.releases) : release.canary == null || release.version != null])
    error_message = "A canary stands beside a fixed version: give version too."
  }
}

variable "code_signing_config_arn" {
  description = "Code signing configuration that the zips must satisfy."
  type        = string
  default     = null
}

variable "environment" {
  description = "Environment whose overrides in templates apply."
  type        = string
  default     = "production"
}

variable "publication" {
  description = "Key in the blobs bucket of what to publish when the deployment migrates the database; empty publishes nothing. Changing it publishes again."
  type        = string
  default     = ""
}

variable "handler_secrets" {
  description = "ARNs of the Secrets Manager secrets that handlers may be granted, each by the last part of its name: `prod/shop/payment_key` as payment_key. A namespace with a function of its own has its own list."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.handler_secrets : can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]+:secret:.+-[A-Za-z0-9]{6}$", arn))])
    error_message = "handler_secrets are whole ARNs, with the hyphen and the six characters that Secrets Manager puts behind a name."
  }
  validation {
    condition     = length(distinct([for arn in var.handler_secrets : replace(replace(arn, "/^.*[:/]/", ""), "/-[A-Za-z0-9]{6}$/", "")])) == length(var.handler_secrets)
    error_message = "Two of handler_secrets would be granted by one name: the last part of a secret's name must tell it from the others."
  }
}

variable "handler_secret_kms_key_arns" {
  description = "ARNs of the KMS keys that handlers' secrets are encrypted with, where that is neither the account's own key for Secrets Manager nor kms_key_arn. A namespace with a function of its own has its own list."
  type        = list(string)
  default     = []
}

# --- queues ------------------------------------------------------------------------------------------------------

variable "namespaces" {
  description = "Namespaces that get a steps queue of their own, so that none waits behind another. With own_function they also get a function and a role of their own, which reaches only their keys and secrets."
  type = map(object({
    max_concurrency = optional(number, 50)
    own_function    = optional(bool, true)
    secrets         = optional(list(string), [])
    secret_kms_keys = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for namespace in keys(var.namespaces) : can(regex("^[a-z0-9][a-z0-9_-]{0,23}$", namespace))])
    error_message = "A namespace with a queue is 1 to 24 characters: lower-case letters, digits, hyphens and underscores."
  }
  validation {
    condition = alltrue([for settings in values(var.namespaces) :
      alltrue([for arn in settings.secrets : can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]+:secret:.+-[A-Za-z0-9]{6}$", arn))]) &&
      length(distinct([for arn in settings.secrets : replace(replace(arn, "/^.*[:/]/", ""), "/-[A-Za-z0-9]{6}$/", "")])) == length(settings.secrets)
    ])
    error_message = "A namespace's secrets are whole ARNs, and the last parts of their names tell them apart."
  }
  validation {
    condition     = alltrue([for namespace in keys(var.namespaces) : !contains(["long", "dead"], namespace) && !endswith(namespace, "-dead")])
    error_message = "The namespaces long, dead and those ending in -dead would take the names of other queues."
  }
  validation {
    condition     = alltrue([for namespace in values(var.namespaces) : namespace.max_concurrency >= 2 && namespace.max_concurrency <= 1000])
    error_message = "max_concurrency is 2 to 1000."
  }
}

variable "max_concurrency" {
  description = "How many executions of a function each queue may start at a time. Keep reports and events within the database's connections."
  type = object({
    steps   = optional(number, 100)
    reports = optional(number, 10)
    events  = optional(number, 10)
  })
  default = {}

  validation {
    condition     = alltrue([for limit in [var.max_concurrency.steps, var.max_concurrency.reports, var.max_concurrency.events] : limit >= 2 && limit <= 1000])
    error_message = "A maximum concurrency is 2 to 1000."
  }
}

variable "batches" {
  description = "How many messages a function gets at once, and how many seconds it waits to fill a batch. More than 10 needs a window of at least 1."
  type = object({
    steps   = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
    reports = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
    events  = optional(object({ size = optional(number, 10), window = optional(number, 0) }), {})
  })
  default = {}

  validation {
    condition     = alltrue([for batch in [var.batches.steps, var.batches.reports, var.batches.events] : batch.size >= 1 && batch.size <= 10000 && (batch.size <= 10 || batch.window >= 1)])
    error_message = "A batch has 1 to 10000 messages, and one of more than 10 needs a window of at least 1 second."
  }
}

# --- database and network ----------------------------------------------------------------------------------------

variable "database" {
  description = <<-TEXT
    Null: an Aurora Serverless v2 PostgreSQL cluster is made. Otherwise yours:
    url (postgres://HOST:PORT/DATABASE?sslmode=verify-full, without password), secret_arn (a secret with `username` and
    `password`; may be absent only where the URL itself holds them), secret_kms_key_arn (the key of that secret, if it
    is yours), security_group_id (of the database: the functions are let in; needed unless network is none or names
    security groups of its own), functions_login (true: with that secret only migrate logs in, and makes a role for the
    functions, which may read and write Tasker's tables and nothing else; false: all log in alike, as behind an RDS Proxy
    that knows no other secret).
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
    error_message = "database.url must not hold user or password as options, which every function would log in with: give secret_arn."
  }
  validation {
    condition     = var.database != null || !try(var.network.none, false)
    error_message = "network.none needs a database of yours: Aurora is made inside a VPC."
  }
  validation {
    condition     = var.database == null || var.network != null
    error_message = "A database of yours needs a network that reaches it: give network (or { none = true })."
  }
  validation {
    condition     = var.database == null || try(var.network.none || var.network.security_group_ids != null, false) || try(var.database.security_group_id != null, false)
    error_message = "database.security_group_id is needed, so that the functions can be let in (or give network.security_group_ids)."
  }
}

variable "aurora" {
  description = "The cluster that is made when database is null: major version, capacity in ACU, number of instances (2 for failover to another zone), days of backups."
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
    Where the functions that use the database run. Null: a VPC without a way to the internet is made. vpc_id and
    subnet_ids (private, in two zones or more): yours; a security group is made unless you name some. none = true: no
    VPC, for a database that is reached without one. run-steps is never in the VPC.
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

variable "vpc_cidr" {
  description = "Address range of the VPC that is made when network is null."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 8, 1)) && can(regex("/(1[6-9]|20)$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range of /16 to /20."
  }
}

# --- blobs -------------------------------------------------------------------------------------------------------

variable "payload_days" {
  description = "Days after which large payloads are deleted. Must be longer than any task lasts."
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
  description = "Buckets whose notifications may start workflows: bucket name => settings. With notify the module sets the bucket's notification, which replaces every other notification of that bucket."
  type = map(object({
    notify = optional(bool, false)
    events = optional(list(string), ["s3:ObjectCreated:*"])
    prefix = optional(string)
    suffix = optional(string)
  }))
  default = {}
}

variable "sns_topics" {
  description = "SNS topics whose messages may start workflows: a name of your choice => ARN. Delivery is raw."
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
  description = "Name or ARN of the event bus to which published events and completions of tasks go. When the bus is made in the same configuration, give its name."
  type        = string
  default     = null
}

variable "publish_topics" {
  description = "ARNs of the SNS topics to which tasks may publish events."
  type        = list(string)
  default     = []
}

# --- api ---------------------------------------------------------------------------------------------------------

variable "api" {
  description = "How the API is reached: kind http_api or function_url; authorization AWS_IAM (requests signed with SigV4) or NONE (the API's own authentication only). rate_limit and burst_limit in requests per second, http_api only. For NONE use http_api: AWS asks a public function URL for a permission that this provider version cannot express."
  type = object({
    kind          = optional(string, "http_api")
    authorization = optional(string, "AWS_IAM")
    rate_limit    = optional(number, 500)
    burst_limit   = optional(number, 1000)
  })
  default = {}

  validation {
    condition     = contains(["http_api", "function_url"], var.api.kind)
    error_message = "api.kind must be http_api or function_url."
  }
  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.api.authorization)
    error_message = "api.authorization must be AWS_IAM or NONE."
  }
}

# --- long steps --------------------------------------------------------------------------------------------------

variable "long_steps" {
  description = <<-TEXT
    A runtime host on Fargate for steps that last longer than a function may. image; cpu (units) and memory (MB);
    min_tasks (a container takes about a minute to start: 1 for steps that cannot wait so long) and max_tasks; idle_minutes
    before the last task above min_tasks is stopped; command and environment for the container; network, else a VPC of its
    own with public subnets (no NAT, nothing may connect to it, no way to the database) is made.
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
    error_message = "long_steps.cpu must be one that Fargate offers: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
  validation {
    condition     = var.long_steps == null || try(var.long_steps.max_tasks >= 1 && var.long_steps.min_tasks >= 0 && var.long_steps.min_tasks <= var.long_steps.max_tasks, false)
    error_message = "long_steps.max_tasks must be at least 1, and min_tasks 0 to max_tasks."
  }
}

# --- observability -----------------------------------------------------------------------------------------------

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, ..."
  }
}

variable "log_level" {
  description = "RUST_LOG of every function."
  type        = string
  default     = "info"
}

variable "alarms" {
  description = "Make the alarms."
  type        = bool
  default     = true
}

variable "dashboard" {
  description = "Make the CloudWatch dashboard."
  type        = bool
  default     = true
}

variable "alarm_topic_arn" {
  description = "SNS topic that is told when an alarm begins and ends."
  type        = string
  default     = null
}

variable "alarm_age_seconds" {
  description = "Age of a queue's oldest message from which the alarm is raised."
  type        = number
  default     = 300
}
