//! Components in other languages: from `tasker new` to a task, and what a build says.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    program::{Ended, run, tasker},
    project::Project,
};

/// Whether a program is installed. Without npm, projects in TypeScript cannot be built.
fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    match program {
        "npm" => command = node_20(),
        _ => drop(command.arg("--version")),
    }
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = status.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("{program} is not installed: its language is not tested");
    }
    is_there
}

/// Succeeds if npm's Node is one that builds handlers.
fn node_20() -> Command {
    let mut node = Command::new("node");
    node.args(["-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"]);
    node
}

/// Replaces a part of a file, builds the project, and puts the part back.
fn build_with(project: &Path, file: &str, part: &str, other: &str) -> Ended {
    let path = project.join(file);
    let text = fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains(part), "{file} has no `{part}`");
    fs::write(&path, text.replace(part, other)).expect("the file is written");
    let built = run(tasker(project).arg("build"));
    fs::write(&path, text).expect("the file is written");
    built
}

/// Runs the workflow of a new project.
fn run_its_workflow(project: &Path) {
    let task =
        run(tasker(project).args(["task", "run", "greeting", "--local", "--input", r#"{"name": "Ada"}"#]));
    assert_eq!(task.code, Some(0), "{task:#?}");
    assert!(task.stdout.contains("HELLO, ADA!"), "{task:#?}");
}

#[test]
fn a_new_project_in_typescript_is_built_tested_and_run() {
    if !is_installed("npm") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let project = folder.path().join("Greeter");
    let made = run(tasker(folder.path()).args(["new", "--language", "typescript"]).arg(&project));
    assert_eq!(made.code, Some(0), "{made:#?}");

    let ran =
        run(tasker(&project).args(["--json", "handler", "run", "compose", "--input", r#"{"name": "Ada"}"#]));
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(ran.json()["ending"]["complete"]["inline"], json!({ "text": "Hello, Ada!" }));
    assert!(ran.stderr.contains("npm install") && ran.stderr.contains("commit it"), "{}", ran.stderr);

    // Nothing is installed or built again, so this works without a network.
    let again = run(tasker(&project)
        .args(["handler", "run", "compose", "--input", r#"{"name": " "}"#])
        .env("npm_config_offline", "true"));
    assert!(again.stdout.contains("NoName (permanent)"), "{again:#?}");
    assert!(!again.stderr.contains("npm"), "{}", again.stderr);

    let task =
        run(tasker(&project).args(["task", "run", "greeting", "--input", r#"{"name": "Ada"}"#, "--local"]));
    assert_eq!(task.code, Some(0), "{task:#?}");
    assert!(task.stdout.contains("HELLO, ADA!"), "{}", task.stdout);

    let tested = Command::new("npm").arg("test").current_dir(&project).output().expect("npm runs");
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));

    // What is wrong is said with its place, and what to do instead.
    let handlers = "src/handlers.ts";
    let wrong = build_with(&project, handlers, "guest.name.trim", "guest.nam.trim");
    assert!(wrong.stderr.contains("src/handlers.ts(13,15): error TS2551"), "{}", wrong.stderr);
    assert_eq!(wrong.code, Some(1));
    let timer =
        build_with(&project, handlers, "(_ctx, guest) => {", "(_ctx, guest) => { setTimeout(() => 1, 1);");
    assert!(timer.stderr.contains("Cannot find name 'setTimeout'"), "{}", timer.stderr);

    // Without types, the engine says it.
    fs::remove_file(project.join("tsconfig.json")).expect("the file is removed");
    let node = build_with(&project, handlers, "import * as z", "import \"node:fs\";\nimport * as z");
    assert!(
        node.stderr.contains("src/handlers.ts:4:8: Could not resolve \"node:fs\". Handlers run without Node"),
        "{}",
        node.stderr
    );
    let promise = build_with(&project, handlers, "(_ctx, guest) => {", "async (_ctx, guest) => {");
    assert!(
        promise.stderr.contains("the handler `compose` is async, which its engine cannot run"),
        "{}",
        promise.stderr
    );
    let fetched =
        build_with(&project, handlers, "const Guest", "fetch(\"https://example.com\");\nconst Guest");
    assert!(
        fetched.stderr.contains("fetch is not available in handlers: use ctx.http"),
        "{}",
        fetched.stderr
    );
}

#[test]
fn a_command_of_the_project_makes_a_component() {
    let project = Project::new(&[]);
    let module = r#"(module (func (export "_start")) (memory (export "memory") 1))"#;
    project.write("source/made.wat", module);
    fs::write(project.path().join("source/made"), wat::parse_str(module).expect("the module is well formed"))
        .expect("the file is written");
    let components = |entry: &str| {
        project.write("tasker.toml", &format!("[project]\nname = \"system\"\ncomponents = [{entry}]\n"));
        run(tasker(project.path()).args(["--json", "build"]))
    };
    let built = components(
        r#"{ path = "made.wasm", build = "echo making; cp source/made made.wasm", watch = ["source"] }"#,
    );
    assert_eq!(built.code, Some(0), "{built:#?}");
    assert_eq!(built.json()[0]["handler"], "run");
    assert!(built.stderr.contains("making"), "{}", built.stderr);
    for (entry, fault) in [
        (r#"{ path = "made.wasm", build = "exit 3" }"#, "`exit 3`, the `build` of "),
        (r#"{ path = "other.wasm", build = "true" }"#, "other.wasm, did not make this file"),
        (r#"{ path = "source", language = "typescript" }"#, "source/package.json"),
        (r#""source""#, "source has no Cargo.toml or package.json"),
    ] {
        let refused = components(entry);
        assert_eq!(refused.code, Some(1), "{entry}: {refused:#?}");
        let said = refused.json()["error"].as_str().expect("an error").to_owned();
        assert!(said.contains(fault), "{entry}: {said}");
    }
}

#[test]
fn a_new_project_in_python_is_built_tested_and_run() {
    if !is_installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let project = folder.path().join("Greeter");
    let made = run(tasker(folder.path()).args(["new", "--language", "python"]).arg(&project));
    assert_eq!(made.code, Some(0), "{made:#?}");

    let built = run(tasker(&project).args(["--json", "build"]));
    assert_eq!(built.code, Some(0), "{built:#?}");
    let names: Vec<_> =
        built.json().as_array().expect("a list").iter().map(|row| row["handler"].clone()).collect();
    assert_eq!(names, ["announce", "compose"]);
    assert!(built.stderr.contains("pip install") && built.stderr.contains("commit it"), "{}", built.stderr);
    let lock = fs::read_to_string(project.join("requirements.lock")).expect("it is written");
    assert!(lock.contains("componentize-py==") && !lock.contains('#'), "{lock}");

    // Nothing is installed or built again, so this works without a network.
    let again = run(tasker(&project)
        .args(["handler", "run", "compose", "--input", r#"{"name": " "}"#])
        .env("PIP_NO_INDEX", "true"));
    assert!(again.stdout.contains("NoName (permanent)"), "{again:#?}");
    assert!(!again.stderr.contains("installing") && !again.stderr.contains("building"), "{}", again.stderr);

    run_its_workflow(&project);

    let tests = run(Command::new(project.join(".venv/bin/python"))
        .args(["-m", "unittest", "discover", "tests"])
        .current_dir(&project));
    assert_eq!(tests.code, Some(0), "{tests:#?}");
    assert!(tests.stderr.contains("Ran 2 tests"), "{tests:#?}");

    let stale = build_with(&project, "pyproject.toml", "dependencies = [", "dependencies = [\"six\", ");
    assert_eq!(stale.code, Some(1), "{stale:#?}");
    assert!(stale.stderr.contains("remove it, and build again to write it anew"), "{}", stale.stderr);
    let broken = build_with(&project, "handlers.py", "import logging", "import nowhere");
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    assert!(
        broken.stderr.contains("File \"handlers.py\", line 3")
            && broken.stderr.contains("No module named 'nowhere'"),
        "{}",
        broken.stderr
    );
}

#[test]
fn a_new_project_in_go_is_built_tested_and_run() {
    if !is_installed("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let project = folder.path().join("Greeter");
    let made = run(tasker(folder.path()).args(["new", "--language", "go"]).arg(&project));
    assert_eq!(made.code, Some(0), "{made:#?}");
    if is_installed("git") {
        let author =
            ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
        for arguments in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message", "New"]]
        {
            let git = run(Command::new("git").args(author).args(arguments).current_dir(&project));
            assert_eq!(git.code, Some(0), "{git:#?}");
        }
    }

    let built = run(tasker(&project).args(["--json", "build"]));
    assert_eq!(built.code, Some(0), "{built:#?}");
    let names: Vec<_> =
        built.json().as_array().expect("a list").iter().map(|row| row["handler"].clone()).collect();
    assert_eq!(names, ["announce", "compose"]);
    let size = built.json()[0]["size_bytes"].as_u64().expect("a size");
    assert!(size < 6_000_000, "the component has {size} bytes");
    // The next commit would make another component of the same sources.
    let component =
        fs::read(built.json()[0]["path"].as_str().expect("a path")).expect("the component is there");
    assert!(!String::from_utf8_lossy(&component).contains("vcs.revision"), "the commit is in the component");

    let refused = run(tasker(&project).args(["handler", "run", "compose", "--input", r#"{"name": " "}"#]));
    assert!(refused.stdout.contains("NoName (permanent)"), "{refused:#?}");
    run_its_workflow(&project);

    let broken = build_with(&project, "handlers.go", "\"log/slog\"", "\"nowhere\"");
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    assert!(broken.stderr.contains("handlers.go:5:2: package nowhere is not in std"), "{}", broken.stderr);
    let text = fs::read_to_string(project.join("handlers.go")).expect("the file is there");
    let empty = build_with(&project, "handlers.go", &text, "package main\n\nfunc main() {}\n");
    assert_eq!(empty.code, Some(1), "{empty:#?}");
    assert!(empty.stderr.contains("it has no handlers: import \"tasker-handler\""), "{}", empty.stderr);

    // The toolchain that the build has installed, unless the machine has one.
    let tools = fs::read_dir(project.join(".tasker/build/tools")).into_iter().flatten().flatten();
    let installed = tools.map(|entry| entry.path().join("bin/go")).find(|go| go.is_file());
    let tests = run(Command::new(installed.unwrap_or_else(|| "go".into()))
        .args(["test", "-v", "-vet=off", "."])
        .current_dir(&project)
        .env_remove("GOFLAGS")
        .envs([("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")]));
    assert_eq!(tests.code, Some(0), "{tests:#?}");
    assert_eq!(tests.stdout.matches("--- PASS").count(), 2, "{tests:#?}");
}

#[test]
fn a_new_project_in_ruby_is_built_tested_and_run() {
    if !is_installed("bundle") || !is_installed("npm") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let project = folder.path().join("Greeter");
    let made = run(tasker(folder.path()).args(["new", "--language", "ruby"]).arg(&project));
    assert_eq!(made.code, Some(0), "{made:#?}");
    // The test of the project needs a gem that Ruby brings, which Bundler would look for elsewhere.
    let gemfile = project.join("Gemfile");
    let text = fs::read_to_string(&gemfile).expect("the file is there");
    let sdk = text.lines().find(|line| line.starts_with("gem \"tasker-handler\"")).expect("the SDK is named");
    fs::write(&gemfile, sdk).expect("the file is written");

    // What is wrong is said with its place, before anything is compiled.
    let broken = build_with(&project, "handlers.rb", "require \"tasker\"", "require \"nowhere\"");
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    assert!(
        broken.stderr.contains("cannot load such file -- nowhere") && broken.stderr.contains("handlers.rb:5"),
        "{}",
        broken.stderr
    );
    assert!(
        broken.stderr.contains("bundle install") && broken.stderr.contains("commit it"),
        "{}",
        broken.stderr
    );
    let empty = build_with(&project, "handlers.rb", "< Tasker::StepHandler", "");
    assert!(empty.stderr.contains("handlers.rb:12"), "{}", empty.stderr);

    let ran =
        run(tasker(&project).args(["--json", "handler", "run", "compose", "--input", r#"{"name": "Ada"}"#]));
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(ran.json()["ending"]["complete"]["inline"], json!({ "text": "Hello, Ada!" }));

    // Nothing is installed or built again, so this works without a network.
    let again = run(tasker(&project)
        .args(["handler", "run", "compose", "--input", r#"{"name": " "}"#])
        .env("npm_config_offline", "true"));
    assert!(again.stdout.contains("NoName (permanent)"), "{again:#?}");
    assert!(!again.stderr.contains("installing") && !again.stderr.contains("building"), "{}", again.stderr);

    run_its_workflow(&project);

    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk/ruby/lib");
    let tests =
        run(Command::new("ruby").arg("-I").arg(library).arg("test/handlers_test.rb").current_dir(&project));
    assert_eq!(tests.code, Some(0), "{tests:#?}");
    assert!(tests.stdout.contains("2 runs"), "{tests:#?}");
}
