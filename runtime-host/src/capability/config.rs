//! `wasi:config/store`: the step's configuration, and the secrets that it is granted by name.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::bindings::config::{self, Error};
use crate::execution::state::{State, Values};

impl Values {
    /// The configuration by key: a string as it is, anything else as its JSON text.
    fn configuration(&self) -> Result<BTreeMap<String, String>, Error> {
        let values: BTreeMap<String, &RawValue> = serde_json::from_str(self.configuration.get())
            .map_err(|error| Error::Io(format!("the configuration is no JSON object: {error}")))?;
        Ok(values.into_iter().map(|(key, value)| (key, text(value))).collect())
    }
}

fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

impl config::Host for State {
    /// A granted secret shadows a configuration key of its name.
    fn get(&mut self, key: String) -> Result<Option<String>, Error> {
        let Some(values) = &self.values else { return Ok(None) };
        if values.grants.secrets.contains(&key) {
            // Granted but absent is a fault of the deployment: silence would look like an empty value.
            return values.secrets.secret(&key).map(Some).ok_or_else(|| {
                Error::Upstream(format!("the secret `{key}` is granted, but this host does not have it"))
            });
        }
        Ok(values.configuration()?.remove(&key))
    }

    /// The configuration only: who wants a secret names it.
    fn get_all(&mut self) -> Result<Vec<(String, String)>, Error> {
        let Some(values) = &self.values else { return Ok(Vec::new()) };
        Ok(values.configuration()?.into_iter().collect())
    }
}
