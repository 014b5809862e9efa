//! Lists that fit into an answer: cut between items, with a cursor that goes on exactly there.

use serde_json::{Map, Value};

use crate::{
    answer::{LEVELS, room_beside, shorten, size},
    arguments::{Field, Kind, optional},
    call::Call,
    failure::Failure,
    path::Query,
};

/// The number of items of a page unless the caller asks for another.
const ITEMS: usize = 25;
/// How often a shorter page is requested, because items can become longer in between.
const TRIES: usize = 3;

pub(crate) const LIMIT: Field = optional(
    "limit",
    Kind::Integer(1, 200),
    "The most items, 25 by default. Fewer are returned if they would not fit.",
);
pub(crate) const CURSOR: Field =
    optional("cursor", Kind::Text, "The `next_cursor` of the answer before, with the same filters.");

/// A list of the API, and the form of its answer.
pub(crate) struct List {
    pub(crate) path: String,
    /// The filters.
    pub(crate) query: Query,
    /// Brings an item into its form.
    pub(crate) shape: fn(Value) -> Value,
    /// What stands beside the items.
    pub(crate) beside: Map<String, Value>,
    /// What to ask next, in one sentence.
    pub(crate) next: &'static str,
    /// Whether the list has cursors. The others are one page.
    pub(crate) has_cursor: bool,
}

impl List {
    pub(crate) fn new(path: String, query: Query, shape: fn(Value) -> Value, next: &'static str) -> Self {
        Self { path, query, shape, beside: Map::new(), next, has_cursor: true }
    }

    /// A list whose order changes with time, so that it has one page.
    pub(crate) fn of_one_page(mut self) -> Self {
        self.has_cursor = false;
        self
    }

    pub(crate) fn beside(mut self, name: &str, value: Value) -> Self {
        self.beside.insert(name.to_owned(), value);
        self
    }

    /// Reads one page and keeps the items that fit. If some do not, reads a page of just those that do, for its cursor.
    pub(crate) async fn read(self, call: &Call<'_>) -> Result<Value, Failure> {
        let asked = call.arguments.integer("limit").and_then(|limit| usize::try_from(limit).ok());
        let mut limit = asked.unwrap_or(ITEMS);
        let mut tries = 0;
        loop {
            tries += 1;
            let mut page = call.get(&self.page_path(call, limit)).await?;
            let items: Vec<Value> = match page["items"].take() {
                Value::Array(items) => items.into_iter().map(self.shape).collect(),
                _ => Vec::new(),
            };
            let mut answer = self.beside.clone();
            if let Some(applied) = page.get_mut("applied") {
                answer.insert("applied".into(), applied.take());
            }
            let count = items.len();
            let (items, has_cut) = keep_fitting(items, room_beside(&Value::Object(answer.clone())));
            let left_out = count - items.len();
            if left_out > 0 && self.has_cursor && tries < TRIES {
                limit = items.len();
                continue;
            }
            // The cursor of a page with more items would skip what was left out.
            let cursor =
                Some(page["next_cursor"].take()).filter(|cursor| cursor.is_string() && left_out == 0);
            let mut more = match (&cursor, left_out) {
                (Some(_), _) => "There are more: ask again with `cursor`. ".to_owned(),
                (None, 0) => String::new(),
                (None, _) => format!("{left_out} more did not fit. "),
            };
            if has_cut {
                more.push_str("Long texts were cut. ");
            }
            answer.insert("next".into(), format!("{more}{}", self.next).into());
            if tries > 1 || left_out > 0 || has_cut {
                answer.insert("truncated".into(), true.into());
            }
            if let Some(cursor) = cursor {
                answer.insert("next_cursor".into(), cursor);
            }
            answer.insert("items".into(), items.into());
            return Ok(answer.into());
        }
    }

    fn page_path(&self, call: &Call<'_>, limit: usize) -> String {
        let mut query = self.query.clone();
        query.add("limit", &limit.to_string());
        if let Some(cursor) = call.arguments.text("cursor").filter(|_| self.has_cursor) {
            query.add("cursor", cursor);
        }
        format!("{}{}", self.path, query.as_str())
    }
}

/// Returns the first items that fit into `room` bytes, at least one, and whether texts within them were cut.
fn keep_fitting(items: Vec<Value>, room: usize) -> (Vec<Value>, bool) {
    // Room for the fields that are added after the items.
    let room = room.saturating_sub(1_500);
    let mut has_cut = false;
    let mut kept = Vec::new();
    let mut used = 0;
    for mut item in items {
        has_cut |= shorten(&mut item, LEVELS[0]);
        let mut bytes = size(&item) + 2;
        if kept.is_empty() {
            for level in &LEVELS[1..] {
                if bytes > room {
                    has_cut |= shorten(&mut item, *level);
                    bytes = size(&item) + 2;
                }
            }
        }
        if used + bytes > room && !kept.is_empty() {
            break;
        }
        used += bytes;
        kept.push(item);
    }
    (kept, has_cut)
}
