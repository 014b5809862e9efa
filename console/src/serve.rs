//! The routes: files with entity tags, compressed; the page for every other path, so that each view has a URL.

use std::{borrow::Cow, env, fs, path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::Response,
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};

use crate::{FILES, page};

/// The page.
const INDEX: &str = "index.html";

/// Where files come from: this binary, or a folder while developing.
#[derive(Debug, Clone)]
struct Source(Option<Arc<PathBuf>>);

/// A file as it is sent.
struct Found {
    bytes: Cow<'static, [u8]>,
    gzip: Option<&'static [u8]>,
    tag: String,
}

/// The console's routes. `/` leads browsers to it, and others to what the server is.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let source = Source(env::var_os("TASKER_CONSOLE_DIR").map(|folder| Arc::new(PathBuf::from(folder))));
    Router::<Source>::new()
        .route("/", get(front))
        .route("/console", get(async || moved("console/")))
        .route("/console/", get(async |State(source), headers: HeaderMap| file(&source, "", &headers)))
        .route(
            "/console/{*path}",
            get(async |State(source), Path(path): Path<String>, headers: HeaderMap| {
                file(&source, &path, &headers)
            }),
        )
        .with_state(source)
}

async fn front(headers: HeaderMap) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    moved(if accepts.contains("text/html") { "console/" } else { "v1/meta" })
}

/// Sends a client to another path, relative to this one.
fn moved(to: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

fn file(source: &Source, path: &str, headers: &HeaderMap) -> Response {
    let (found, kind, policy) = match source.read(path).filter(|_| path != INDEX) {
        Some(found) => (found, kind_of(path), None),
        // A name of a file that is not there: the page would be no answer to it.
        None if kind_of(path) != HTML => return not_found(),
        None => {
            let Some(found) = source.read(INDEX) else { return not_found() };
            let text = String::from_utf8_lossy(&found.bytes);
            let policy = page::policy(&text);
            let text = page::at_depth(&text, path.matches('/').count());
            let tag = tag_of(text.as_bytes());
            (Found { bytes: text.into_bytes().into(), gzip: None, tag }, HTML, Some(policy))
        }
    };
    answer(found, kind, policy, headers)
}

const HTML: &str = "text/html; charset=utf-8";

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => HTML,
    }
}

fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", BASE64.encode(&Sha256::digest(bytes)[..18]))
}

fn not_found() -> Response {
    let mut response = Response::new(Body::from("the console has no such file\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn answer(found: Found, kind: &'static str, policy: Option<String>, asked: &HeaderMap) -> Response {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = text(IF_NONE_MATCH).split(',').any(
        |one| matches!(one.trim().trim_start_matches("W/"), known if known == found.tag || known == "*"),
    );
    let gzip = found.gzip.filter(|_| text(ACCEPT_ENCODING).contains("gzip"));
    let body = match gzip {
        _ if is_known => Body::empty(),
        Some(packed) => Body::from(packed),
        None => Body::from(found.bytes),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if let Ok(tag) = HeaderValue::from_str(&found.tag) {
        headers.insert(ETAG, tag);
    }
    if gzip.is_some() && !is_known {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // Files too, so that an image opened by itself runs nothing.
    let policy = policy.unwrap_or_else(|| "default-src 'none'; frame-ancestors 'none'".to_owned());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

impl Source {
    fn read(&self, path: &str) -> Option<Found> {
        let Some(folder) = &self.0 else {
            let place = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
            let file = &FILES[place];
            return Some(Found { bytes: file.bytes.into(), gzip: Some(file.gzip), tag: file.tag.to_owned() });
        };
        let is_plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if !is_plain || path.contains('\\') {
            return None;
        }
        let bytes = fs::read(folder.join(path)).ok()?;
        let tag = tag_of(&bytes);
        Some(Found { bytes: bytes.into(), gzip: None, tag })
    }
}
