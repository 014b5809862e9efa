//! Handlers' secrets in Secrets Manager. Templates grant a secret by the last part of its name:
//! `prod/shop/payment_key` by `payment_key`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tasker_runtime_host::{EnvironmentSecrets, SecretSource, SecretUnavailable};
use tasker_transport::aws::{SdkConfig, read_secret};

use super::variable::{VariableError, list, optional};

/// The variable that contains the ARNs of the secrets that this host may read, separated by commas. After the first one, an
/// ARN of the same account and region may be given without them: only what follows `:secret:`.
const SECRETS: &str = "TASKER_HANDLER_SECRETS";

/// How long a value is cached. A rotation takes effect after at most this time.
const FRESH: Duration = Duration::from_secs(300);

/// What is before a secret's name in an ARN.
const NAME: &str = ":secret:";

/// The length of what Secrets Manager appends to a name in an ARN: a hyphen and six characters.
const SUFFIX: usize = 7;

/// Reads the secrets that the environment lists from Secrets Manager, and all others from environment variables.
#[derive(Debug)]
pub(super) struct ManagedSecrets {
    config: SdkConfig,
    /// ARNs by granted name.
    arns: BTreeMap<String, String>,
    values: Mutex<HashMap<String, (Instant, String)>>,
}

impl ManagedSecrets {
    /// Reads the list of secrets from the environment.
    pub(super) fn open(config: &SdkConfig) -> Result<Self, VariableError> {
        let arns = by_name(&optional(SECRETS).unwrap_or_default())?;
        Ok(Self { config: config.clone(), arns, values: Mutex::default() })
    }

    fn fresh(&self, name: &str) -> Option<String> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.get(name).filter(|(read, _)| read.elapsed() < FRESH).map(|(_, value)| value.clone())
    }
}

#[async_trait]
impl SecretSource for ManagedSecrets {
    /// The list belongs to this host: a namespace with secrets of its own has hosts of its own.
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<String>, SecretUnavailable> {
        let Some(arn) = self.arns.get(name) else { return EnvironmentSecrets.secret(namespace, name).await };
        if let Some(value) = self.fresh(name) {
            return Ok(Some(value));
        }
        let value = read_secret(&self.config, arn).await.map_err(|error| SecretUnavailable(error.into()))?;
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert(name.to_owned(), (Instant::now(), value.clone()));
        Ok(Some(value))
    }
}

/// Parses a list of ARNs into a map by granted name.
fn by_name(arns: &str) -> Result<BTreeMap<String, String>, VariableError> {
    let mut named = BTreeMap::new();
    let first = list(arns).next().unwrap_or_default();
    let start = first.find(NAME).map_or("", |end| &first[..end + NAME.len()]);
    for arn in list(arns) {
        let arn = &if arn.contains(':') { arn.to_owned() } else { format!("{start}{arn}") };
        let name = granted_name(arn).ok_or_else(|| {
            let reason = format!(
                "`{arn}` is not the ARN of a secret, arn:aws:secretsmanager:region:account:secret:name-suffix"
            );
            VariableError::unreadable(SECRETS, &reason)
        })?;
        if let Some(other) = named.insert(name.to_owned(), arn.to_owned()) {
            let reason = format!("`{other}` and `{arn}` would both be granted as `{name}`");
            return Err(VariableError::unreadable(SECRETS, &reason));
        }
    }
    Ok(named)
}

fn granted_name(arn: &str) -> Option<&str> {
    let (_, name) = arn.strip_prefix("arn:")?.split_once(NAME)?;
    let (name, suffix) = name.split_at_checked(name.len().checked_sub(SUFFIX)?)?;
    let name = name.rsplit('/').next()?;
    let is_suffix = suffix.starts_with('-') && suffix[1..].bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_suffix && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";

    #[test]
    fn a_secret_is_granted_by_the_last_part_of_its_name() {
        for (name, granted) in [("payment_key", "payment_key"), ("prod/shop/payment-key", "payment-key")] {
            let arn = format!("{ARN}{name}-AbC123");
            assert_eq!(by_name(&format!(" {arn},")).unwrap()[granted], arn);
        }
        for wrong in [
            "payment_key",
            &format!("{ARN}key"),
            &format!("{ARN}-AbC123"),
            &format!("{ARN}shop-key/a_long_name"),
        ] {
            assert!(by_name(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
        let error = by_name(&format!("{ARN}a/key-AbC123,{ARN}b/key-dEf456")).unwrap_err();
        assert!(error.to_string().contains("both be granted as `key`"), "{error}");
        assert!(by_name("").unwrap().is_empty());
        let short = by_name(&format!("{ARN}a/key-AbC123,b/token-dEf456")).unwrap();
        assert_eq!(short["token"], format!("{ARN}b/token-dEf456"));
    }

    #[tokio::test]
    async fn values_are_read_when_they_are_needed_and_kept_for_a_while() {
        use aws_config::Region;
        use aws_sdk_secretsmanager::{
            Client,
            config::{Credentials, SharedCredentialsProvider},
        };

        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = tasker_transport::aws::sdk_config()
            .await
            .into_builder()
            .endpoint_url(tasker_test_support::emulator())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let client = Client::new(&config);
        let name = format!("shop/{}", std::process::id());
        let created = client.create_secret().name(&name).secret_string("first").send().await.unwrap();
        let arn = created.arn.unwrap();
        let open = |arn: &str| ManagedSecrets {
            config: config.clone(),
            arns: by_name(arn).unwrap(),
            values: Mutex::default(),
        };
        let granted = std::process::id().to_string();
        let secrets = open(&arn);
        assert_eq!(secrets.secret("shop", &granted).await.unwrap().unwrap(), "first");
        client.put_secret_value().secret_id(&name).secret_string("second").send().await.unwrap();
        assert_eq!(secrets.secret("shop", &granted).await.unwrap().unwrap(), "first", "for {FRESH:?}");
        assert_eq!(open(&arn).secret("shop", &granted).await.unwrap().unwrap(), "second");
        assert_eq!(secrets.secret("shop", "another").await.unwrap(), None);
        let gone = open(&format!("{ARN}gone-AbC123")).secret("shop", "gone").await.unwrap_err();
        assert!(gone.to_string().contains("cannot be read"), "{gone}");
    }
}
