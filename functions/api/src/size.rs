//! Bodies within the limit of Lambda, which takes and returns 6 MB as JSON. A larger response goes by reference.

use std::time::Duration;

use lambda_http::{
    http::{Response, StatusCode, header},
    tower::BoxError,
};
use tasker_api::{PROBLEM_JSON, Problem};
use tasker_transport::BlobStore;

/// The largest body of a request, in bytes. Lambda passes it in JSON, as Base64 or with escapes.
pub(crate) const MAX_REQUEST_BYTES: usize = 4 << 20;
/// The largest response, in bytes as JSON. The rest of 6 MB is for headers.
const MAX_RESPONSE_BYTES: usize = 6_000_000;
/// How long the link to a larger response is valid.
const LINK: Duration = Duration::from_secs(300);

/// Returns the response if Lambda can return it. Otherwise stores its body and redirects to it; where the store makes no
/// links, returns an error that says what to do.
pub(crate) async fn within_limit(
    response: Response<Vec<u8>>,
    blobs: &BlobStore,
) -> Result<Response<Vec<u8>>, BoxError> {
    let body = String::from_utf8_lossy(response.body());
    // As Lambda counts it: quotes and line breaks are escaped.
    let size = serde_json::to_string(&body)?.len();
    if size <= MAX_RESPONSE_BYTES {
        return Ok(response);
    }
    let link = match blobs.link(body.into_owned(), LINK).await {
        Ok(link) => link,
        Err(error) => {
            tracing::error!(%error, "a large response cannot be stored");
            None
        }
    };
    if let Some(link) = link {
        let answer =
            Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, link.as_str());
        return Ok(answer.body(Vec::new())?);
    }
    let message = format!(
        "the response has {size} bytes, and Lambda returns 6 MB; ask for a smaller page (`limit`), or for one step \
         instead of the task, or read the payload from the blob store"
    );
    let problem = Problem::response_too_large(message);
    let answer = Response::builder().status(problem.status).header(header::CONTENT_TYPE, PROBLEM_JSON);
    Ok(answer.body(serde_json::to_vec(&problem)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_response_that_lambda_cannot_return_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::folder(folder.path()).unwrap();
        let of = |body: String| Response::new(body.into_bytes());
        let small = within_limit(of("x".repeat(5_900_000)), &blobs).await.unwrap();
        assert_eq!((small.status(), small.body().len()), (StatusCode::OK, 5_900_000));
        // Each quote is two bytes in Lambda's JSON.
        let large = within_limit(of("\"".repeat(3_000_001)), &blobs).await.unwrap();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let said: Problem = serde_json::from_slice(large.body()).unwrap();
        assert!(said.detail.contains("`limit`"), "{}", said.detail);
    }
}
