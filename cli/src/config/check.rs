//! Everything that is wrong with a configuration: in the file, in the environment, and in the values.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

use super::{Config, PREFIX, ProjectConfig, Source, find, flatten, keys::SECTIONS, set, values};
use crate::{environment, nearest::nearest};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The file that it is in. None: it is in an environment variable, or in what no key says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The environment variable that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variable: Option<String>,
    /// `section.key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// What is wrong, and what to do.
    pub(crate) detail: String,
}

/// What was checked.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The file. None: the defaults apply.
    pub(crate) file: Option<PathBuf>,
    /// In the order of the lines; then those of the environment.
    pub(crate) faults: Vec<Fault>,
}

/// Checks the configuration of the project that contains this folder. Starts, creates and asks nothing.
///
/// # Errors
/// The folder or the file cannot be read.
pub(crate) fn check(start: &Path) -> Result<Checked> {
    let (root, file, text) = find(start)?;
    let variables: Vec<_> = environment::utf8().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let mut lines = BTreeMap::new();
    let mut faults = of_file(file.as_deref(), &text, &mut lines);
    faults.extend(variables.iter().filter_map(|(name, value)| of_variable(name, value)));
    if faults.is_empty() {
        let read = ProjectConfig::from_parts(root, file.as_deref(), &text, variables.into_iter())?;
        let of_value = |(key, detail): (&'static str, String)| {
            let source = read.source(key);
            let variable = if let Source::Environment(name) = &source { Some(name.clone()) } else { None };
            let at = if let Source::File(path) = source { Some(path) } else { None };
            let line = at.is_some().then(|| lines.get(key).copied()).flatten();
            Fault { file: at, line, variable, key: Some(key.to_owned()), detail }
        };
        faults.extend(values::check(&read).into_iter().map(of_value));
    }
    faults.sort_by_key(|fault| (fault.file.is_none(), fault.line));
    Ok(Checked { file, faults })
}

/// What is wrong with the file: its form, unknown keys, and values of another type. Notes the line of each key.
fn of_file(file: Option<&Path>, text: &str, lines: &mut BTreeMap<String, usize>) -> Vec<Fault> {
    let line_of = |span: Range<usize>| 1 + text[..span.start.min(text.len())].matches('\n').count();
    let fault = |span: Option<Range<usize>>, key: Option<String>, detail: String| Fault {
        file: file.map(Path::to_path_buf),
        line: span.map(line_of),
        variable: None,
        key,
        detail,
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<Fault> =
        errors.iter().map(|error| fault(error.span(), None, error.message().trim().to_owned())).collect();
    let Ok(plain) = text.parse::<Table>() else { return faults };
    for (section, content) in document.get_ref() {
        let name: &str = section.get_ref();
        let Some(known) = SECTIONS.iter().find(|known| known.name == name) else {
            let detail = unknown("section", name, SECTIONS.iter().map(|known| known.name));
            faults.push(fault(Some(section.span()), Some(name.to_owned()), detail));
            continue;
        };
        let DeValue::Table(content) = content.get_ref() else {
            let detail = format!("it is a section: write [{name}] and its keys below");
            faults.push(fault(Some(section.span()), Some(name.to_owned()), detail));
            continue;
        };
        for key in content.keys() {
            let path = format!("{name}.{}", key.get_ref());
            lines.insert(path.clone(), line_of(key.span()));
            if !known.has(key.get_ref()) {
                let names = known.keys.unwrap_or_default().iter().map(|(key, _)| *key);
                let detail = unknown(&format!("key of [{name}]"), key.get_ref(), names);
                faults.push(fault(Some(key.span()), Some(path), detail));
            } else if let Some(value) = plain[name].get(&**key.get_ref())
                && let Err(detail) = accepted(name, key.get_ref(), value)
            {
                faults.push(fault(Some(key.span()), Some(path), detail));
            }
        }
    }
    // Sections and keys come by their names.
    faults.sort_by_key(|fault| fault.line);
    faults
}

/// What is wrong with an environment variable.
fn of_variable(variable: &str, value: &str) -> Option<Fault> {
    let path = variable.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
    let wrong = |key: Option<&str>, detail: String| {
        let (variable, key) = (Some(variable.to_owned()), key.map(str::to_owned));
        Some(Fault { file: None, line: None, variable, key, detail })
    };
    let mut table = Table::new();
    if let Err(error) = set(&mut table, &path, value) {
        return wrong(None, format!("{error:#}"));
    }
    let (section, name) = path.split_once('.')?;
    let Some(known) = SECTIONS.iter().find(|known| known.name == section) else {
        return wrong(Some(&path), unknown("section", section, SECTIONS.iter().map(|known| known.name)));
    };
    if !known.has(name) {
        let names = known.keys.unwrap_or_default().iter().map(|(key, _)| *key);
        return wrong(Some(&path), unknown(&format!("key of [{section}]"), name, names));
    }
    let (_, value) = flatten(&table).pop()?;
    accepted(section, name, &value).err().and_then(|detail| wrong(Some(&path), detail))
}

/// Whether a value has the type of its key. Else what it must be.
fn accepted(section: &str, key: &str, value: &Value) -> Result<(), String> {
    let alone = Table::from_iter([(key.to_owned(), value.clone())]);
    let alone = Table::from_iter([(section.to_owned(), Value::Table(alone))]);
    match Config::deserialize(alone) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "{}; `tasker config explain {section}.{key}` says what it takes",
            error.message().trim()
        )),
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let hint = match nearest(name, known.clone()) {
        Some(like) => format!("did you mean `{like}`?"),
        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    };
    format!("`{name}` is no {what}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let of = of_file(Some(Path::new("tasker.toml")), text, &mut BTreeMap::new());
        of.into_iter().map(|fault| format!("{} {}", fault.line.unwrap(), fault.detail)).collect()
    }

    #[test]
    fn every_fault_of_a_file_is_told_with_its_line() {
        let told = faults(
            "[server]\nlisten = 5\nlisten_on = 'x'\n\n[wroker]\na = 1\n[worker]\nmax_concurrent = -1\n[auth]\nmode = 'on'\n",
        );
        let expected = [
            "2 invalid type",
            "3 `listen_on` is no key",
            "5 `wroker`",
            "8 invalid value",
            "10 unknown variant",
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
        assert!(told[2].contains("did you mean `worker`?"), "{told:#?}");
        assert!(faults("server = 1\n")[0].contains("write [server]"));
        let broken = faults("[server]\nlisten = \n\n[worker\n");
        assert!(broken.iter().any(|fault| fault.starts_with("2 ")), "{broken:#?}");
        assert_eq!(faults("[handlers]\nx = 'a/b'\n[auth_roles]\nops = ['operator']\n"), Vec::<String>::new());
    }

    #[test]
    fn faults_of_the_environment_name_the_variable() {
        for (variable, value, expected) in [
            ("TASKER__WORKER__SPEED", "9", "`speed` is no key of [worker]"),
            ("TASKER__WRKER__SPEED", "9", "did you mean `worker`?"),
            ("TASKER__WORKER", "9", "<SECTION>__<KEY>"),
            ("TASKER__WORKER__MAX_CONCURRENT", "many", "whole number"),
        ] {
            let fault = of_variable(variable, value).unwrap();
            assert_eq!(fault.variable.as_deref(), Some(variable));
            let is_expected = fault.detail.contains(expected) || fault.detail.contains("invalid type");
            assert!(is_expected, "{variable}: {}", fault.detail);
        }
        assert_eq!(of_variable("TASKER__SERVER__LISTEN", "0.0.0.0:80"), None);
    }
}
