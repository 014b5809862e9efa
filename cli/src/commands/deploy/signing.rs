//! The publisher's key, which KMS stores and signs with.

use anyhow::{Context, Result};
use aws_sdk_kms::{
    Client,
    error::DisplayErrorContext,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use tasker_runtime_host::PublisherKey;
use tasker_transport::s3::SdkConfig;

/// A KMS key on NIST P-256.
pub(super) struct Publisher {
    client: Client,
    key: String,
}

impl Publisher {
    pub(super) fn new(config: &SdkConfig, key: &str) -> Self {
        Self { client: Client::new(config), key: key.to_owned() }
    }

    /// Returns the public key.
    pub(super) async fn public_key(&self) -> Result<PublisherKey> {
        let answer = self.client.get_public_key().key_id(&self.key).send().await;
        let answer = answer.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)));
        let answer = answer.with_context(|| {
            format!(
                "KMS does not return the public key of {}; this requires the permission kms:GetPublicKey",
                self.key
            )
        })?;
        let key = answer.public_key.and_then(|der| PublisherKey::from_der(der.as_ref()));
        key.with_context(|| format!("{} is not a key on NIST P-256", self.key))
    }

    /// Signs a statement. Returns the signature in ASN.1 DER.
    pub(super) async fn sign(&self, statement: &str) -> Result<Vec<u8>> {
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
                format!("KMS does not sign with {}; this requires the permission kms:Sign", self.key)
            })?
            .signature;
        Ok(signature.with_context(|| format!("KMS returned no signature of {}", self.key))?.into_inner())
    }
}
