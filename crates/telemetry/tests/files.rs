//! The documentation, the rules and the dashboards name what exists.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tasker_telemetry::{Kind, table};
use tasker_test_support::promtool;

/// The lines of the page that frame the table.
const BEGIN: &str = "<!-- metrics: derived from the code;";
const END: &str = "<!-- end of metrics -->";
/// How the names of metrics and of recording rules begin.
const PREFIXES: &[&str] = &["tasker_", "tasker:", "http_server_", "process_"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files in a folder of the repository, in order.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
    files.sort();
    files
}

fn rows() -> String {
    let mut rows = "| metric | kind | labels | what |\n|---|---|---|---|\n".to_owned();
    for row in table() {
        let labels: Vec<String> = row.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(" ") };
        let line =
            format!("| `{}` | {} | {labels} | {} |\n", row.exported(), row.kind.as_str(), row.description);
        rows.push_str(&line);
    }
    rows
}

#[test]
fn the_page_lists_every_metric() {
    let path = root().join("docs/observability.md");
    let page = read("docs/observability.md");
    let begin = page.find(BEGIN).map(|begin| begin + page[begin..].find('\n').unwrap() + 1).unwrap();
    let end = page.find(END).unwrap();
    let wanted = format!("{}\n{}\n{}", &page[..begin], rows(), &page[end..]);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/observability.md is not what the code says: run with UPDATE_DOCS=1");
    }
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let words = text.split(|letter: char| !is_name(letter));
    words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix) && word != prefix)).collect()
}

#[test]
fn rules_and_dashboards_name_metrics_that_exist() {
    let mut known = BTreeSet::new();
    for row in table() {
        match row.kind {
            Kind::Histogram(_) => {
                known.extend(["bucket", "sum", "count"].map(|part| format!("{}_{part}", row.name)));
            }
            _ => drop(known.insert(row.exported())),
        }
    }
    let rules = read("observability/prometheus/rules.yaml");
    let recorded = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: "));
    known.extend(recorded.map(str::to_owned));
    let mut seen = 0;
    for file in files("observability/prometheus").into_iter().chain(files("observability/grafana")) {
        let text = read(&file);
        for name in named(&text) {
            assert!(known.contains(name), "{file} names {name}, which Tasker does not export");
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
}

#[test]
fn dashboards_are_read_and_ask_what_prometheus_understands() {
    let files = files("observability/grafana");
    assert_eq!(files.len(), 5, "{files:?}");
    let mut ids = BTreeSet::new();
    // A rule for each expression, because promtool reads rules.
    let mut rules = "groups:\n  - name: dashboards\n    rules:\n".to_owned();
    let mut count = 0;
    for file in files {
        let board: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
        assert!(ids.insert(board["uid"].as_str().unwrap().to_owned()), "{file}");
        let panels = board["panels"].as_array().unwrap();
        assert!(panels.len() >= 8, "{file}");
        for panel in panels {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{file}: {}", panel["title"]);
            for target in panel["targets"].as_array().unwrap() {
                let expression = target["expr"].as_str().unwrap().replace("$__rate_interval", "5m");
                let line = format!("      - {{ record: 'panel:{count}', expr: {} }}\n", json!(expression));
                rules.push_str(&line);
                count += 1;
            }
        }
    }
    assert!(count > 60, "{count}");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboards.yaml");
    fs::write(&path, rules).unwrap();
    check_rules(&[path]);
}

/// Checks rules with Prometheus's own tool.
fn check_rules(files: &[PathBuf]) {
    let checked = Command::new(promtool()).args(["check", "rules"]).args(files).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn every_alert_has_an_entry_in_the_page() {
    let (alerts, page) = (read("observability/prometheus/alerts.yaml"), read("docs/observability.md"));
    let alerts: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let entries: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(alerts.len() > 10);
    assert_eq!(alerts, entries);
    for alert in &alerts {
        let link = format!("runbook_url: docs/observability.md#{}", alert.to_lowercase());
        assert!(read("observability/prometheus/alerts.yaml").contains(&link), "{link}");
    }
}

#[test]
fn prometheus_reads_the_rules() {
    let files = files("observability/prometheus");
    assert_eq!(files.len(), 2);
    check_rules(&files.iter().map(|file| root().join(file)).collect::<Vec<_>>());
}
