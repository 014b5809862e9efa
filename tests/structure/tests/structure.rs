//! Arrows point down only, between crates and between the files of each; docs/architecture.md shows them as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
};

use tasker_structure_tests::{
    imports::{circle, imports},
    packages::{Package, first_sentence, packages, root},
};

/// Where docs/architecture.md holds what is derived from the code.
const BEGIN: &str = "<!-- structure: derived from the code; `UPDATE_DOCS=1 cargo test -p tasker-structure-tests` writes it -->";
const END: &str = "<!-- end of structure -->";

/// The packages of this workspace among a package's dependencies, tests' own helpers left out.
fn arrows_of<'a>(package: &'a Package, all: &'a [Package]) -> Vec<&'a Package> {
    all.iter().filter(|other| package.dependencies.contains(&other.name)).collect()
}

#[test]
fn no_two_files_import_each_other() {
    let mut circles = Vec::new();
    for package in packages() {
        let arrows = imports(&root().join(&package.folder));
        if let Some(circle) = circle(&arrows) {
            circles.push(format!("{}: {} → {}", package.folder, circle.join(" → "), circle[0]));
        }
    }
    assert!(circles.is_empty(), "files import each other in a circle:\n{}", circles.join("\n"));
}

/// The search finds what it is for.
#[test]
fn the_search_for_circles_follows_reexports() {
    let folder = env::temp_dir().join(format!("tasker-structure-{}", std::process::id()));
    let source = folder.join("src");
    fs::create_dir_all(source.join("a")).unwrap();
    fs::write(source.join("lib.rs"), "mod a;\nmod b;\npub use a::One;\n").unwrap();
    fs::write(source.join("a/mod.rs"), "mod one;\npub use one::One;\n").unwrap();
    fs::write(source.join("a/one.rs"), "use crate::b::Two;\npub struct One(Two);\n").unwrap();
    fs::write(source.join("b.rs"), "use crate::One;\npub struct Two(Box<One>);\n").unwrap();
    let found = circle(&imports(&folder));
    fs::write(source.join("b.rs"), "#[cfg(test)]\nmod tests { use crate::One; }\npub struct Two;\n").unwrap();
    let none = circle(&imports(&folder));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found, Some(vec!["a/one.rs".to_owned(), "b.rs".to_owned()]));
    assert_eq!(none, None);
}

#[test]
fn arrows_between_crates_point_down_only() {
    let all = packages();
    let named: BTreeMap<&str, &Package> =
        all.iter().map(|package| (package.folder.as_str(), package)).collect();
    let reaches = |from: &str| {
        let (mut open, mut seen) = (vec![named[from]], BTreeSet::new());
        while let Some(package) = open.pop() {
            if seen.insert(package.folder.as_str()) {
                open.extend(arrows_of(package, &all));
            }
        }
        seen.remove(from);
        seen
    };
    let (orchestrator, host) = (reaches("orchestrator"), reaches("runtime-host"));
    assert!(!orchestrator.contains("runtime-host"), "the orchestrator knows the host");
    assert!(!host.contains("orchestrator"), "the host knows the orchestrator, and with it the database");
    assert!(!host.contains("crates/templates"), "a host gets everything in the message");
    assert_eq!(reaches("handler-sdk/rust"), BTreeSet::from(["handler-sdk/rust-macros"]));
    for leaf in ["crates/protocol", "crates/cloud-events", "crates/local-postgres"] {
        assert_eq!(reaches(leaf), BTreeSet::new(), "{leaf} is a leaf");
    }
    // What a template grants and limits is what the message carries: one type for both.
    assert_eq!(reaches("crates/templates"), BTreeSet::from(["crates/cloud-events", "crates/protocol"]));
    let no_io = ["sqlx", "tokio", "object_store", "reqwest", "ureq", "hyper"];
    for pure in ["crates/templates", "crates/cloud-events", "crates/protocol"] {
        let found = named[pure].dependencies.iter().find(|name| no_io.contains(&name.as_str()));
        assert_eq!(found, None, "{pure} does no I/O");
    }
    for package in &all {
        let uses = |name: &str| package.dependencies.iter().any(|known| known == name);
        if ["aws-sdk-sqs", "aws-sdk-dynamodb", "aws-sdk-sns", "aws-sdk-eventbridge", "object_store"]
            .into_iter()
            .any(uses)
        {
            assert_eq!(package.folder, "crates/transport", "providers are behind the transport's traits");
        }
        if uses("wasmtime") {
            assert_eq!(package.folder, "runtime-host", "the host alone runs WebAssembly");
        }
    }
}

#[test]
fn the_page_on_architecture_shows_the_structure() {
    let page = root().join("docs/architecture.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("docs/architecture.md marks the place");
    let (_, after) = rest.split_once(END).expect("docs/architecture.md marks the end of the place");
    let current = format!("{before}{BEGIN}\n\n{}\n{END}{after}", structure());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, current).unwrap();
        return;
    }
    assert!(
        text == current,
        "docs/architecture.md does not show the structure as it is; `UPDATE_DOCS=1 cargo test -p tasker-structure-tests` \
         writes it. It should be:\n{}",
        structure()
    );
}

/// The tables for the page.
fn structure() -> String {
    let all = packages();
    let mut text = String::from("| folder | what it is | depends on |\n|---|---|---|\n");
    for package in &all {
        let arrows: Vec<String> =
            arrows_of(package, &all).iter().map(|other| format!("`{}`", other.folder)).collect();
        let arrows = if arrows.is_empty() { "nothing here".to_owned() } else { arrows.join(", ") };
        writeln!(text, "| `{}/` | {} | {arrows} |", package.folder, package.purpose).unwrap();
    }
    text += "\nThe folders of the orchestrator, each with its Rust and its SQL:\n\n| folder | what it is |\n|---|---|\n";
    let source = root().join("orchestrator/src");
    let mut folders: Vec<_> = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.join("mod.rs").exists()) {
        let name = folder.file_name().unwrap().to_string_lossy();
        writeln!(text, "| `{name}/` | {} |", first_sentence(&folder.join("mod.rs"))).unwrap();
    }
    text
}

/// A page that sends its reader to a file that is not there is worse than none.
#[test]
fn every_file_that_a_page_names_exists() {
    let root = root();
    let mut pages: Vec<_> =
        fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.extend([root.join("README.md"), root.join("CONTRIBUTING.md")]);
    let top: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir() && entry.file_name() != "target")
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let (mut named, mut missing) = (0, Vec::new());
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        // The text between backticks, outside of fences.
        for path in text.replace("```", "").split('`').skip(1).step_by(2) {
            let is_path =
                path.split_once('/').is_some_and(|(folder, _)| top.iter().any(|known| known == folder));
            let is_plain =
                path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
            if is_path && is_plain {
                named += 1;
                if !root.join(path).exists() {
                    missing.push(format!("{}: {path}", page.display()));
                }
            }
        }
    }
    assert!(named > 50, "only {named} paths were found");
    assert!(missing.is_empty(), "{missing:#?}");
}
