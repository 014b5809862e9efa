//! Completion, as shells ask for it.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    operators::{MEND, Server},
    program::{Ended, run, tasker},
    project::Project,
};

/// What a shell gets for the words up to the cursor, the last of them begun.
fn complete(shell: &str, folder: &Path, variables: &[(&str, &str)], words: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tasker"));
    for variable in ["TASKER_URL", "TASKER_PROFILE", "TASKER_API_KEY", "TASKER_AUTH_TOKEN"] {
        command.env_remove(variable);
    }
    command
        .args(["--", "tasker"])
        .args(words)
        .current_dir(folder)
        .env("TASKER_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .env("XDG_CONFIG_HOME", folder)
        .envs(variables.iter().copied());
    run(&mut command)
}

fn lines(ended: &Ended) -> Vec<&str> {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:#?}");
    ended.stdout.lines().collect()
}

/// Asks again until the answer is right: on a busy machine a server takes longer than completion waits for it.
fn until(holds: impl Fn(&Ended) -> bool, ask: impl Fn() -> Ended) -> Ended {
    let start = Instant::now();
    loop {
        let ended = ask();
        if holds(&ended) {
            return ended;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{ended:#?}");
    }
}

#[test]
fn a_server_completes_its_tasks_steps_and_templates() {
    let server = Server::start(&[("mend", MEND)]);
    let (task, _) = server.task("mend", &json!({}), 3);
    let folder = tempfile::tempdir().expect("a folder");
    let url = [("TASKER_URL", server.url())];
    let bash = |words: &[&str]| complete("bash", folder.path(), &url, words);
    for (words, expected) in [
        (&["task", "show", ""][..], task.as_str()),
        (&["task", "show", &task[..8]], &task),
        (&["task", "bulk", "pause", "--task", ""], &task),
        (&["step", "show", &task, "a"], "after"),
        (&["task", "rerun", &task, "--from", ""], "broken"),
        (&["task", "create", ""], "default/mend"),
        (&["template", "show", "default/"], "default/mend"),
        (&["task", "list", "--name", "me"], "mend"),
        (&["task", "list", "--namespace", ""], "default"),
        (&["handler", "versions", "re"], "refuse"),
        (&["--server", server.url(), "namespace", "show", ""], "default"),
    ] {
        until(|ended| lines(ended).contains(&expected), || bash(words));
    }
    assert!(!lines(&bash(&["step", "show", &task, "a"])).contains(&"broken"), "only what fits");
    for (shell, shown) in [
        ("zsh", format!("{task}:default mend blocked_by_failures")),
        ("fish", format!("{task}\tdefault mend")),
    ] {
        until(
            |ended| ended.stdout.contains(&shown),
            || complete(shell, folder.path(), &url, &["task", "show", ""]),
        );
    }

    // The profile that is in force names the server.
    fs::create_dir_all(folder.path().join("tasker")).expect("a folder");
    let profiles = format!("[here]\nurl = {:?}\n[away]\nurl = \"http://127.0.0.1:1\"\n", server.url());
    fs::write(folder.path().join("tasker/profiles.toml"), profiles).expect("a file");
    let with = |variables: &[(&str, &str)], words: &[&str]| complete("bash", folder.path(), variables, words);
    let is_first = |ended: &Ended| lines(ended).first() == Some(&task.as_str());
    until(is_first, || with(&[("TASKER_PROFILE", "here")], &["task", "show", ""]));
    until(is_first, || with(&[("TASKER_PROFILE", "away")], &["--profile", "here", "task", "show", ""]));
    assert_eq!(lines(&with(&[], &["--profile", ""]))[..2], ["away", "here"]);

    // The script that bash sources asks in the same way.
    let script = format!(
        "source <({tasker} completions bash); COMP_WORDS=(tasker task show ''); COMP_CWORD=3
         _clap_complete_tasker tasker '' show; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        tasker = env!("CARGO_BIN_EXE_tasker")
    );
    let sourced = || {
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).env("TASKER_URL", server.url()).env_remove("TASKER_PROFILE");
        run(bash.current_dir(folder.path()))
    };
    until(|ended| ended.stdout.lines().any(|line| line == task), sourced);
}

#[test]
fn the_project_completes_without_a_server() {
    let project = Project::new(&[]);
    project.write("templates/mend.yaml", MEND);
    let bash = |words: &[&str]| complete("bash", project.path(), &[], words);
    assert_eq!(lines(&bash(&["template", "graph", ""]))[0], "default/mend");
    assert!(lines(&bash(&["config", "explain", "worker.le"])).contains(&"worker.lease_seconds"));
    assert!(lines(&bash(&["tas"])).contains(&"task"));
    assert!(lines(&bash(&["task", "list", "--cre"])).contains(&"--created-after"));
    for shell in ["bash", "zsh", "fish"] {
        let script = run(tasker(project.path()).args(["completions", shell]));
        assert!(script.code == Some(0) && script.stdout.contains("TASKER_COMPLETE"), "{script:#?}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for_and_nothing_is_said() {
    // It accepts, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tasker.toml"), "[worker]\nspeed = 9\n").expect("a file");
    let other = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let idle = complete("bash", other.path(), &[], &["task", "sho"]);
    let start = began.elapsed();
    assert_eq!(lines(&idle), ["show"]);
    for (folder, variables) in [
        (folder.path(), ("TASKER_URL", silent.as_str())),
        (other.path(), ("TASKER_URL", silent.as_str())),
        (other.path(), ("TASKER_URL", "http://127.0.0.1:1")),
        (other.path(), ("TASKER_URL", "nonsense")),
        (other.path(), ("TASKER_PROFILE", "nobody")),
    ] {
        let began = Instant::now();
        let ended = complete("bash", folder, &[variables], &["task", "show", ""]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:#?}");
        assert!(!ended.stdout.contains("error"), "{ended:#?}");
        let took = began.elapsed().saturating_sub(start);
        println!("{variables:?}: {took:?} beside {start:?} to start");
        assert!(took < Duration::from_secs(1), "{variables:?} took {took:?}");
    }
}
