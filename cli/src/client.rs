//! The API, as commands see it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use tasker_api::ErrorBody;
use ureq::{Agent, http::Method};

/// Talks to the API of a server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    agent: Agent,
}

/// An answer: what was asked for, or what the API said was wrong.
pub(crate) type Answer<T> = std::result::Result<T, ErrorBody>;

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(90)))
            .build()
            .into();
        Self { url: url.trim_end_matches('/').to_owned(), agent }
    }

    pub(crate) async fn get<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.call(Method::GET, path, None).await?.map_err(told)
    }

    pub(crate) async fn post<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        body: String,
    ) -> Result<Answer<T>> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.call(Method::DELETE, path, None).await?.map_err(told)
    }

    async fn call<T: DeserializeOwned + Send + 'static>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Answer<T>> {
        let (agent, url) = (self.agent.clone(), format!("{}{path}", self.url));
        let server = self.url.clone();
        tokio::task::spawn_blocking(move || {
            let request = ureq::http::Request::builder()
                .method(method)
                .uri(&url)
                .header("content-type", "application/json")
                .body(body.unwrap_or_default())?;
            let mut response = agent.run(request).with_context(|| {
                format!(
                    "no server answers at {server}; start one with `tasker dev` or `tasker serve`, name another with \
                     --server, or run the task in this process with `tasker task run --local`"
                )
            })?;
            let status = response.status();
            let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
            if status.is_success() {
                return serde_json::from_str(&text).map(Ok).with_context(|| format!("the answer of {url}"));
            }
            match serde_json::from_str(&text) {
                Ok(error) => Ok(Err(error)),
                Err(_) => bail!("{url} answered {status}: {text}"),
            }
        })
        .await?
    }
}

/// What the API said was wrong, as an error.
pub(crate) fn told(answer: ErrorBody) -> anyhow::Error {
    anyhow::Error::msg(answer.error.message)
}
