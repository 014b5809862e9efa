//! `wasi:config/store`: the step's configuration and the secrets that it is granted.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::bindings::config::{self, Error};
use crate::execution::state::{State, Values};

impl Values {
    /// The configuration by key: strings as they are, other values as JSON text.
    fn configuration(&self) -> Result<BTreeMap<String, String>, Error> {
        let values: BTreeMap<String, &RawValue> = serde_json::from_str(self.configuration.get())
            .map_err(|error| Error::Io(format!("the configuration is not a JSON object: {error}")))?;
        Ok(values.into_iter().map(|(key, value)| (key, text(value))).collect())
    }

    /// A granted secret takes precedence over a configuration key with its name.
    async fn value(&self, key: &str) -> Result<Option<String>, Error> {
        if !self.grants.secrets.iter().any(|granted| granted == key) {
            return Ok(self.configuration()?.remove(key));
        }
        match self.secrets.secret(&self.namespace, key).await {
            Ok(Some(value)) => Ok(Some(value)),
            // Report a missing secret: the deployment is wrong, and None would look like an unset key.
            Ok(None) => {
                Err(Error::Upstream(format!("the secret `{key}` is granted, but this host does not have it")))
            }
            Err(error) => {
                // The provider's error goes to the operator's log, not to the guest.
                tracing::warn!(secret = key, %error, "a granted secret cannot be read");
                Err(Error::Upstream(format!("the secret `{key}` cannot be read now")))
            }
        }
    }
}

fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

impl config::Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, Error>> {
        Ok(match &self.values {
            Some(values) => values.value(&key).await,
            None => Ok(None),
        })
    }

    /// Returns the configuration without secrets: a handler must request a secret by name.
    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, Error>> {
        let Some(values) = &self.values else { return Ok(Ok(Vec::new())) };
        Ok(values.configuration().map(|values| values.into_iter().collect()))
    }
}
