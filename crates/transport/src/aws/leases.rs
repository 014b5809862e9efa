//! Leases in a DynamoDB table: partition key `lease`. DynamoDB deletes an item after its `ttl`.
//!
//! One conditional write takes a lease and one settles it; no reads are needed. Terms are measured by the
//! hosts' clocks, which AWS keeps synchronized far more closely than the length of a term.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::{DisplayErrorContext, SdkError},
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use tokio::task::JoinSet;

use crate::{
    Claim, LeaseError, LeaseStore,
    aws::{milliseconds, now_ms},
    lease::LOSSES_REMEMBERED,
};

/// Items per read request, the limit of BatchGetItem.
const READ_BATCH: usize = 100;
/// How long an item outlives its term, in seconds: the next holder must learn that the last one lost the lease.
const TTL_SLACK_SECONDS: u64 = LOSSES_REMEMBERED.as_secs();

const WRITE: &str = "SET holder = :holder, expires = :expires, settled = :settled, #ttl = :ttl";
/// As [`WRITE`], and counts the holders that lost the lease. The first write makes it 0.
const TAKE: &str = "SET holder = :holder, expires = :expires, settled = :settled, #ttl = :ttl, \
                    lost = if_not_exists(lost, :minus_one) + :one";

/// Condition to take a lease: it has no holder, or its term is over.
const IS_FREE: &str = "attribute_not_exists(lease) OR expires <= :now";
/// Condition to keep a lease: it belongs to the holder and is not settled, or the store has lost it.
const IS_OURS: &str = "attribute_not_exists(lease) OR (holder = :holder AND settled = :false)";

/// Leases in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDbLeases {
    client: Client,
    table: String,
    term: Duration,
    settled_for: Duration,
}

/// A lease as it is stored.
struct Item {
    holder: String,
    settled: bool,
    /// In milliseconds since 1970.
    expires: u64,
}

impl DynamoDbLeases {
    /// Leases with this `term`; settled ones are remembered for `settled_for`.
    pub fn new(config: &SdkConfig, table: &str, term: Duration, settled_for: Duration) -> Self {
        Self { client: Client::new(config), table: table.to_owned(), term, settled_for }
    }

    /// The write behind every operation: `holder` has the lease for this long.
    fn write(&self, lease: &str, holder: &str, by: Duration, settled: bool) -> UpdateItemFluentBuilder {
        let expires = now_ms().saturating_add(milliseconds(by));
        self.client
            .update_item()
            .table_name(&self.table)
            .key("lease", AttributeValue::S(lease.to_owned()))
            .update_expression(WRITE)
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":holder", AttributeValue::S(holder.to_owned()))
            .expression_attribute_values(":expires", AttributeValue::N(expires.to_string()))
            .expression_attribute_values(":settled", AttributeValue::Bool(settled))
            .expression_attribute_values(
                ":ttl",
                AttributeValue::N((expires / 1000 + TTL_SLACK_SECONDS).to_string()),
            )
    }

    async fn acquire_one(&self, lease: &str, holder: &str) -> Result<Claim, LeaseError> {
        let written = self
            .write(lease, holder, self.term, false)
            .update_expression(TAKE)
            .condition_expression(IS_FREE)
            .expression_attribute_values(":now", AttributeValue::N(now_ms().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":minus_one", AttributeValue::N("-1".to_owned()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match written.map_err(SdkError::into_service_error) {
            Ok(taken) => {
                let lost = taken.attributes().and_then(|item| item.get("lost")?.as_n().ok()?.parse().ok());
                Ok(Claim::Acquired { lost: lost.unwrap_or(0) })
            }
            Err(UpdateItemError::ConditionalCheckFailedException(taken)) => {
                let settled = taken.item().and_then(|item| item.get("settled")?.as_bool().ok().copied());
                Ok(if settled == Some(true) { Claim::Settled } else { Claim::Held })
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn prolong_one(
        &self,
        lease: &str,
        holder: &str,
        by: Duration,
        settled: bool,
    ) -> Result<bool, LeaseError> {
        let written = self
            .write(lease, holder, by, settled)
            .condition_expression(IS_OURS)
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .send()
            .await;
        match written.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Reads leases, as far as they exist.
    async fn read(&self, leases: &[String]) -> Result<HashMap<String, Item>, LeaseError> {
        let mut items = HashMap::with_capacity(leases.len());
        for chunk in leases.chunks(READ_BATCH) {
            let key =
                |lease: &String| HashMap::from([("lease".to_owned(), AttributeValue::S(lease.clone()))]);
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(chunk.iter().map(key).collect()))
                .consistent_read(true)
                .projection_expression("lease, holder, settled, expires")
                .build()
                .map_err(unavailable)?;
            let mut wanted = Some(HashMap::from([(self.table.clone(), wanted)]));
            while let Some(request) = wanted.filter(|wanted| !wanted.is_empty()) {
                let read = self.client.batch_get_item().set_request_items(Some(request)).send().await;
                let read = read.map_err(unavailable)?;
                for item in read.responses.unwrap_or_default().into_values().flatten() {
                    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
                    let settled = item.get("settled").and_then(|value| value.as_bool().ok().copied());
                    let expires = item.get("expires").and_then(|value| value.as_n().ok()?.parse().ok());
                    if let (Some(lease), Some(holder)) = (text("lease"), text("holder")) {
                        let (settled, expires) = (settled.unwrap_or(false), expires.unwrap_or(u64::MAX));
                        items.insert(lease, Item { holder, settled, expires });
                    }
                }
                wanted = read.unprocessed_keys;
            }
        }
        Ok(items)
    }

    /// Runs the operation on all leases concurrently. Returns the results in order.
    async fn for_each<T: Send + 'static, F>(
        &self,
        leases: &[String],
        work: impl Fn(Self, String) -> F,
    ) -> Result<Vec<T>, LeaseError>
    where
        F: Future<Output = Result<T, LeaseError>> + Send + 'static,
    {
        let mut under_way = JoinSet::new();
        for (position, lease) in leases.iter().enumerate() {
            let done = work(self.clone(), lease.clone());
            under_way.spawn(async move { (position, done.await) });
        }
        let mut answers: Vec<Option<T>> = leases.iter().map(|_| None).collect();
        while let Some(done) = under_way.join_next().await {
            let (position, answer) = done.map_err(|error| LeaseError(Box::new(error)))?;
            answers[position] = Some(answer?);
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

#[async_trait]
impl LeaseStore for DynamoDbLeases {
    async fn acquire(&self, leases: &[String], holder: &str) -> Result<Vec<Claim>, LeaseError> {
        // Of duplicates in one batch, the first gets the lease and only one request is made.
        let mut distinct: Vec<String> = Vec::with_capacity(leases.len());
        let mut positions: HashMap<&str, usize> = HashMap::with_capacity(leases.len());
        for lease in leases {
            positions.entry(lease).or_insert_with(|| {
                distinct.push(lease.clone());
                distinct.len() - 1
            });
        }
        let holder = holder.to_owned();
        let mut claims = self
            .for_each(&distinct, |this, lease| {
                let holder = holder.clone();
                async move { this.acquire_one(&lease, &holder).await }
            })
            .await?;
        let claim = |lease: &String| {
            let claim = &mut claims[positions[lease.as_str()]];
            let first = *claim;
            if matches!(first, Claim::Acquired { .. }) {
                *claim = Claim::Held;
            }
            first
        };
        Ok(leases.iter().map(claim).collect())
    }

    async fn renew(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        let holder = holder.to_owned();
        self.for_each(leases, |this, lease| {
            let holder = holder.clone();
            async move { this.prolong_one(&lease, &holder, this.term, false).await }
        })
        .await
    }

    async fn settle(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        let holder = holder.to_owned();
        self.for_each(leases, |this, lease| {
            let holder = holder.clone();
            async move { this.prolong_one(&lease, &holder, this.settled_for, true).await }
        })
        .await
        .map(drop)
    }

    async fn revoke(&self, leases: &[String]) -> Result<(), LeaseError> {
        self.for_each(leases, |this, lease| async move {
            this.write(&lease, "", this.settled_for, true).send().await.map(drop).map_err(unavailable)
        })
        .await
        .map(drop)
    }

    async fn holds(&self, leases: &[String], holder: &str) -> Result<Vec<bool>, LeaseError> {
        let items = self.read(leases).await?;
        // A lease that the store has lost returns to its holder on renewal.
        let holds = |lease: &String| items.get(lease).is_none_or(|item| item.holder == holder);
        Ok(leases.iter().map(holds).collect())
    }

    async fn are_settled(&self, leases: &[String], since: Duration) -> Result<Vec<bool>, LeaseError> {
        let items = self.read(leases).await?;
        let latest = now_ms().saturating_add(milliseconds(self.settled_for.saturating_sub(since)));
        let is_settled = |lease: &String| {
            items
                .get(lease)
                .is_some_and(|item| item.settled && !item.holder.is_empty() && item.expires <= latest)
        };
        Ok(leases.iter().map(is_settled).collect())
    }

    async fn release(&self, leases: &[String], holder: &str) -> Result<(), LeaseError> {
        let holder = holder.to_owned();
        self.for_each(leases, |this, lease| {
            let holder = holder.clone();
            async move {
                let deleted = this
                    .client
                    .delete_item()
                    .table_name(&this.table)
                    .key("lease", AttributeValue::S(lease))
                    .condition_expression("holder = :holder")
                    .expression_attribute_values(":holder", AttributeValue::S(holder))
                    .send()
                    .await
                    .map_err(SdkError::into_service_error);
                match deleted {
                    Ok(_) => Ok(()),
                    Err(error) if error.is_conditional_check_failed_exception() => Ok(()),
                    Err(error) => Err(unavailable(error)),
                }
            }
        })
        .await
        .map(drop)
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> LeaseError {
    LeaseError(DisplayErrorContext(error).to_string().into())
}
