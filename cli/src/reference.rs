//! The page on the commands lists them as the program has them.

use clap::{Command, CommandFactory};

use crate::Arguments;

const BEGIN: &str = "<!-- commands: derived from the program; `UPDATE_DOCS=1 cargo test -p tasker-cli --bin tasker reference` writes it -->";
const END: &str = "<!-- end of commands -->";

/// A row for each command below this one that does something.
fn rows(command: &Command, path: &str, rows: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        let path = format!("{path} {}", below.get_name());
        if below.has_subcommands() {
            self::rows(below, &path, rows);
            continue;
        }
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        rows.push(format!("| `{path}` | {} |", about.replace('|', "\\|").replace('\n', " ")));
    }
}

#[test]
fn the_page_lists_every_command() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the list");
    let (_, after) = rest.split_once(END).expect("the list has an end");
    let mut lines = vec!["| command | |".to_owned(), "|---|---|".to_owned()];
    rows(&Arguments::command(), "tasker", &mut lines);
    let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", lines.join("\n"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), wanted, "UPDATE_DOCS=1 writes the list");
}
