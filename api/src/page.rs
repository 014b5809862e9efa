//! Pages of lists: a size, filters, and a cursor that goes on where the page before ended.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tasker_orchestrator::Slice;
use utoipa::{IntoParams, ToSchema};

use crate::problem::{ApiError, Code};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1000;
/// The maximum size of a page of items with documents.
pub(crate) const WITH_DOCUMENTS: u32 = 200;
/// How far pages by number reach. The database reads and drops everything before them.
const MAX_BY_NUMBER: u32 = 10_000;
/// When pages by number became deprecated, as RFC 9745 writes it: 2026-11-30.
const DEPRECATED: HeaderValue = HeaderValue::from_static("@1795996800");

/// A page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page. None on the last.
    pub next_cursor: Option<String>,
    /// The size of the page and every filter in force, defaults included.
    #[schema(value_type = Object)]
    pub applied: Map<String, Value>,
    #[serde(skip)]
    is_by_number: bool,
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let is_by_number = self.is_by_number;
        let mut response = Json(self).into_response();
        if is_by_number {
            response.headers_mut().insert(HeaderName::from_static("deprecation"), DEPRECATED);
        }
        response
    }
}

/// The part of a list that a request asks for.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `List` reads")]
pub(crate) struct PageParameters {
    /// The number of items: 50 by default, at most 1000, or 200 where items carry documents.
    limit: Option<u32>,
    /// The `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
    /// The number of the page, from 1 on. Use `cursor` instead.
    #[deprecated]
    page: Option<u32>,
    /// The number of items of a page by number. Use `limit` instead.
    #[deprecated]
    per_page: Option<u32>,
}

/// A list without filters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFilters {}

/// A request for a page of a list, with these filters.
#[derive(Debug)]
pub(crate) struct List<F> {
    pub(crate) filters: F,
    pub(crate) limit: u32,
    /// Whether the request names it.
    has_limit: bool,
    /// How many items stand before a page by number.
    skip: u32,
    is_by_number: bool,
    after: Option<Value>,
    /// Binds cursors to the list and its filters.
    seal: String,
    applied: Map<String, Value>,
}

impl<S: Send + Sync, F: DeserializeOwned + Serialize + Send> FromRequestParts<S> for List<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.path(), parts.uri.query().unwrap_or_default())
    }
}

impl<F: DeserializeOwned + Serialize> List<F> {
    fn parse(path: &str, query: &str) -> Result<Self, ApiError> {
        let refused = |message: String| ApiError::new(Code::InvalidRequest, message);
        let pairs: Vec<(String, String)> =
            serde_html_form::from_str(query).map_err(|error| refused(format!("the query: {error}")))?;
        let (mut of_page, mut filters) = (Map::new(), Vec::new());
        for (name, value) in pairs {
            if !["limit", "cursor", "page", "per_page"].contains(&name.as_str()) {
                filters.push((name, value));
            } else if of_page.insert(name.clone(), Value::from(value)).is_some() {
                return Err(refused(format!("`{name}` is there twice")));
            }
        }
        let mut written = filters.clone();
        written.sort();
        let filters = read(&filters).map_err(refused)?;
        let text = |name: &str| of_page.get(name).and_then(Value::as_str);
        let number = |name: &str, most: u32| match text(name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number @ 1..) if number <= most => Ok(Some(number)),
                _ => Err(refused(format!("`{name}` is `{text}`; it must be a number from 1 to {most}"))),
            },
        };
        let (limit, per_page) = (number("limit", MAX_LIMIT)?, number("per_page", MAX_LIMIT)?);
        let page: Option<u32> = number("page", u32::MAX)?;
        if limit.is_some() && per_page.is_some() || text("cursor").is_some() && page.is_some() {
            let message =
                "`page` and `per_page` are the old names of `cursor` and `limit`: use one or the other";
            return Err(refused(message.to_owned()));
        }
        let size = limit.or(per_page).unwrap_or(DEFAULT_LIMIT);
        let skip = page.unwrap_or(1).saturating_sub(1).saturating_mul(size);
        if page.is_some() && skip.saturating_add(size) > MAX_BY_NUMBER {
            return Err(too_deep(MAX_BY_NUMBER));
        }
        let mut applied = match serde_json::to_value(&filters) {
            Ok(Value::Object(applied)) => applied,
            _ => Map::new(),
        };
        applied.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|some| !some.is_empty()));
        // Of what was written: `2h` is another time with each request.
        let hash = Sha256::digest(format!("{path}\n{}", serde_json::json!(written)));
        let seal = BASE64.encode(&hash[..9]);
        let after = text("cursor").map(|cursor| open(cursor, &seal)).transpose()?;
        Ok(Self {
            filters,
            limit: size,
            has_limit: limit.or(per_page).is_some(),
            skip,
            is_by_number: page.or(per_page).is_some(),
            after,
            seal,
            applied,
        })
    }

    /// For lists whose items carry documents: at most so many.
    pub(crate) fn at_most(mut self, most: u32) -> Result<Self, ApiError> {
        if self.limit > most && self.has_limit {
            let message =
                format!("`limit` is {}; items with documents come in pages of at most {most}", self.limit);
            return Err(ApiError::new(Code::InvalidRequest, message));
        }
        self.limit = self.limit.min(most);
        // What stands before a page by number is read too.
        if self.skip > 0 && self.skip + self.limit > MAX_LIMIT {
            return Err(too_deep(MAX_LIMIT));
        }
        Ok(self)
    }

    /// The part of the list to read: an item more than the page has, which shows whether another page follows.
    pub(crate) fn slice<K: DeserializeOwned>(&self) -> Result<Slice<K>, ApiError> {
        let after = self.after.clone().map(serde_json::from_value).transpose().map_err(|_| no_cursor())?;
        Ok(Slice { limit: self.skip + self.limit + 1, after })
    }

    /// Builds the page from the items that were read. `key` returns what identifies an item's place in the list.
    pub(crate) fn page<T, K: Serialize>(self, items: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let has_more = items.len() > (self.skip + self.limit) as usize;
        let items: Vec<T> = items.into_iter().skip(self.skip as usize).take(self.limit as usize).collect();
        let next = items.last().filter(|_| has_more).map(|last| {
            BASE64.encode(serde_json::json!([self.seal, serde_json::json!(key(last))]).to_string())
        });
        self.finish(items, next)
    }

    /// For lists with one page, because their order changes with time.
    pub(crate) fn has_one_page(self) -> Result<Self, ApiError> {
        if self.after.is_some() || self.skip > 0 {
            let message = "this list has one page, because its order changes with time: raise `limit`";
            return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
        }
        Ok(self)
    }

    /// Builds the only page of a list.
    pub(crate) fn whole<T>(self, items: Vec<T>) -> Page<T> {
        self.finish(items, None)
    }

    fn finish<T>(mut self, items: Vec<T>, next_cursor: Option<String>) -> Page<T> {
        self.applied.insert("limit".to_owned(), Value::from(self.limit));
        Page { items, next_cursor, applied: self.applied, is_by_number: self.is_by_number }
    }
}

/// Reads the filters of a list.
fn read<F: DeserializeOwned>(pairs: &[(String, String)]) -> Result<F, String> {
    let text = serde_html_form::to_string(pairs).map_err(|error| format!("the query: {error}"))?;
    serde_html_form::from_str(&text).map_err(|error| {
        let is_repeated = |name: &str| pairs.iter().filter(|(other, _)| other == name).count() > 1;
        match pairs.iter().find(|(name, _)| is_repeated(name)) {
            // The library names no parameter whose repetition it refuses.
            Some((name, _)) if error.to_string() == "unsupported value" => format!("`{name}` is there twice"),
            _ => format!("the query: {error}"),
        }
    })
}

/// Returns the key in a cursor.
fn open(cursor: &str, seal: &str) -> Result<Value, ApiError> {
    let bytes = BASE64.decode(cursor).map_err(|_| no_cursor())?;
    let (sealed, key): (String, Value) = serde_json::from_slice(&bytes).map_err(|_| no_cursor())?;
    if has_nul(&key) {
        return Err(no_cursor());
    }
    if sealed != seal {
        let message = "the cursor belongs to another list, or to other filters; repeat the filters of the page before, or \
                       begin without a cursor";
        return Err(ApiError::new(Code::InvalidRequest, message.to_owned()));
    }
    Ok(key)
}

fn too_deep(most: u32) -> ApiError {
    let message = format!("pages by number reach {most} items here; follow `next_cursor` instead");
    ApiError::new(Code::PageTooDeep, message)
}

/// Whether a key holds a NUL character, which PostgreSQL cannot compare with anything.
fn has_nul(key: &Value) -> bool {
    match key {
        Value::String(text) => text.contains('\0'),
        Value::Array(parts) => parts.iter().any(has_nul),
        _ => false,
    }
}

fn no_cursor() -> ApiError {
    let message = "`cursor` is not the `next_cursor` of a page";
    ApiError::new(Code::InvalidRequest, message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filters {
        name: Option<String>,
        #[serde(default)]
        state: Vec<String>,
    }

    fn parse(query: &str) -> Result<List<Filters>, String> {
        List::parse("/v1/things", query).map_err(|error| error.to_string())
    }

    fn numbers(query: &str) -> Page<u32> {
        let list = parse(query).unwrap();
        let Slice { limit, after } = list.slice::<u32>().unwrap();
        let first = after.map_or(0, |after| after + 1);
        let read = (first..100).take(limit as usize).collect();
        list.page(read, |number| *number)
    }

    #[test]
    fn cursors_walk_the_whole_list_once() {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = numbers(&format!("limit=7&name=a{cursor}"));
            seen.extend(page.items);
            let Some(next) = page.next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        assert_eq!(numbers("limit=100").next_cursor, None);
    }

    #[test]
    fn a_cursor_belongs_to_its_list_and_filters() {
        let cursor = numbers("name=a&state=b&state=c").next_cursor.unwrap();
        assert!(parse(&format!("state=b&name=a&state=c&limit=3&cursor={cursor}")).is_ok());
        for other in ["name=b&state=b&state=c", "name=a", ""] {
            let refused = parse(&format!("{other}&cursor={cursor}")).unwrap_err();
            assert!(refused.contains("other filters"), "{refused}");
        }
        let elsewhere =
            List::<Filters>::parse("/v1/others", &format!("name=a&state=b&state=c&cursor={cursor}"));
        assert!(elsewhere.is_err());
        for no_cursor in ["x", "%00", "WyJhIl0"] {
            let refused = parse(&format!("cursor={no_cursor}")).unwrap_err();
            assert!(refused.contains("not the `next_cursor`"), "{no_cursor}: {refused}");
        }
        let wrong_key = parse(&format!("name=a&state=b&state=c&cursor={cursor}")).unwrap();
        assert!(wrong_key.slice::<String>().is_err());
    }

    #[test]
    fn the_filters_in_force_are_said() {
        let page = numbers("state=b&name=a%20b");
        assert_eq!(
            Value::Object(page.applied),
            serde_json::json!({ "limit": 50, "name": "a b", "state": ["b"] })
        );
        let page = numbers("");
        assert_eq!(Value::Object(page.applied), serde_json::json!({ "limit": 50 }));
    }

    #[test]
    fn pages_by_number_still_work_and_not_deeply() {
        let page = numbers("page=3&per_page=10");
        assert_eq!((page.items.first(), page.items.len(), page.is_by_number), (Some(&20), 10, true));
        assert!(parse("page=100&per_page=100").is_ok());
        for deep in ["page=101&per_page=100", "page=4294967295"] {
            assert!(parse(deep).unwrap_err().contains("next_cursor"), "{deep}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, expected) in [
            ("limit=0", "`limit` is `0`"),
            ("limit=1001", "from 1 to 1000"),
            ("limit=x", "`limit` is `x`"),
            ("limit=1&limit=2", "`limit` is there twice"),
            ("limit=1&per_page=2", "old names"),
            ("nmae=a", "unknown field `nmae`"),
            ("name=a&name=b", "`name` is there twice"),
        ] {
            let refused = parse(query).unwrap_err();
            assert!(refused.contains(expected), "{query}: {refused}");
        }
        assert!(parse("limit=500").unwrap().at_most(200).is_err());
        assert!(parse("page=6&per_page=200").unwrap().at_most(200).is_err());
        assert!(parse("page=5&per_page=200").unwrap().at_most(200).is_ok());
        assert!(parse("page=2").unwrap().has_one_page().is_err());
        assert!(parse("limit=2").unwrap().has_one_page().is_ok());
        let seal = parse("").unwrap().seal;
        let with_nul = BASE64.encode(serde_json::json!([seal, ["a\0"]]).to_string());
        assert!(parse(&format!("cursor={with_nul}")).unwrap_err().contains("not the `next_cursor`"));
        assert_eq!(parse("").unwrap().at_most(20).unwrap().limit, 20);
    }
}
