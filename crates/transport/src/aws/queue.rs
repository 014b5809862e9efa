//! A standard SQS queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::{
    Client,
    error::{DisplayErrorContext, SdkError},
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
        QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use tokio::task::JoinSet;

use crate::{Delivery, Depth, Message, Queue, QueueError, Receipt, patience::timeouts, receives::Receives};

/// Messages per request, the limit of SQS.
const BATCH: usize = 10;
/// The longest body, in bytes. SQS accepts 1 MiB since 2025 but bills every 64 KiB, and older queues keep
/// their limit.
const MAX_BODY_BYTES: usize = 256 << 10;
/// The longest sum of all bodies in one request, in bytes.
const MAX_BATCH_BYTES: usize = 256 << 10;
/// The longest delay and the longest wait that SQS supports.
const MAX_DELAY: Duration = Duration::from_secs(900);
const MAX_WAIT: Duration = Duration::from_secs(20);
/// How long the work on one message may take. SQS hides a message for 12 hours in all after it was received; the rest is for
/// starting, for the report, and for the last extension.
const LONGEST_WORK: Duration = Duration::from_secs(12 * 3600 - 300);
/// The number of concurrent requests per call.
const CONCURRENT: usize = 16;
/// How often SQS errors of single entries are retried.
const TRIES: usize = 4;

/// An SQS queue. Message groups share its receivers fairly.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: Arc<str>,
    visibility: Duration,
    max_receives: Option<u32>,
    receives: Receives,
}

impl SqsQueue {
    /// Returns these attributes of the queue, which are numbers.
    async fn counts<const N: usize>(&self, wanted: [QueueAttributeName; N]) -> Result<[u64; N], QueueError> {
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(&*self.url)
            .set_attribute_names(Some(wanted.to_vec()))
            .send()
            .await
            .map_err(|error| self.unavailable(error))?;
        let all = asked.attributes();
        Ok(wanted
            .map(|name| all.and_then(|all| all.get(&name)).and_then(|count| count.parse().ok()).unwrap_or(0)))
    }

    /// The queue with this URL. `visibility` is rounded up to whole seconds.
    pub fn new(config: &SdkConfig, url: &str, visibility: Duration) -> Self {
        let visibility = whole_seconds(visibility);
        Self {
            client: Client::new(config),
            url: url.into(),
            visibility,
            max_receives: None,
            receives: Receives::default(),
        }
    }

    /// Declares a dead-letter queue: it gets a message after this many receives.
    #[must_use]
    pub fn with_dead_letters(self, max_receives: u32) -> Self {
        Self { max_receives: Some(max_receives), ..self }
    }

    async fn send_batch(&self, mut entries: Vec<SendMessageBatchRequestEntry>) -> Result<(), QueueError> {
        for tries_left in (0..TRIES).rev() {
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&*self.url)
                .set_entries(Some(entries.clone()))
                .send()
                .await
                .map_err(|error| self.unavailable(error))?;
            let Some(first) = sent.failed().first() else { return Ok(()) };
            if tries_left == 0 || first.sender_fault() {
                let (count, why) = (sent.failed().len(), first.message().unwrap_or(first.code()));
                return Err(self.refused(format!("{count} messages were not accepted: {why}")));
            }
            entries.retain(|entry| sent.failed().iter().any(|failed| failed.id() == entry.id()));
        }
        Ok(())
    }

    async fn receive_batch(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let wait = whole_seconds(wait.min(MAX_WAIT));
        let received = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .max_number_of_messages(max.min(BATCH) as i32)
            .wait_time_seconds(wait.as_secs() as i32)
            .visibility_timeout(self.visibility.as_secs() as i32)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(aws_sdk_sqs::Config::builder().timeout_config(timeouts(wait)))
            .send()
            .await
            .map_err(|error| self.unavailable(error))?;
        let delivery = |message: aws_sdk_sqs::types::Message| {
            let count = message
                .attributes
                .as_ref()
                .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount))
                .and_then(|count| count.parse().ok());
            Some(Delivery {
                body: message.body.unwrap_or_default(),
                receipt: Receipt(message.receipt_handle?),
                receive_count: count.unwrap_or(1),
            })
        };
        Ok(received.messages.unwrap_or_default().into_iter().filter_map(delivery).collect())
    }

    /// Receives up to `max` messages, in several requests if necessary.
    async fn receive_all(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let mut received = self.receive_batch(max, wait).await?;
        // Full responses mean that more is waiting: increase the concurrency.
        let (mut full, mut width) = (received.len() == BATCH, 1);
        while full && received.len() < max {
            width = (width * 2).min(CONCURRENT).min((max - received.len()).div_ceil(BATCH));
            let mut under_way = JoinSet::new();
            for part in 0..width {
                let this = self.clone();
                let most = (max - received.len() - part * BATCH).min(BATCH);
                under_way.spawn(async move { this.receive_batch(most, Duration::ZERO).await });
            }
            while let Some(more) = under_way.join_next().await {
                // Keep the messages received so far even if a request fails.
                let Ok(Ok(more)) = more else {
                    full = false;
                    continue;
                };
                full &= more.len() == BATCH;
                received.extend(more);
            }
        }
        Ok(received)
    }

    /// Sets when messages become visible. Returns the receipts that were still valid.
    async fn change_visibility(
        &self,
        receipts: &[Receipt],
        to: Duration,
    ) -> Result<Vec<Receipt>, QueueError> {
        let mut good = Vec::with_capacity(receipts.len());
        for chunk in receipts.chunks(BATCH) {
            let entries = chunk.iter().enumerate().map(|(index, receipt)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&receipt.0)
                    .visibility_timeout(whole_seconds(to).as_secs() as i32)
                    .build()
            });
            let changed = self
                .client
                .change_message_visibility_batch()
                .queue_url(&*self.url)
                .set_entries(Some(built(entries)?))
                .send()
                .await
                .map_err(|error| self.unavailable(error))?;
            good.extend(changed.successful().iter().filter_map(|entry| at(chunk, entry.id())).cloned());
            if let Some(failed) = changed.failed().iter().find(|failed| !failed.sender_fault()) {
                return Err(self.refused(failed.message().unwrap_or(failed.code()).to_owned()));
            }
        }
        Ok(good)
    }

    fn unavailable<E, R>(&self, error: SdkError<E, R>) -> QueueError
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        self.refused(DisplayErrorContext(error).to_string())
    }

    fn refused(&self, message: String) -> QueueError {
        QueueError::Unavailable { queue: self.url.to_string(), source: message.into() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    fn max_body_bytes(&self) -> usize {
        MAX_BODY_BYTES
    }

    fn max_delay(&self) -> Duration {
        MAX_DELAY
    }

    fn max_receives(&self) -> Option<u32> {
        self.max_receives
    }

    fn visibility(&self) -> Duration {
        self.visibility
    }

    fn longest_work(&self) -> Option<Duration> {
        Some(LONGEST_WORK)
    }

    async fn backlog(&self) -> Result<u64, QueueError> {
        Ok(self.counts([QueueAttributeName::ApproximateNumberOfMessages]).await?[0])
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        let wanted = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let [ready, delayed, in_flight] = self.counts(wanted).await?;
        // Only CloudWatch knows the age of the oldest message.
        Ok(Depth { ready, delayed, in_flight, oldest: None })
    }

    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if let Some(long) = messages.iter().find(|message| message.body.len() > MAX_BODY_BYTES) {
            return Err(QueueError::TooLong {
                queue: self.url.to_string(),
                size: long.body.len(),
                limit: MAX_BODY_BYTES,
            });
        }
        let mut under_way = JoinSet::new();
        let mut result = Ok(());
        for batch in batches(messages) {
            if under_way.len() == CONCURRENT {
                result = result.and(under_way.join_next().await.map_or(Ok(()), flatten));
            }
            let this = self.clone();
            let entries = built(batch)?;
            under_way.spawn(async move { this.send_batch(entries).await });
        }
        while let Some(sent) = under_way.join_next().await {
            result = result.and(flatten(sent));
        }
        result
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let (receiver, owner) = (self.clone(), self.clone());
        let received = self.receives.run(
            async move { receiver.receive_all(max, wait).await },
            Vec::as_slice,
            async move |receipts: Vec<Receipt>| owner.hand_back(&receipts, Duration::ZERO).await,
        );
        received.await.unwrap_or_else(|| Err(self.refused("the process is stopping".to_owned())))
    }

    async fn end_receiving(&self) {
        self.receives.end().await;
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<Vec<Receipt>, QueueError> {
        self.change_visibility(receipts, self.visibility).await
    }

    async fn acknowledge(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        for chunk in receipts.chunks(BATCH) {
            let entries = chunk.iter().enumerate().map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&receipt.0)
                    .build()
            });
            let deleted = self
                .client
                .delete_message_batch()
                .queue_url(&*self.url)
                .set_entries(Some(built(entries)?))
                .send()
                .await
                .map_err(|error| self.unavailable(error))?;
            if let Some(failed) = deleted.failed().iter().find(|failed| !failed.sender_fault()) {
                return Err(self.refused(failed.message().unwrap_or(failed.code()).to_owned()));
            }
        }
        Ok(())
    }

    async fn hand_back(&self, receipts: &[Receipt], delay: Duration) -> Result<(), QueueError> {
        self.change_visibility(receipts, delay).await.map(drop)
    }
}

/// Groups messages into as few requests as the limits allow.
fn batches(
    messages: Vec<Message>,
) -> Vec<Vec<Result<SendMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError>>> {
    let mut batches = Vec::with_capacity(messages.len().div_ceil(BATCH));
    let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
    for message in messages {
        if batch.len() == BATCH || (bytes + message.body.len() > MAX_BATCH_BYTES && !batch.is_empty()) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += message.body.len();
        let delay = whole_seconds(message.delay.min(MAX_DELAY)).as_secs() as i32;
        batch.push(
            SendMessageBatchRequestEntry::builder()
                .id(batch.len().to_string())
                .message_body(message.body)
                .set_delay_seconds((delay > 0).then_some(delay))
                .set_message_group_id(message.group)
                .build(),
        );
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

fn built<T>(
    entries: impl IntoIterator<Item = Result<T, aws_sdk_sqs::error::BuildError>>,
) -> Result<Vec<T>, QueueError> {
    let built: Result<Vec<T>, _> = entries.into_iter().collect();
    built.map_err(|error| QueueError::Unavailable { queue: "SQS".to_owned(), source: Box::new(error) })
}

fn at<'a>(receipts: &'a [Receipt], id: &str) -> Option<&'a Receipt> {
    receipts.get(id.parse::<usize>().ok()?)
}

fn flatten(joined: Result<Result<(), QueueError>, tokio::task::JoinError>) -> Result<(), QueueError> {
    joined.unwrap_or_else(|error| {
        Err(QueueError::Unavailable { queue: "SQS".to_owned(), source: Box::new(error) })
    })
}

/// Rounds up to whole seconds, the unit of SQS, so that nothing becomes visible early.
fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(lengths: &[usize]) -> Vec<usize> {
        let messages = lengths.iter().map(|&length| Message::now("x".repeat(length))).collect();
        batches(messages).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_request_carries_ten_messages_or_as_many_bytes_as_it_may() {
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&[1; 10]), [10]);
        assert_eq!(sizes(&[1; 25]), [10, 10, 5]);
        assert_eq!(sizes(&[MAX_BODY_BYTES; 3]), [1, 1, 1]);
        assert_eq!(sizes(&[MAX_BATCH_BYTES / 2, MAX_BATCH_BYTES / 2, 1]), [2, 1]);
    }

    /// Time passes as soon as nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn a_silent_queue_is_given_up_but_not_before_it_must_answer() {
        use aws_config::Region;
        use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
        use tokio::time::Instant;

        // Accepts connections, because the system does, and never answers.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = crate::s3::sdk_config()
            .await
            .into_builder()
            .endpoint_url(format!("http://{}", silent.local_addr().unwrap()))
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let queue = SqsQueue::new(&config, "http://localhost/000000000000/queue", Duration::from_secs(30));
        let limit = Duration::from_secs(600);

        let begun = Instant::now();
        let asked = tokio::time::timeout(limit, queue.backlog()).await.expect("no limit");
        assert!(asked.is_err() && begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());

        let begun = Instant::now();
        let received = tokio::time::timeout(limit, queue.receive_batch(1, MAX_WAIT)).await.expect("no limit");
        assert!(received.is_err() && begun.elapsed() > MAX_WAIT, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_second_that_was_begun_counts_whole() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), Duration::from_secs(1));
        assert_eq!(whole_seconds(Duration::from_secs(3)), Duration::from_secs(3));
        assert_eq!(whole_seconds(Duration::ZERO), Duration::ZERO);
    }
}
