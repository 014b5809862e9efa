//! Finding tasks by a text that may be anything people paste: an id, a template, a tag, an order's number.

use sqlx::Row;
use uuid::Uuid;

use super::reader::Reader;
use crate::{access::scope::Scope, error::Error, labels};

/// The shortest beginning of an id that is searched for, in hexadecimal digits.
const SHORTEST_ID: usize = 4;
/// The maximum number of templates whose names have the text. Of more, the text finds the first ones' tasks.
const MOST_TEMPLATES: i64 = 100;

/// What a text may stand for.
#[derive(Debug)]
pub(super) struct Search {
    /// The lowest and the highest id that begin with the text.
    pub(super) ids: Option<(Uuid, Uuid)>,
    /// The templates with the text in their names: namespaces and names.
    pub(super) templates: (Vec<String>, Vec<String>),
    /// All labels that the text may be.
    pub(super) labels: Vec<String>,
}

impl Search {
    /// What of a task the text was found in.
    pub(super) fn matched(&self, task: Uuid, template: (&str, &str), found: &[String]) -> Option<String> {
        if self.ids.is_some_and(|(first, last)| (first..=last).contains(&task)) {
            return Some("task_id".to_owned());
        }
        if let Some(label) = found.iter().find(|label| self.labels.contains(label)) {
            return Some(labels::kind(label).into_owned());
        }
        let (namespaces, names) = &self.templates;
        let mut templates =
            namespaces.iter().zip(names).map(|(namespace, name)| (namespace.as_str(), name.as_str()));
        templates.any(|known| known == template).then(|| "template".to_owned())
    }
}

impl Reader {
    /// Returns what a text may stand for, in these namespaces.
    pub(super) async fn search(&self, text: &str, scope: &Scope) -> Result<Search, Error> {
        let templates = sqlx::query(
            "SELECT DISTINCT namespace, name FROM tasker.templates
             WHERE strpos(lower(namespace || '/' || name), lower($1)) > 0
                 AND ($2::text[] IS NULL OR namespace = ANY ($2))
             ORDER BY namespace, name LIMIT $3",
        )
        .bind(text)
        .bind(scope.sql())
        .bind(MOST_TEMPLATES)
        .fetch_all(&self.pool)
        .await?;
        let column =
            |name: &str| templates.iter().map(|row| row.try_get(name)).collect::<Result<Vec<String>, _>>();
        let attributes: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT a ->> 'name' FROM tasker.templates t
             CROSS JOIN jsonb_array_elements(t.definition -> 'search_attributes') a
             WHERE t.definition -> 'search_attributes' IS NOT NULL",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut found = vec![
            labels::tag(text),
            labels::correlation_id(text),
            labels::parent_correlation_id(text),
            labels::initiator(text),
            labels::source_system(text),
        ];
        found.extend(attributes.iter().map(|name| labels::attribute(name, text)));
        Ok(Search { ids: ids(text), templates: (column("namespace")?, column("name")?), labels: found })
    }
}

/// The lowest and the highest id with this beginning.
fn ids(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.trim().chars().filter(|digit| *digit != '-').collect();
    if !(SHORTEST_ID..=32).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let bound =
        |fill: char| Uuid::parse_str(&format!("{digits}{}", fill.to_string().repeat(32 - digits.len()))).ok();
    Some((bound('0')?, bound('f')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_begin_an_id() {
        let of = |text: &str| ids(text).map(|(first, last)| (first.to_string(), last.to_string()));
        let (first, last) = ("01a20000-0000-0000-0000-000000000000", "01a2ffff-ffff-ffff-ffff-ffffffffffff");
        assert_eq!(of(" 01A2 "), Some((first.to_owned(), last.to_owned())));
        assert_eq!(of(first), Some((first.to_owned(), first.to_owned())));
        for text in ["01a", "order", "01a2g", "", &"0".repeat(33)] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
