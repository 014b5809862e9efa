//! The table in `docs/languages.md`: which scenarios each language plays, and what it does otherwise.

use std::{env, fmt::Write as _, fs};

use crate::{
    language::{Language, languages, suite},
    scenario::{Area, areas},
};

const BEGIN: &str = "<!-- conformance: derived from the scenarios; `UPDATE_DOCS=1 cargo test -p tasker-conformance table` writes it -->";
const END: &str = "<!-- end of conformance -->";

#[test]
fn the_page_on_languages_shows_the_table() {
    let path = suite().join("../../docs/languages.md");
    let page = fs::read_to_string(&path).expect("docs/languages.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("docs/languages.md marks the place");
    let (_, after) = rest.split_once(END).expect("docs/languages.md marks the end of the place");
    let current = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table(&languages(), &areas()));
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, current).expect("docs/languages.md can be written");
        return;
    }
    assert!(page == current, "docs/languages.md is not up to date; it should be:\n{current}");
}

fn table(languages: &[Language], areas: &[Area]) -> String {
    let titles: Vec<&str> = languages.iter().map(|language| language.title.as_str()).collect();
    let mut text =
        format!("| scenarios | | {} |\n|---|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    let mut differences = String::new();
    for area in areas {
        let _ = write!(text, "| {} | {} |", area.about, area.scenarios.len());
        for language in languages {
            let others: Vec<_> = area
                .scenarios
                .iter()
                .filter_map(|scenario| Some((&scenario.name, scenario.elsewhere.get(&language.name)?)))
                .collect();
            match others.len() {
                0 => text.push_str(" all |"),
                count => {
                    let _ = write!(text, " {count} otherwise |");
                }
            }
            for (name, otherwise) in others {
                let _ = writeln!(
                    differences,
                    "- {}, {} ({name}): {}.",
                    language.title, area.about, otherwise.because
                );
            }
        }
        text.push('\n');
    }
    if !differences.is_empty() {
        let _ = write!(text, "\nWhat a language does otherwise, and why:\n\n{differences}");
    }
    text
}

#[test]
fn scenarios_are_told_apart_and_name_languages_that_exist() {
    let languages = languages();
    for area in areas() {
        let mut names: Vec<&str> = area.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        names.sort_unstable();
        assert!(
            names.windows(2).all(|pair| pair[0] != pair[1]),
            "{}: a name is used twice: {names:?}",
            area.name
        );
        for name in area.scenarios.iter().flat_map(|scenario| scenario.elsewhere.keys()) {
            assert!(
                languages.iter().any(|language| language.name == *name),
                "{}: `{name}` is no language",
                area.name
            );
        }
    }
}
