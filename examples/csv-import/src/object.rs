//! An object in object storage, read in ranges.

use tasker_handler::prelude::*;

/// An object as it was when the import was planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// Its URL.
    pub url: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// The storage's ETag of its content. Without one, only a change of the size is noticed.
    pub etag: Option<String>,
}

impl Object {
    /// Reads the properties of an object and its first `bytes` bytes.
    ///
    /// Uses one `GET`, because a presigned S3 URL is valid for one method only, and `HEAD` returns no
    /// content.
    ///
    /// # Errors
    /// The storage is unreachable, does not have the object, or does not support ranges.
    pub fn look(url: &str, bytes: u64) -> Result<(Self, Vec<u8>), Failure> {
        let last = bytes.max(1) - 1;
        let response = http::get(url).header("range", &format!("bytes=0-{last}")).send()?;
        let total = response.header("content-range").and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let etag = response.header("etag").map(str::to_owned);
        match (response.status, total) {
            // Only an empty object has no first byte.
            (416, _) => Ok((Self { url: url.to_owned(), bytes: 0, etag }, Vec::new())),
            (206, Some(bytes)) => Ok((Self { url: url.to_owned(), bytes, etag }, response.body)),
            (status, _) => {
                response.error_for_status()?;
                let message = format!(
                    "{} returned {status} to a request for its first bytes, not 206 with a `content-range`: the \
                     import needs a storage that supports ranges",
                    without_query(url)
                );
                Err(Failure::permanent("RangesNotServed", message))
            }
        }
    }

    /// Its URL without the query, safe to publish: the query of a presigned URL is a credential.
    pub fn name(&self) -> &str {
        without_query(&self.url)
    }

    /// Reads a range of the object.
    ///
    /// # Errors
    /// A permanent `ObjectChanged` if the object has changed, else a failure for the storage's response.
    pub fn read(&self, part: batch::Range) -> Result<Vec<u8>, Failure> {
        let wanted = format!("bytes={}-{}", part.start, part.end - 1);
        let mut request = http::get(&self.url).header("range", &wanted);
        // A weak ETag does not identify bytes and never matches `If-Match`.
        if let Some(etag) = self.etag.as_deref().filter(|etag| !etag.starts_with("W/")) {
            request = request.header("if-match", etag);
        }
        let response = request.send()?;
        let is_wanted = response.status == 206
            && response.body.len() as u64 == part.len()
            && response.header("content-range")
                == Some(&format!("bytes {}-{}/{}", part.start, part.end - 1, self.bytes));
        if is_wanted {
            return Ok(response.body);
        }
        // Another size or content means that the object has changed.
        if matches!(response.status, 200 | 206 | 412 | 416) {
            let message = format!(
                "{} has changed since the import was planned (status {} for {wanted} of {}): import it \
                 with a new task",
                self.name(),
                response.status,
                self.bytes
            );
            return Err(Failure::permanent("ObjectChanged", message));
        }
        let status = response.status;
        response.error_for_status()?;
        let message = format!("{} returned {status} to a request for {wanted}", self.name());
        Err(Failure::permanent("UnexpectedAnswer", message))
    }
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
