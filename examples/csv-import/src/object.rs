//! An object in storage, read in ranges.

use tasker_handler::prelude::*;

/// An object as it was when it was first looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// Where it is.
    pub url: String,
    /// How long it is.
    pub bytes: u64,
    /// The storage's name for its content. Without one, a change is noticed only by its length.
    pub etag: Option<String>,
}

impl Object {
    /// Looks at an object: what it is, and how it begins, up to `bytes`.
    ///
    /// One `GET` tells both. A `HEAD` would tell less, and S3 presigns a URL for one method.
    ///
    /// # Errors
    /// The storage cannot be reached, does not have it, or does not serve ranges.
    pub fn look(url: &str, bytes: u64) -> Result<(Self, Vec<u8>), Failure> {
        let last = bytes.max(1) - 1;
        let response = http::get(url).header("range", &format!("bytes=0-{last}")).send()?;
        let total = response.header("content-range").and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let etag = response.header("etag").map(str::to_owned);
        match (response.status, total) {
            // Only of an empty object there is no first byte.
            (416, _) => Ok((Self { url: url.to_owned(), bytes: 0, etag }, Vec::new())),
            (206, Some(bytes)) => Ok((Self { url: url.to_owned(), bytes, etag }, response.body)),
            (status, _) => {
                response.error_for_status()?;
                let message = format!(
                    "{} answered {status} to a request for its first bytes, and not 206 with their `content-range`: the \
                     import needs a storage that serves ranges",
                    without_query(url)
                );
                Err(Failure::permanent("RangesNotServed", message))
            }
        }
    }

    /// Its URL as it may be told to anybody: the query of a presigned one is a key to it.
    pub fn name(&self) -> &str {
        without_query(&self.url)
    }

    /// Reads a part of it that it has.
    ///
    /// # Errors
    /// A permanent `ObjectChanged` if it is not what it was, or what the storage's answer tells.
    pub fn read(&self, part: batch::Range) -> Result<Vec<u8>, Failure> {
        let wanted = format!("bytes={}-{}", part.start, part.end - 1);
        let mut request = http::get(&self.url).header("range", &wanted);
        // A weak name promises nothing about single bytes, and matches nothing.
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
        // Another length of the whole, or another content, is another object.
        if matches!(response.status, 200 | 206 | 412 | 416) {
            let message = format!(
                "{} is no longer what it was when the import was planned (status {} for {wanted} of {}): import it \
                 with a new task",
                self.name(),
                response.status,
                self.bytes
            );
            return Err(Failure::permanent("ObjectChanged", message));
        }
        let status = response.status;
        response.error_for_status()?;
        let message = format!("{} answered {status} to a request for {wanted}", self.name());
        Err(Failure::permanent("UnexpectedAnswer", message))
    }
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
