//! One call: its attempts, until one succeeds or there is no hope.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode, Url, header::HeaderMap};
use tokio::time;
use uuid::Uuid;

use crate::{
    answer::Answer,
    client::Settings,
    error::{Error, Result},
    pause,
    redirect::{self, Next},
    types::ProblemCode,
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

impl Call<'_> {
    /// The whole response, of whatever status: the first that no repetition can better.
    pub(crate) async fn answer(mut self) -> Result<Answer> {
        let retries = if self.is_repeatable { self.settings.retries } else { 0 };
        let mut attempt = 0;
        loop {
            let Ok(attempted) = time::timeout(self.timeout, self.attempt()).await else {
                return Err(self.late());
            };
            let pause = match &attempted {
                Ok(answer) => self.pause(attempt, answer),
                Err(Error::Transport { .. }) => Some(pause::backoff(attempt)),
                Err(_) => None,
            };
            let Some(pause) = pause.filter(|_| attempt < retries) else { return attempted };
            tracing::debug!(?attempted, attempt, ?pause, "a request failed and is repeated");
            time::sleep(pause).await;
            if let Some((name, value)) = self.on_repetition.take() {
                self.url.query_pairs_mut().append_pair(name, value);
            }
            attempt += 1;
        }
    }

    /// A successful response whose body has not come yet. One attempt.
    pub(crate) async fn open(self) -> Result<Response> {
        let opened = async {
            let response = self.begin().await?;
            if response.status().is_success() {
                Ok(response)
            } else {
                Err(self.read(response).await?.error())
            }
        };
        time::timeout(self.timeout, opened).await.unwrap_or_else(|_| Err(self.late()))
    }

    async fn attempt(&self) -> Result<Answer> {
        // With its body, so that a connection that breaks in the middle of a document is a failed attempt, too.
        self.read(self.begin().await?).await
    }

    /// Sends the request, and follows redirects. Only the server itself gets the headers of the request, with its credentials.
    async fn begin(&self) -> Result<Response> {
        let sent = self.send(self.method.clone(), self.url.clone(), self.headers.clone(), self.body.clone());
        let mut response = sent.await?;
        for _ in 0..redirect::MOST {
            response = match redirect::next(self.settings, &self.method, &response) {
                Next::Stay => return Ok(response),
                Next::Refuse(why) => return Err(self.unexpected(response.status(), why)),
                Next::Here(target) => {
                    self.send(Method::GET, target, redirect::safe(&self.headers), Vec::new()).await?
                }
                Next::Elsewhere(target) => {
                    let request = self.settings.http.get(target).headers(redirect::plain());
                    request.send().await.map_err(|error| self.broken(error))?
                }
            };
        }
        match redirect::next(self.settings, &self.method, &response) {
            Next::Stay => Ok(response),
            _ => Err(self.unexpected(response.status(), "too many redirects")),
        }
    }

    /// Sends a request to the server, in its name.
    async fn send(&self, method: Method, url: Url, headers: HeaderMap, body: Vec<u8>) -> Result<Response> {
        let request = self.settings.http.request(method, url).headers(headers);
        let request = if body.is_empty() { request } else { request.body(body) };
        #[cfg_attr(not(feature = "aws"), expect(unused_mut, reason = "only a signature changes it"))]
        let mut request = request.build().map_err(|error| self.broken(error))?;
        #[cfg(feature = "aws")]
        if let Some(signer) = &self.settings.signer {
            signer.sign(&mut request).await?;
        }
        self.settings.http.execute(request).await.map_err(|error| self.broken(error))
    }

    async fn read(&self, response: Response) -> Result<Answer> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| self.broken(error))?.into();
        Ok(Answer { call: self.place(), request_id: self.request_id, status, headers, body })
    }

    /// The pause after a response. None: another attempt is not worth it.
    fn pause(&self, attempt: u32, answer: &Answer) -> Option<Duration> {
        let is_in_progress = || {
            // The attempt before may still be being worked on.
            attempt > 0
                && self.method != Method::GET
                && answer.status == StatusCode::CONFLICT
                && answer.problem().is_some_and(|problem| problem.code == ProblemCode::NotPossible)
        };
        let may_pass = pause::is_temporary(answer.status.as_u16()) || is_in_progress();
        may_pass.then(|| pause::after(attempt, &answer.headers)).flatten()
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

    fn broken(&self, error: reqwest::Error) -> Error {
        // The URL is in the message already, and a signed one is a secret.
        let source = Box::new(error.without_url());
        Error::Transport { call: self.place(), request_id: Some(self.request_id), source }
    }

    fn late(&self) -> Error {
        Error::TimedOut { call: self.place(), request_id: self.request_id, after: self.timeout }
    }
}
