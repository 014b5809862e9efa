//! List prices of us-east-1 in dollars, and the quotas of a new account, from the services' public pages in
//! the first half of 2026. Prices change, so insert current ones.

/// Seconds in AWS's billing month of 730 hours.
pub(crate) const MONTH: f64 = 730.0 * 3600.0;

/// Prices.
#[derive(Debug, Clone)]
pub(crate) struct Prices {
    /// Lambda, arm64: one GB for one second, first tier.
    pub(crate) lambda_gb_second: f64,
    /// Lambda: one request.
    pub(crate) lambda_request: f64,
    /// SQS, standard queue: one request of up to 64 KB.
    pub(crate) sqs_request: f64,
    /// SQS: the surcharge for a request with a message group.
    pub(crate) sqs_group: f64,
    /// DynamoDB on demand: one write of up to 1 KB.
    pub(crate) dynamodb_write: f64,
    /// API Gateway, HTTP API: one request.
    pub(crate) api_request: f64,
    /// Aurora Serverless v2, Standard: one ACU for one hour, and one I/O of 4 KB.
    pub(crate) acu_hour: f64,
    pub(crate) aurora_io: f64,
    /// Aurora Serverless v2, I/O-Optimized: one ACU for one hour.
    pub(crate) acu_hour_optimized: f64,
    /// An interface endpoint in one zone for one hour.
    pub(crate) endpoint_hour: f64,
    /// CloudWatch Logs: one GB taken in, and one GB stored for a month.
    pub(crate) log_gb: f64,
    pub(crate) log_gb_month: f64,
    /// CloudWatch: one alarm on one metric, and one dashboard, for a month.
    pub(crate) alarm_month: f64,
    pub(crate) dashboard_month: f64,
    /// KMS: one key for a month. Secrets Manager: one secret for a month.
    pub(crate) key_month: f64,
    pub(crate) secret_month: f64,
    /// Step Functions, Standard: one state transition.
    pub(crate) standard_transition: f64,
    /// Step Functions, Express: one execution, and one GB for one hour in three tiers: up to 1,000 GB-hours of a month, the
    /// next 4,000, the rest.
    pub(crate) express_request: f64,
    pub(crate) express_gb_hour: [f64; 3],
}

/// Prices of the first half of 2026.
pub(crate) const US_EAST_1: Prices = Prices {
    lambda_gb_second: 0.000_013_333_4,
    lambda_request: 0.20e-6,
    sqs_request: 0.40e-6,
    sqs_group: 0.10e-6,
    dynamodb_write: 0.625e-6,
    api_request: 1.00e-6,
    acu_hour: 0.12,
    aurora_io: 0.20e-6,
    acu_hour_optimized: 0.156,
    endpoint_hour: 0.01,
    log_gb: 0.50,
    log_gb_month: 0.03,
    alarm_month: 0.10,
    dashboard_month: 3.0,
    key_month: 1.0,
    secret_month: 0.40,
    standard_transition: 25.0e-6,
    express_request: 1.00e-6,
    express_gb_hour: [0.06, 0.03, 0.016_42],
};

/// The default quotas of an account in a region.
#[derive(Debug, Clone)]
pub(crate) struct Quotas {
    /// Concurrent executions of all functions.
    pub(crate) concurrency: f64,
    /// Initial executions of an event source mapping, and how many it adds per second while messages wait.
    pub(crate) pollers: f64,
    pub(crate) pollers_per_second: f64,
    /// The maximum of one mapping without a configured limit.
    pub(crate) pollers_at_most: f64,
    /// Received and not yet deleted messages of one queue.
    pub(crate) in_flight: f64,
    /// Writes per second of a new on-demand table before it has grown.
    pub(crate) table_writes: f64,
    /// The quota of writes per second of one table.
    pub(crate) table_writes_at_most: f64,
}

pub(crate) const NEW_ACCOUNT: Quotas = Quotas {
    concurrency: 1000.0,
    pollers: 5.0,
    pollers_per_second: 300.0 / 60.0,
    pollers_at_most: 1250.0,
    in_flight: 120_000.0,
    table_writes: 4000.0,
    table_writes_at_most: 40_000.0,
};
