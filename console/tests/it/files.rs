//! The files keep the project's limits, and those of others are unchanged.

use std::{fmt::Write as _, fs, path::Path};

use sha2::{Digest, Sha256};
use tasker_console::FILES;

/// The maximum number of lines of a file.
const MOST_LINES: usize = 400;
/// The maximum number of lines of the console's own modules together.
const MOST_OWN_LINES: usize = 8000;
/// The maximum size of everything, compressed, in bytes.
const MOST_BYTES: usize = 200 << 10;

fn own() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES
        .iter()
        .filter(|file| !file.path.starts_with("vendor/"))
        .map(|file| (file.path, std::str::from_utf8(file.bytes).expect("it is text")))
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut lines = 0;
    for (path, text) in own() {
        let count = text.lines().count();
        assert!(count <= MOST_LINES, "{path} has {count} lines");
        if path.starts_with("app/") {
            lines += count;
            let first = text.lines().next().unwrap_or_default();
            assert!(
                first.starts_with("// ") && first.ends_with('.'),
                "{path} does not say what it is: {first}"
            );
        }
    }
    assert!(lines <= MOST_OWN_LINES, "{lines} lines");
}

#[test]
fn everything_is_small_when_compressed() {
    let size: usize = FILES.iter().map(|file| file.gzip.len()).sum();
    assert!(size <= MOST_BYTES, "{size} bytes");
}

#[test]
fn nothing_is_put_into_the_page_as_markup_or_from_elsewhere() {
    for (path, text) in own() {
        for banned in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!text.contains(banned), "{path} contains {banned}");
        }
        let elsewhere =
            text.match_indices("https://").chain(text.match_indices("http://")).find(|(place, _)| {
                // Names of vocabularies, and addresses that a reader types.
                let rest = &text[*place..];
                !["http://www.w3.org", "https://example.com", "https://json-schema.org"]
                    .iter()
                    .any(|known| rest.starts_with(known))
            });
        assert_eq!(elsewhere, None, "{path} names another host");
    }
}

#[test]
fn modules_of_others_are_unchanged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor");
    let list = fs::read_to_string(folder.join("VENDOR.toml")).expect("the list is there");
    let list: toml::Table = list.parse().expect("it is TOML");
    let modules = list["module"].as_array().expect("it lists modules");
    let mut listed = Vec::new();
    for module in modules {
        let text = |name: &str| module[name].as_str().expect("a module says what it is").to_owned();
        let bytes = fs::read(folder.join(text("file"))).expect("a listed module is there");
        let mut hash = String::new();
        for byte in Sha256::digest(&bytes) {
            write!(hash, "{byte:02x}").expect("memory takes it");
        }
        assert_eq!(
            hash,
            text("sha256"),
            "{} is not what {} {} contains",
            text("file"),
            text("package"),
            text("version")
        );
        assert!(!text("licence").is_empty());
        listed.push(format!("vendor/{}", text("file")));
    }
    listed.sort();
    let embedded: Vec<_> =
        FILES.iter().map(|file| file.path).filter(|path| path.starts_with("vendor/")).collect();
    assert_eq!(listed, embedded);
}
