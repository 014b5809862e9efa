//! Batches of SQS messages that Lambda has received for a function.

use std::collections::HashMap;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use tasker_transport::{Delivery, Receipt};

/// A batch, with the message ids that Lambda uses.
pub struct Batch {
    /// The messages, in the order of the event.
    pub deliveries: Vec<Delivery>,
    /// The name of the queue of all messages: the last part of its ARN.
    pub queue: Option<String>,
    names: HashMap<Receipt, String>,
}

impl Batch {
    /// Reads an event. Skips records without a receipt or an id: SQS delivers them again when their visibility ends.
    pub fn read(event: SqsEvent) -> Self {
        let mut batch = Self { deliveries: Vec::new(), queue: None, names: HashMap::new() };
        for record in event.records {
            let (Some(receipt), Some(name)) = (record.receipt_handle, record.message_id) else { continue };
            let receipt = Receipt::named(&receipt);
            let count = record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
            if batch.queue.is_none() {
                let arn = record.event_source_arn.as_deref();
                batch.queue = arn.and_then(|arn| arn.rsplit(':').next()).map(str::to_owned);
            }
            batch.names.insert(receipt.clone(), name);
            batch.deliveries.push(Delivery {
                body: record.body.unwrap_or_default(),
                receipt,
                receive_count: count.unwrap_or(1),
            });
        }
        batch
    }

    /// The response to Lambda: SQS delivers the `unfinished` messages again, and Lambda deletes the others.
    pub fn response(&self, unfinished: &[Receipt]) -> SqsBatchResponse {
        let name = |receipt| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier.clone_from(self.names.get(receipt)?);
            Some(failure)
        };
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = unfinished.iter().filter_map(name).collect();
        response
    }
}
