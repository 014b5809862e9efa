//! Lists, which come page by page.

use std::{collections::VecDeque, marker::PhantomData};

use futures_util::stream;
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{client::Client, document::Document, error::Result, items::Items, request::Request};

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What [`List::cursor`] takes for the next page. None: this is the last one.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// The filters in force: an object.
    #[serde(default)]
    pub applied: Document,
}

/// A list of the server, not yet fetched: set its filters, then read it page by page with [`List::stream`], one page with
/// [`List::page`], or all of it with [`List::all`].
#[must_use = "a list does nothing until it is read"]
#[derive(Debug, Clone)]
pub struct List<T> {
    pub(crate) request: Request,
    item: PhantomData<fn() -> T>,
}

impl Client {
    /// Any list: the route and the type of its items, `client.list::<AttemptRecord>("/v1/…")`.
    pub fn list<T>(&self, path: &str) -> List<T> {
        List::new(self.request(Method::GET, path))
    }

    pub(crate) fn list_at<T>(&self, parts: &[&str]) -> List<T> {
        List::new(self.route(Method::GET, parts))
    }
}

impl<T> List<T> {
    fn new(request: Request) -> Self {
        Self { request, item: PhantomData }
    }

    /// Adds a parameter to the query: a filter of the route.
    pub fn query(self, name: &str, value: impl ToString) -> Self {
        Self::new(self.request.query(name, value))
    }

    /// The length of a page. Default: 50; at most 1,000, or 200 where items carry documents.
    pub fn limit(self, limit: u32) -> Self {
        self.query("limit", limit)
    }

    /// Begins after the page that named this cursor, with the same filters.
    pub fn cursor(self, cursor: &str) -> Self {
        self.query("cursor", cursor)
    }
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// One page.
    pub async fn page(self) -> Result<Page<T>> {
        self.request.send().await
    }

    /// The items, page after page.
    pub fn stream(self) -> Items<T> {
        let state = (VecDeque::new(), Some(None));
        Items::new(stream::try_unfold(state, move |(mut items, mut next)| {
            let list = self.request.clone();
            async move {
                loop {
                    if let Some(item) = items.pop_front() {
                        return Ok(Some((item, (items, next))));
                    }
                    let Some(cursor) = next else { return Ok(None) };
                    let list = Self::new(list.clone());
                    let list = match cursor {
                        Some(cursor) => list.cursor(&cursor as &String),
                        None => list,
                    };
                    let page: Page<T> = list.page().await?;
                    items.extend(page.items);
                    next = page.next_cursor.map(Some);
                }
            }
        }))
    }

    /// All items.
    pub async fn all(self) -> Result<Vec<T>> {
        let (mut items, mut stream) = (Vec::new(), self.stream());
        while let Some(item) = stream.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}
