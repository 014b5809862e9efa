//! Key-value buckets in a DynamoDB table: partition key `bucket`, sort key `key`. A bucket name starts with
//! its namespace, so `dynamodb:LeadingKeys` can restrict a role to one namespace.
//!
//! An item has either a `value` or a `number` (a counter). Every write sets a new `version`, generated here:
//! if the SDK repeats a write because its response was lost, the version shows that the write succeeded.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, DisplayErrorContext, SdkError},
    operation::{put_item::PutItemError, update_item::UpdateItemError},
    primitives::Blob,
    types::{
        AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnValuesOnConditionCheckFailure,
        WriteRequest,
    },
};
use uuid::Uuid;

use crate::{
    KeyValueError, KeyValueStore,
    key_value::{Entry, KEYS_PER_PAGE, KeyPage, MAX_ANSWER_BYTES, number, sum},
};

/// Items per read request, the limit of BatchGetItem.
const READ_BATCH: usize = 100;
/// Items per write request, the limit of BatchWriteItem.
const WRITE_BATCH: usize = 25;
/// How often unprocessed items are requested again.
const MAX_TRIES: u32 = 6;
/// The pause before the first repetition; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

type Item = HashMap<String, AttributeValue>;

/// Key-value buckets in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDbKeyValues {
    client: Client,
    table: String,
}

impl DynamoDbKeyValues {
    /// Buckets in this table.
    pub fn new(config: &SdkConfig, table: &str) -> Self {
        Self { client: Client::new(config), table: table.to_owned() }
    }

    /// Writes or deletes items. Returns an error unless all were processed.
    async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), KeyValueError> {
        for chunk in requests.chunks(WRITE_BATCH) {
            let mut left = Some(HashMap::from([(self.table.clone(), chunk.to_vec())]));
            for attempt in 0.. {
                let Some(requests) = left.filter(|left| !left.is_empty()) else { break };
                pause(attempt).await?;
                let written = self.client.batch_write_item().set_request_items(Some(requests)).send().await;
                left = written.map_err(unavailable)?.unprocessed_items;
            }
        }
        Ok(())
    }

    /// Puts one item if the stored item still has version `expected`. Returns false if it does not.
    async fn put_over(&self, item: Item, expected: Option<Uuid>) -> Result<bool, KeyValueError> {
        let version = item.get("version").cloned();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#version", "version");
        let put = match expected {
            Some(expected) => put
                .condition_expression("#version = :expected")
                .expression_attribute_values(":expected", blob(expected.as_bytes())),
            None => put.condition_expression("attribute_not_exists(#version)"),
        };
        match put.send().await.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(PutItemError::ConditionalCheckFailedException(found)) => {
                Ok(version.is_some() && found.item().and_then(|item| item.get("version")) == version.as_ref())
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Adds to a counter or creates it. Returns None if the item holds a value or the sum would overflow.
    async fn add(&self, bucket: &str, key: &str, delta: i64) -> Result<Option<i64>, KeyValueError> {
        let version = blob(Uuid::new_v4().as_bytes());
        let number = |number: i64| AttributeValue::N(number.to_string());
        // The current values for which the sum fits 64 bits. DynamoDB's own numbers have more digits.
        let low = i64::MIN.saturating_sub(delta.min(0));
        let high = i64::MAX.saturating_sub(delta.max(0));
        let updated = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_of(bucket, key)))
            .update_expression("SET #version = :version ADD #number :delta")
            .condition_expression(
                "attribute_not_exists(#version) OR (#version <> :version AND #number BETWEEN :low AND :high)",
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .expression_attribute_names("#number", "number")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", version.clone())
            .expression_attribute_values(":delta", number(delta))
            .expression_attribute_values(":low", number(low))
            .expression_attribute_values(":high", number(high))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
            .send()
            .await;
        let sum = match updated.map_err(SdkError::into_service_error) {
            Ok(updated) => updated.attributes,
            Err(UpdateItemError::ConditionalCheckFailedException(found)) => match found.item {
                Some(item) if item.get("version") == Some(&version) => Some(item),
                _ => return Ok(None),
            },
            Err(error) => return Err(unavailable(error)),
        };
        let sum = sum.and_then(|item| item.get("number")?.as_n().ok()?.parse().ok());
        sum.map(Some).ok_or_else(|| KeyValueError::Unavailable("DynamoDB returned no sum".into()))
    }
}

/// Waits before a repeated request. Fails after [`MAX_TRIES`].
async fn pause(attempt: u32) -> Result<(), KeyValueError> {
    match attempt {
        0 => {}
        1..=MAX_TRIES => tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await,
        _ => {
            return Err(KeyValueError::Unavailable("DynamoDB keeps throttling the requests".into()));
        }
    }
    Ok(())
}

fn blob(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

fn key_of(bucket: &str, key: &str) -> Item {
    HashMap::from([
        ("bucket".to_owned(), AttributeValue::S(bucket.to_owned())),
        ("key".to_owned(), AttributeValue::S(key.to_owned())),
    ])
}

fn item(bucket: &str, key: &str, value: AttributeValue) -> Item {
    let name = if value.is_n() { "number" } else { "value" };
    let mut item = key_of(bucket, key);
    item.insert(name.to_owned(), value);
    item.insert("version".to_owned(), blob(Uuid::new_v4().as_bytes()));
    item
}

fn entry(mut item: Item) -> Option<(String, Entry)> {
    let key = item.remove("key")?.as_s().ok()?.clone();
    let version = Uuid::from_slice(item.get("version")?.as_b().ok()?.as_ref()).ok()?;
    let value = match (item.remove("value"), item.remove("number")) {
        (Some(AttributeValue::B(value)), _) => value.into_inner(),
        (_, Some(AttributeValue::N(digits))) => digits.into_bytes(),
        _ => return None,
    };
    Some((key, Entry { value, version }))
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> KeyValueError {
    KeyValueError::Unavailable(DisplayErrorContext(error).to_string().into())
}

#[async_trait]
impl KeyValueStore for DynamoDbKeyValues {
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError> {
        let (mut found, mut bytes) = (HashMap::with_capacity(keys.len()), 0);
        for chunk in keys.chunks(READ_BATCH) {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(chunk.iter().map(|key| key_of(bucket, key)).collect()))
                .consistent_read(true)
                .build()
                .map_err(unavailable)?;
            let mut left = Some(HashMap::from([(self.table.clone(), wanted)]));
            let mut unanswered = 0;
            while let Some(request) = left.filter(|left| !left.is_empty()) {
                pause(unanswered).await?;
                let read = self.client.batch_get_item().set_request_items(Some(request)).send().await;
                let read = read.map_err(unavailable)?;
                let items: Vec<Item> = read.responses.unwrap_or_default().into_values().flatten().collect();
                // A response that is cut off by its size limit still makes progress.
                unanswered = if items.is_empty() { unanswered + 1 } else { 0 };
                for (key, entry) in items.into_iter().filter_map(entry) {
                    bytes += entry.value.len();
                    if bytes > MAX_ANSWER_BYTES {
                        return Err(KeyValueError::TooMuch);
                    }
                    found.insert(key, entry);
                }
                left = read.unprocessed_keys;
            }
        }
        Ok(found)
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_of(bucket, key)))
            .consistent_read(true)
            .projection_expression("#key")
            .expression_attribute_names("#key", "key")
            .send()
            .await;
        Ok(read.map_err(unavailable)?.item.is_some())
    }

    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        let put = |(key, value): (String, Vec<u8>)| -> Result<WriteRequest, BuildError> {
            let item = item(bucket, &key, AttributeValue::B(Blob::new(value)));
            Ok(WriteRequest::builder()
                .put_request(PutRequest::builder().set_item(Some(item)).build()?)
                .build())
        };
        self.write(entries.into_iter().map(put).collect::<Result<_, _>>().map_err(unavailable)?).await
    }

    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError> {
        let delete = |key: &String| -> Result<WriteRequest, BuildError> {
            let request = DeleteRequest::builder().set_key(Some(key_of(bucket, key))).build()?;
            Ok(WriteRequest::builder().delete_request(request).build())
        };
        self.write(keys.iter().map(delete).collect::<Result<_, _>>().map_err(unavailable)?).await
    }

    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#bucket = :bucket")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":bucket", AttributeValue::S(bucket.to_owned()))
            .projection_expression("#key")
            .expression_attribute_names("#key", "key")
            .consistent_read(true)
            .limit(KEYS_PER_PAGE as i32)
            .set_exclusive_start_key(after.map(|after| key_of(bucket, after)));
        let page = query.send().await.map_err(unavailable)?;
        let key = |mut item: Item| match item.remove("key") {
            Some(AttributeValue::S(key)) => Some(key),
            _ => None,
        };
        let has_more = page.last_evaluated_key.is_some_and(|key| !key.is_empty());
        Ok(KeyPage { keys: page.items.unwrap_or_default().into_iter().filter_map(key).collect(), has_more })
    }

    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError> {
        for attempt in 0.. {
            pause(attempt).await?;
            if let Some(sum) = self.add(bucket, key, delta).await? {
                return Ok(sum);
            }
            // Someone wrote a value, perhaps of digits: convert it to a counter.
            let found = self.get(bucket, &[key.to_owned()]).await?.remove(key);
            let Some(Entry { value, version }) = found else { continue };
            let sum = sum(key, number(key, &value)?, delta)?;
            if self.put_over(item(bucket, key, AttributeValue::N(sum.to_string())), Some(version)).await? {
                return Ok(sum);
            }
        }
        Err(KeyValueError::Overflow { key: key.to_owned() })
    }

    async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<Uuid>,
        value: Vec<u8>,
    ) -> Result<bool, KeyValueError> {
        self.put_over(item(bucket, key, AttributeValue::B(Blob::new(value))), expected).await
    }
}
