//! The publisher's key. It lies in KMS, signs there, and never comes out.

use anyhow::{Context, Result};
use aws_sdk_kms::{
    Client,
    error::DisplayErrorContext,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use tasker_transport::aws::SdkConfig;

/// A key of KMS on NIST P-256.
pub(crate) struct Publisher {
    client: Client,
    key: String,
}

impl Publisher {
    pub(crate) fn new(config: &SdkConfig, key: &str) -> Self {
        Self { client: Client::new(config), key: key.to_owned() }
    }

    /// A signature, in ASN.1 DER.
    pub(crate) async fn sign(&self, statement: &str) -> Result<Vec<u8>> {
        let answer = self
            .client
            .sign()
            .key_id(&self.key)
            .message(Blob::new(statement.as_bytes()))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await;
        let answer = answer.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)));
        let signature = answer
            .with_context(|| {
                format!("KMS does not sign with {}; it takes the permission kms:Sign", self.key)
            })?
            .signature;
        Ok(signature.with_context(|| format!("{} gave no signature", self.key))?.into_inner())
    }
}
