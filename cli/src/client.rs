//! The HTTP client of the API.

use std::{
    io::{BufRead, BufReader},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use tasker_api::ErrorBody;
use tokio::sync::{Mutex, mpsc};
use ureq::{
    Agent, Body,
    http::{Method, Response, StatusCode},
};
use url::form_urlencoded;

use crate::{
    config::ProjectConfig,
    signature::{Signer, WHERE_REFUSED, behind_iam},
};

/// The timeout of a request. The API responds within a minute, also to requests that wait.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The content type of most requests.
const JSON: &str = "application/json";

/// A client of a server's API.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    agent: Agent,
    /// Determined once, because finding credentials may need requests.
    signer: Arc<Mutex<Option<Signer>>>,
}

/// A response: the value, or the error that the API returned.
pub(crate) type Answer<T> = std::result::Result<T, ErrorBody>;

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: agent(Some(TIMEOUT)),
            signer: Arc::default(),
        }
    }

    async fn signer(&self) -> Option<Signer> {
        let mut signer = self.signer.lock().await;
        if !signer.as_ref().is_some_and(Signer::is_fresh) {
            *signer = Signer::of(&self.url).await;
        }
        signer.clone()
    }

    /// Creates a client of the server that a project's configuration names.
    pub(crate) fn of(project: &ProjectConfig) -> Self {
        Self::new(&project.config.server.url())
    }

    pub(crate) async fn get<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.look_for(path).await?.map_err(told)
    }

    /// As `get`, but returns none if the resource does not exist.
    pub(crate) async fn look_for<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
    ) -> Result<Answer<T>> {
        self.call(Method::GET, path, JSON, None).await
    }

    pub(crate) async fn post<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer<T>> {
        self.post_as(path, JSON, serde_json::to_string(body)?).await
    }

    /// As `post`, with another content type than plain JSON.
    pub(crate) async fn post_as<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Answer<T>> {
        self.call(Method::POST, path, content_type, Some(body)).await
    }

    pub(crate) async fn patch<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        self.call(Method::PATCH, path, JSON, Some(serde_json::to_string(body)?)).await?.map_err(told)
    }

    pub(crate) async fn delete<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.call(Method::DELETE, path, JSON, None).await?.map_err(told)
    }

    async fn call<T: DeserializeOwned + Send + 'static>(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Option<String>,
    ) -> Result<Answer<T>> {
        let (this, path) = (self.clone(), path.to_owned());
        let signer = self.signer().await;
        tokio::task::spawn_blocking(move || {
            let mut response = this.send(method, &path, content_type, body.unwrap_or_default(), signer)?;
            let status = response.status();
            let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
            if status.is_success() {
                // Some responses have only a status.
                let text = if text.is_empty() { "null" } else { &text };
                return serde_json::from_str(text)
                    .map(Ok)
                    .with_context(|| format!("the response of {}{path}", this.url));
            }
            match serde_json::from_str(&text) {
                Ok(error) => Ok(Err(error)),
                Err(_) if status == StatusCode::FORBIDDEN && behind_iam(&this.url).is_some() => {
                    bail!("{} rejected the request: {text}. {WHERE_REFUSED}", this.url)
                }
                Err(_) => bail!("{}{path} returned {status}: {text}", this.url),
            }
        })
        .await?
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
        signer: Option<Signer>,
    ) -> Result<Response<Body>> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", content_type)
            .body(body)?;
        if let Some(signer) = signer {
            signer.sign(&mut request, SystemTime::now())?;
        }
        self.agent.run(request).with_context(|| {
            format!(
                "no server responds at {}; start one with `tasker dev` or `tasker serve`, name another with --server, or \
                 run the task in this process with `tasker task run --local`",
                self.url
            )
        })
    }

    /// Returns server-sent events, each with its kind and its data, until the server or the listener closes the
    /// connection.
    pub(crate) async fn listen(&self, path: &str) -> Result<mpsc::Receiver<(String, String)>> {
        // This response has no end, so it has no timeout.
        let this = Self { agent: agent(None), ..self.clone() };
        let (path, signer) = (path.to_owned(), self.signer().await);
        let response =
            tokio::task::spawn_blocking(move || this.send(Method::GET, &path, JSON, String::new(), signer));
        let mut response = response.await??;
        if !response.status().is_success() {
            bail!("{} returned {}: {}", self.url, response.status(), response.body_mut().read_to_string()?);
        }
        let (sender, receiver) = mpsc::channel(64);
        // A separate thread, because a blocking read cannot be cancelled. Nothing waits for the thread.
        std::thread::spawn(move || {
            let (mut kind, mut data) = (String::new(), Vec::new());
            for line in BufReader::new(response.into_body().into_reader()).lines().map_while(Result::ok) {
                let (field, value) = line.split_once(':').unwrap_or((&line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                match field {
                    "event" => kind = value,
                    "data" => data.push(value),
                    // An empty line ends an event.
                    "" if line.is_empty() && !data.is_empty() => {
                        let event = (std::mem::take(&mut kind), std::mem::take(&mut data).join("\n"));
                        if sender.blocking_send(event).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        Ok(receiver)
    }
}

fn agent(timeout: Option<Duration>) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(timeout)
        .build()
        .into()
}

/// Converts an error of the API.
pub(crate) fn told(answer: ErrorBody) -> anyhow::Error {
    anyhow::Error::msg(answer.error.message)
}

/// Encodes a text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Encodes those of these parameters that have a value as the query of a URL.
pub(crate) fn query<const N: usize>(parameters: [(&str, Option<String>); N]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    // Percent-encoded spaces, because signatures do not accept `+`.
    query.finish().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_one_segment() {
        assert_eq!(segment("Payments::Refund/now + then"), "Payments%3A%3ARefund%2Fnow%20%2B%20then");
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(query([("a", None), ("b", Some("x y".into())), ("c", Some("1".into()))]), "b=x%20y&c=1");
    }
}
