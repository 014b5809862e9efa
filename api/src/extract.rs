//! Request extractors whose errors have this API's format.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use serde::de::DeserializeOwned;

use crate::problem::{ApiError, Code};

/// `axum::Json`, with errors in this API's format.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub(crate) struct Body<T>(pub(crate) T);

/// `axum::extract::Path`, with errors in this API's format.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

/// `axum::extract::Query`, with errors in this API's format.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Query<T>(pub(crate) T);

/// The text of a body, with errors in this API's format.
pub(crate) struct Text(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await?;
        let text = String::from_utf8(bytes.into()).map_err(|error| {
            ApiError::new(Code::InvalidRequest, format!("the body is not UTF-8: {error}"))
        })?;
        Ok(Self(text))
    }
}

/// Reads a query string, in which a parameter may be repeated.
pub(crate) fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    serde_html_form::from_str(query)
        .map_err(|error| ApiError::new(Code::InvalidRequest, format!("the query: {error}")))
}
