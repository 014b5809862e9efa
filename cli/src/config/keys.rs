//! All keys of the configuration: what they do, their types and defaults, and the reference of them.

use std::fmt::Write as _;

use anyhow::Result;
use toml::{Table, Value};

use super::{
    Analytics, Blobs, Config, Database, Mcp, Orchestrator, PREFIX, Project, Server, Telemetry, Worker,
};
use crate::auth::Auth;

/// A section of the configuration.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Its keys with what they do. None: any.
    pub(crate) keys: Option<&'static [(&'static str, &'static str)]>,
}

/// All sections, in the order of the reference.
pub(crate) const SECTIONS: &[Section] = &[
    Section { name: "project", about: Project::ABOUT, keys: Some(Project::KEYS) },
    Section {
        name: "handlers",
        about: "additional names of handlers: from the `callable` of a template to the handler, or to `COMPONENT/HANDLER`.",
        keys: None,
    },
    Section { name: "server", about: Server::ABOUT, keys: Some(Server::KEYS) },
    Section { name: "auth", about: Auth::ABOUT, keys: Some(Auth::KEYS) },
    Section {
        name: "auth_roles",
        about: "further roles that tokens and keys may name, or other meanings of built-in ones: from the name to a list of \
                permissions and built-in roles.",
        keys: None,
    },
    Section { name: "mcp", about: Mcp::ABOUT, keys: Some(Mcp::KEYS) },
    Section { name: "database", about: Database::ABOUT, keys: Some(Database::KEYS) },
    Section { name: "orchestrator", about: Orchestrator::ABOUT, keys: Some(Orchestrator::KEYS) },
    Section { name: "worker", about: Worker::ABOUT, keys: Some(Worker::KEYS) },
    Section { name: "blobs", about: Blobs::ABOUT, keys: Some(Blobs::KEYS) },
    Section { name: "analytics", about: Analytics::ABOUT, keys: Some(Analytics::KEYS) },
    Section { name: "telemetry", about: Telemetry::ABOUT, keys: Some(Telemetry::KEYS) },
];

/// A key of the configuration.
pub(crate) struct Key {
    /// `section.key`.
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) default: Value,
}

impl Key {
    /// The type of its values, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self.default {
            Value::Boolean(_) => "true or false",
            Value::Integer(_) => "whole number",
            Value::Float(_) => "number",
            Value::Array(_) => "list of texts",
            Value::Table(_) => "table",
            Value::String(_) | Value::Datetime(_) => "text",
        }
    }

    /// The environment variable that overrides it.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }
}

impl Section {
    /// What it is about, without the beginning that names it.
    fn words(&self) -> &'static str {
        self.about.split_once("`: ").map_or(self.about, |(_, words)| words).trim()
    }

    /// The key of it with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys.is_none_or(|keys| keys.iter().any(|(key, _)| *key == name))
    }
}

/// All keys, in the order of the reference. Those of sections with any keys are not among them.
pub(crate) fn all() -> Result<Vec<Key>> {
    let defaults = Table::try_from(Config::default())?;
    let of = |section: &'static Section| {
        let default = defaults.get(section.name).and_then(Value::as_table);
        section.keys.unwrap_or_default().iter().map(move |(key, about)| Key {
            name: format!("{}.{key}", section.name),
            about: about.trim().to_owned(),
            default: default
                .and_then(|table| table.get(*key))
                .cloned()
                .unwrap_or_else(|| Value::String(String::new())),
        })
    };
    Ok(SECTIONS.iter().flat_map(of).collect())
}

/// The reference of all keys, in Markdown.
pub(crate) fn reference() -> Result<String> {
    let keys = all()?;
    let mut text = "# The configuration\n\n\
        `tasker.toml` in the folder of a project, or in any folder above. Every key has a default. An environment variable\n\
        `TASKER__<SECTION>__<KEY>` overrides a key: `TASKER__SERVER__LISTEN=0.0.0.0:8080`. Its value is TOML, or else a text.\n\n\
        `tasker config show` prints every value and where it comes from, `tasker config explain KEY` what a key does, and\n\
        `tasker config validate` everything that is wrong. This page is made from the program: `tasker config reference`.\n"
        .to_owned();
    for section in SECTIONS {
        let mut about = section.words().to_owned();
        if let Some(first) = about.get(..1) {
            about.replace_range(..1, &first.to_uppercase());
        }
        let _ = write!(text, "\n## `[{}]`\n\n{about}\n", section.name);
        if section.keys.is_none() {
            continue;
        }
        text.push_str("\n| key | type | default | |\n|---|---|---|---|\n");
        for key in keys.iter().filter(|key| key.name.split('.').next() == Some(section.name)) {
            let name = key.name.split('.').nth(1).unwrap_or_default();
            let default = match &key.default {
                Value::String(text) if text.is_empty() => "empty".to_owned(),
                value => format!("`{value}`"),
            };
            let about = key.about.replace('|', "\\|");
            let _ = writeln!(text, "| `{name}` | {} | {default} | {about} |", key.kind());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_configuration_is_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let reference = reference().unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &reference).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(page, reference, "run `tasker config reference > docs/configuration.md`");
    }

    #[test]
    fn every_section_and_key_is_described() {
        let defaults = Table::try_from(Config::default()).unwrap();
        let described: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
        for (name, values) in &defaults {
            let section = SECTIONS.iter().find(|section| section.name == name);
            let section = section.unwrap_or_else(|| panic!("{name} is not among {described:?}"));
            assert!(section.words().ends_with('.'), "{name}: {}", section.words());
            for (key, _) in values.as_table().unwrap() {
                assert!(section.has(key), "{name}.{key}");
            }
        }
        assert_eq!(defaults.len(), SECTIONS.len());
        // All of them, and no others.
        let limits = "[worker.ceilings]\nwall_ms = 1\ncpu_ms = 1\nmemory_bytes = 1\ntable_elements = 1\ninstances = 1\nlog_bytes = 1
            result_bytes = 1\nhandles = 1\n";
        let set: Config = toml::from_str(limits).unwrap();
        let ceilings = Table::try_from(set.worker.ceilings).unwrap();
        let about = all().unwrap().into_iter().find(|key| key.name == "worker.ceilings").unwrap().about;
        assert!(ceilings.keys().all(|limit| about.contains(&format!("`{limit}`"))), "{about}");
        for key in all().unwrap() {
            let section = defaults[key.name.split('.').next().unwrap()].as_table().unwrap();
            assert_eq!(section[key.name.split('.').nth(1).unwrap()], key.default, "{}", key.name);
            assert!(key.about.ends_with('.'), "{}: {}", key.name, key.about);
        }
    }
}
