//! `tasker login`, `logout` and `auth`: a user in a browser, an API key, and tokens of one's own key pair, against a real server.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use tasker_local_postgres::{Durability, LocalPostgres};
use tasker_test_support::{CLIENT_ID, CLIENT_SECRET, OpenIdProvider};

use crate::{
    program::{Ended, Process, run, tasker},
    project::Project,
};

/// Runs a command with this standard input.
fn run_with(command: &mut Command, input: &str) -> Ended {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A browser that follows no redirect. Returns where it is sent, or the only link of the page; and the cookie that it gets.
fn browse(url: &str, cookie: &str) -> (String, String) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().proxy(None).max_redirects(0).http_status_as_error(false).build().into();
    let mut answer = agent.get(url).header("cookie", cookie).call().expect("the server answers");
    let text = |name: &str| {
        answer.headers().get(name).map(|value| value.to_str().expect("a text").to_owned()).unwrap_or_default()
    };
    let cookie = text("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let location = text("location");
    let page = answer.body_mut().read_to_string().expect("a text");
    let link =
        page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    (if location.is_empty() { link } else { location }, cookie)
}

fn in_home(project: &Path, home: &Path) -> Command {
    let mut command = tasker(project);
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
    command
}

#[test]
fn a_user_logs_in_with_a_browser_and_a_program_with_a_key() {
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let database = LocalPostgres::start(folder.path(), Durability::Full).expect("PostgreSQL starts");
    let (project, home) = (Project::new(&[]), tempfile::tempdir().expect("a folder"));
    let (project, home) = (project.path(), home.path());
    let provider = OpenIdProvider::start();
    let created = run(in_home(project, home)
        .args(["--json", "key", "create", "--database", "--name", "ci", "--role", "submitter"])
        .env("DATABASE_URL", database.url()))
    .json();
    let mut server = Process::start(
        in_home(project, home)
            .arg("serve")
            .env("DATABASE_URL", database.url())
            .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
            .env("TASKER__AUTH__OIDC_ISSUER", &provider.issuer)
            .env("TASKER__AUTH__OIDC_CLIENT_ID", CLIENT_ID)
            .env("TASKER__AUTH__OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .env("TASKER__AUTH__OIDC_CERTIFICATES_PATH", OpenIdProvider::certificates_path())
            .env("TASKER__AUTH__JWKS_ALLOW_PRIVATE", "['127.0.0.1/32']"),
    );
    let port = server.wait_for("API on http://127.0.0.1:");
    let url = format!("http://127.0.0.1:{port}");
    let with = |arguments: &[&str]| run(in_home(project, home).args(["--server", &url]).args(arguments));
    assert_eq!(with(&["task", "list"]).code, Some(1), "without a login");

    let mut login = Process::start(in_home(project, home).args(["--server", &url, "login", "--no-browser"]));
    let address = format!("{url}/auth/login{}", login.wait_for(&format!("{url}/auth/login")));
    let (to_provider, cookie) = browse(&address, "");
    let (to_program, _) = browse(&provider.log_in(&to_provider), &cookie);
    assert!(to_program.starts_with("http://127.0.0.1:") && !to_program.contains(&port), "{to_program}");
    browse(&to_program.replace("/?", "/favicon.ico?"), "");
    browse(&to_program, "");
    login.wait_for("ada@example.com is logged in at");
    let file = home.join(".config/tasker/profiles.toml");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let stored = fs::read_to_string(&file).expect("it is readable");
    let session = stored.split('"').find(|text| text.starts_with("tss_")).expect("a session").to_owned();
    assert!(!login.said().contains(&session) && !server.said().contains(&session[10..]));
    let me = with(&["key", "me"]);
    assert!(me.stdout.starts_with("user ada@example.com\n"), "{me:#?}");
    assert_eq!(with(&["task", "list"]).code, Some(0));
    let listed = with(&["profile", "list"]).stdout;
    assert!(listed.contains("session") && !listed.contains("tss_"), "{listed}");

    let out = with(&["logout"]);
    assert_eq!(out.code, Some(0), "{out:#?}");
    assert!(!fs::read_to_string(&file).expect("it is readable").contains("tss_"));
    let me =
        run(in_home(project, home).args(["--server", &url, "key", "me"]).env("TASKER_AUTH_TOKEN", &session));
    assert_eq!(me.code, Some(1), "the session has ended at the server too: {me:#?}");

    let key = created["secret"].as_str().expect("a key");
    let wrong = run_with(
        in_home(project, home).args(["--server", &url, "login", "--key-stdin"]),
        &format!("{}x", &key[..60]),
    );
    assert_eq!(wrong.code, Some(1), "{wrong:#?}");
    let right = run_with(in_home(project, home).args(["--server", &url, "login", "--key-stdin"]), key);
    assert_eq!(right.code, Some(0), "{right:#?}");
    let me = with(&["key", "me"]);
    assert!(me.stdout.starts_with("key ci\n"), "{me:#?}");
    assert_eq!(with(&["logout"]).code, Some(0));
    assert_eq!(with(&["key", "me"]).code, Some(1));
}

#[test]
fn tokens_of_ones_own_key_pair_open_a_server_that_knows_its_public_key() {
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let database = LocalPostgres::start(folder.path(), Durability::Full).expect("PostgreSQL starts");
    let (project, keys) = (Project::new(&[]), tempfile::tempdir().expect("a folder"));
    let project = project.path();
    let keys_folder = keys.path().to_str().expect("a path");
    let made = run(tasker(project).args(["auth", "generate-keys", "--output-dir", keys_folder]));
    assert_eq!(made.code, Some(0), "{made:#?}");
    let (private, public) = (keys.path().join("tasker-private.pem"), keys.path().join("tasker-public.pem"));
    assert_eq!(fs::metadata(&private).expect("it is there").permissions().mode() & 0o777, 0o600);
    let again = run(tasker(project).args(["auth", "generate-keys", "--output-dir", keys_folder]));
    assert_eq!(again.code, Some(1), "keys are not replaced: {again:#?}");

    let configured = || {
        let mut command = tasker(project);
        command
            .env("DATABASE_URL", database.url())
            .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
            .env("TASKER__AUTH__JWT_ISSUER", "https://tasker.example")
            .env("TASKER__AUTH__JWT_AUDIENCE", "tasker")
            .env("TASKER__AUTH__JWT_PUBLIC_KEY_PATH", &public);
        command
    };
    let token = |more: &[&str]| {
        let signed = run(configured()
            .args(["auth", "generate-token", "--subject", "robot", "--private-key"])
            .arg(&private)
            .args(more));
        assert_eq!(signed.code, Some(0), "{signed:#?}");
        signed.stdout.trim().to_owned()
    };
    let good =
        token(&["--role", "viewer", "--permissions", "tasks:create,tasks:cancel@shop", "--expires", "5m"]);
    let shown = run_with(configured().args(["--json", "auth", "validate-token"]), &good).json();
    assert_eq!(
        (shown["subject"].as_str(), shown["roles"][0].as_str()),
        (Some("robot"), Some("viewer")),
        "{shown}"
    );
    let foreign = token(&["--role", "admin", "--audience", "another"]);
    let refused = run_with(configured().args(["auth", "validate-token"]), &foreign);
    assert!(refused.code == Some(1) && refused.stderr.contains("another audience"), "{refused:#?}");
    let mistyped =
        run(configured().args(["auth", "generate-token", "--subject", "x", "--permissions", "task:read"]));
    assert!(mistyped.stderr.contains("did you mean `tasks:read`?"), "{mistyped:#?}");

    let mut server = Process::start(configured().arg("serve"));
    let port = server.wait_for("API on http://127.0.0.1:");
    let me = |token: &str| {
        run(tasker(project)
            .args(["--server", &format!("http://127.0.0.1:{port}"), "key", "me"])
            .env("TASKER_AUTH_TOKEN", token))
    };
    let robot = me(&good);
    assert!(
        robot.stdout.starts_with("user robot\n") && robot.stdout.contains("tasks:cancel in shop"),
        "{robot:#?}"
    );
    assert_eq!(me(&foreign).code, Some(1));
    let permissions = run(tasker(project).args(["auth", "show-permissions"])).stdout;
    assert!(permissions.contains("tasks:operate") && permissions.contains("operator"), "{permissions}");
}
