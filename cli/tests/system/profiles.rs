//! Profiles of servers, and commands of others.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Stdio,
    thread,
};

use crate::{
    program::{Ended, run, tasker},
    project::Project,
};

/// Adds a profile with a secret. Returns how the command ended.
fn add(project: &Path, home: &Path, arguments: &[&str], secret: &str) -> Ended {
    let mut command = tasker(project);
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").args(["profile", "add"]).args(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all(secret.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Answers one request, and returns its head.
fn server() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).expect("a request");
        let body = r#"{"items":[],"next_cursor":null,"applied":{}}"#;
        let length_of_body = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length_of_body}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).expect("it is sent");
        String::from_utf8_lossy(&head[..length]).to_lowercase()
    });
    (url, served)
}

#[test]
fn a_profile_names_a_server_and_what_opens_it() {
    let (project, home) = (Project::new(&[]), tempfile::tempdir().expect("a folder"));
    let home = home.path();
    for (kind, secret, header) in [
        ("--with-key", "tsk_abc\n", "x-api-key: tsk_abc"),
        ("--with-token", "ey.a.b", "authorization: bearer ey.a.b"),
    ] {
        let (url, served) = server();
        let added = add(project.path(), home, &["prod", "--server", &url, kind], secret);
        assert_eq!(added.code, Some(0), "{added:#?}");
        // An argument wins over the variables.
        let with = |arguments: &[&str]| {
            let mut process = tasker(project.path());
            process.env("TASKER_URL", "http://127.0.0.1:9").env("TASKER_PROFILE", "nobody");
            run(process.env("HOME", home).env_remove("XDG_CONFIG_HOME").args(arguments))
        };
        let listed = with(&["--profile", "prod", "--json", "task", "list"]);
        assert_eq!(listed.code, Some(0), "{listed:#?}");
        let head = served.join().expect("the server");
        assert!(head.contains(header), "{head}");
        let shown = with(&["--json", "profile", "list"]);
        assert!(!shown.stdout.contains(secret.trim()), "{shown:#?}");
        assert_eq!(shown.json()[0]["url"], url.as_str());
    }
    let file = home.join(".config/tasker/profiles.toml");
    assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_wrong_with_a_profile_is_said() {
    let (project, home) = (Project::new(&[]), tempfile::tempdir().expect("a folder"));
    let home = home.path();
    let with = |arguments: &[&str]| {
        run(tasker(project.path()).env("HOME", home).env_remove("XDG_CONFIG_HOME").args(arguments))
    };
    for (ended, expected) in [
        (with(&["--profile", "prod", "task", "list"]), "there is no profile `prod`"),
        (with(&["profile", "remove", "prod"]), "there is no profile `prod`"),
        (with(&["profile", "add", "prod"]), "--server URL"),
        (with(&["profile", "add", "prod", "--server", "prod.example"]), "write https://prod.example"),
        (with(&["--profile", "a", "--server", "http://b", "task", "list"]), "cannot be used with"),
        (
            add(project.path(), home, &["p", "--server", "http://b", "--with-key"], "ey.a"),
            "begins with `tsk_`",
        ),
        (add(project.path(), home, &["p", "--server", "http://b", "--with-token"], " "), "holds no token"),
    ] {
        assert!(ended.code != Some(0) && ended.stderr.contains(expected), "{expected}: {ended:#?}");
    }
    fs::create_dir_all(home.join(".config/tasker")).expect("a folder");
    fs::write(home.join(".config/tasker/profiles.toml"), "[prod]\nurl = \"http://a\"\nkey = 1\n")
        .expect("a file");
    let broken = with(&["--profile", "prod", "task", "list"]);
    assert!(broken.stderr.contains("profiles.toml") && broken.stderr.contains("line 3"), "{broken:#?}");
}

#[test]
fn a_program_on_the_path_is_a_command() {
    let (project, folder) = (Project::new(&[]), tempfile::tempdir().expect("a folder"));
    let program = folder.path().join("tasker-greet");
    fs::write(&program, "#!/bin/sh\necho \"hello $1 at $TASKER_URL\"\nexit 7\n").expect("a file");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("a path"));
    let with = |arguments: &[&str]| run(tasker(project.path()).env("PATH", &path).args(arguments));
    // It may not be run.
    let refused = with(&["greet", "ada"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("no program `tasker-greet`"), "{refused:#?}");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let greeted = with(&["--server", "http://a", "greet", "ada", "--loud"]);
    assert_eq!((greeted.code, greeted.stdout.trim()), (Some(7), "hello ada at http://a"), "{greeted:#?}");
    let wrong = with(&["tsak", "list"]);
    assert!(wrong.stderr.contains("did you mean `tasker task`?"), "{wrong:#?}");
    let outside = with(&["../greet"]);
    assert!(outside.code == Some(2), "{outside:#?}");
}
