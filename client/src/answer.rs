//! A whole response, of whatever status.

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    types::Problem,
};

/// A response, whatever its status says. [`crate::Request::answer`] returns it.
#[derive(Clone)]
pub struct Answer {
    /// The method and the address.
    pub(crate) call: String,
    pub(crate) request_id: Uuid,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Without the body, which may hold a secret.
impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The body, as it was sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body of a success.
    ///
    /// # Errors
    /// [`Error::Api`] and [`Error::Unexpected`], if the status is another.
    pub fn into_body(self) -> Result<Vec<u8>> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.error()) }
    }

    /// The document of a success. `()` takes an empty one.
    ///
    /// # Errors
    /// As [`Answer::into_body`], and [`Error::Decode`].
    pub fn parse<T: DeserializeOwned>(self) -> Result<T> {
        let call = self.call.clone();
        let body = self.into_body()?;
        let text: &[u8] = if body.is_empty() { b"null" } else { &body };
        serde_json::from_slice(text).map_err(|source| Error::Decode { call, source })
    }

    /// What the API says about a failure.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let content_type = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let is_problem = content_type.starts_with("application/problem+json");
        is_problem.then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }

    /// From a response without success.
    pub(crate) fn error(&self) -> Error {
        match self.problem() {
            Some(problem) => Error::Api(Box::new(problem)),
            None => Error::Unexpected {
                call: self.call.clone(),
                request_id: self.request_id,
                status: self.status(),
                body: String::from_utf8_lossy(&self.body).chars().take(200).collect(),
            },
        }
    }
}
