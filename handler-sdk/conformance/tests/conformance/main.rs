//! Plays the scenarios of `scenarios/` with the handlers of every language, in real sandboxes. `../../README.md` describes
//! the format.

mod compare;
mod language;
mod player;
mod scenario;
mod server;
mod table;

use language::{Language, languages};
use player::Player;
use scenario::areas;

/// Plays all scenarios in one language, and reports every one that does not end as expected.
fn play(name: &str) {
    let language = languages().into_iter().find(|language| language.name == name);
    let language: Language = language.expect("languages.json has it");
    if !language.can_be_built() {
        eprintln!("{} is not installed: the scenarios are not played in {}", language.needs, language.title);
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let faults: Vec<String> = runtime.expect("a runtime").block_on(async {
        let player = Player::new(language);
        let mut faults = player.describe().await;
        let only = std::env::var("SCENARIO").unwrap_or_default();
        for area in areas() {
            for scenario in area.scenarios.iter().filter(|scenario| scenario.name.contains(&only)) {
                if let Err(fault) = player.play(scenario).await {
                    faults.push(format!("{} / {}: {fault}", area.name, scenario.name));
                }
            }
        }
        faults
    });
    assert!(faults.is_empty(), "{} scenarios failed in {name}:\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn rust() {
    play("rust");
}

#[test]
fn typescript() {
    play("typescript");
}

#[test]
fn python() {
    play("python");
}

#[test]
fn go() {
    play("go");
}

#[test]
fn ruby() {
    play("ruby");
}
