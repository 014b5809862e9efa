//! One call: its attempts, until one succeeds or there is no hope.

use std::time::Duration;

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap},
};
use tokio::time;
use uuid::Uuid;

use crate::{
    client::Settings,
    error::{Error, Result},
    pause,
    redirect::{Answer, follow},
    types::{Problem, ProblemCode},
};

/// A prepared request.
pub(crate) struct Call<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The time limit of each attempt.
    pub(crate) timeout: Duration,
    pub(crate) request_id: Uuid,
    /// Whether a repetition changes nothing.
    pub(crate) is_repeatable: bool,
    /// Added to the query of a repetition: the attempt before may have created the task.
    pub(crate) on_repetition: Option<(&'static str, &'static str)>,
}

/// An attempt that failed, and the pause before the next one. None: it is not worth one.
struct Failed {
    error: Error,
    pause: Option<Duration>,
}

impl Call<'_> {
    /// The whole body of a successful response.
    pub(crate) async fn body(mut self) -> Result<Vec<u8>> {
        let retries = if self.is_repeatable { self.settings.retries } else { 0 };
        let mut attempt = 0;
        loop {
            let failed = match time::timeout(self.timeout, self.attempt(attempt)).await {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(failed)) => failed,
                Err(_) => return Err(self.late()),
            };
            let Some(pause) = failed.pause.filter(|_| attempt < retries) else { return Err(failed.error) };
            tracing::debug!(error = %failed.error, attempt, ?pause, "a request failed and is repeated");
            time::sleep(pause).await;
            if let Some((name, value)) = self.on_repetition.take() {
                self.url.query_pairs_mut().append_pair(name, value);
            }
            attempt += 1;
        }
    }

    /// A successful response whose body has not come yet. One attempt.
    pub(crate) async fn open(self) -> Result<Response> {
        let answer = async {
            let answer = self.answer(0).await?;
            if answer.status().is_success() { Ok(answer) } else { Err(self.refused(0, answer).await) }
        };
        match time::timeout(self.timeout, answer).await {
            Ok(answer) => answer.map_err(|failed| failed.error),
            Err(_) => Err(self.late()),
        }
    }

    async fn attempt(&self, attempt: u32) -> Result<Vec<u8>, Failed> {
        let answer = self.answer(attempt).await?;
        if !answer.status().is_success() {
            return Err(self.refused(attempt, answer).await);
        }
        // Here, so that a connection that breaks in the middle of a document is a failed attempt, too.
        let body = answer.bytes().await.map_err(|error| self.broken(attempt, error))?;
        Ok(body.into())
    }

    async fn answer(&self, attempt: u32) -> Result<Response, Failed> {
        let request = self.settings.http.request(self.method.clone(), self.url.clone());
        let request = request.headers(self.headers.clone());
        let request = if self.body.is_empty() { request } else { request.body(self.body.clone()) };
        let sent = request.send().await.map_err(|error| self.broken(attempt, error))?;
        match follow(self.settings, &self.method, &self.headers, sent).await {
            Ok(Answer::Response(response)) => Ok(response),
            Ok(Answer::Refused { status, why }) => {
                Err(Failed { error: self.unexpected(status, &why), pause: None })
            }
            Err(error) => Err(self.broken(attempt, error)),
        }
    }

    /// From a response without success.
    async fn refused(&self, attempt: u32, response: Response) -> Failed {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return self.broken(attempt, error),
        };
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_problem = content_type.starts_with("application/problem+json");
        let problem: Option<Problem> = is_problem.then(|| serde_json::from_slice(&body).ok()).flatten();
        // The attempt before may still be being worked on.
        let is_in_progress = attempt > 0
            && self.method != Method::GET
            && status == StatusCode::CONFLICT
            && problem.as_ref().is_some_and(|problem| problem.code == ProblemCode::NotPossible);
        let may_pass = pause::is_temporary(status.as_u16()) || is_in_progress;
        let pause = may_pass.then(|| pause::after(attempt, &headers)).flatten();
        let error = match problem {
            Some(problem) => Error::Api(Box::new(problem)),
            None => self.unexpected(status, &String::from_utf8_lossy(&body)),
        };
        Failed { error, pause }
    }

    /// The method and the address, without the query, which may hold what nobody should log.
    pub(crate) fn place(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        format!("{} {url}", self.method)
    }

    fn unexpected(&self, status: StatusCode, body: &str) -> Error {
        Error::Unexpected {
            call: self.place(),
            request_id: self.request_id,
            status: status.as_u16(),
            body: body.chars().take(200).collect(),
        }
    }

    fn broken(&self, attempt: u32, error: reqwest::Error) -> Failed {
        // The URL is in the message already, and a signed one is a secret.
        let source = Box::new(error.without_url());
        let error = Error::Transport { call: self.place(), request_id: Some(self.request_id), source };
        Failed { error, pause: Some(pause::backoff(attempt)) }
    }

    fn late(&self) -> Error {
        Error::TimedOut { call: self.place(), request_id: self.request_id, after: self.timeout }
    }
}
