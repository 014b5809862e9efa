//! `tasker login` and `tasker logout`: a session or an API key for a server, in a profile.

use std::{io::IsTerminal, net::Ipv4Addr, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tasker_api::{Me, Meta};
use tasker_client::{Profile, Profiles};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::{Host, Url};

use super::{ending::Ending, profile::secret};
use crate::{
    client::{Client, query, told},
    config::ProjectConfig,
    credentials::Credentials,
    output::Output,
    profiles,
};

/// How long a login in the browser may take. The server remembers it for as long.
const LONGEST: Duration = Duration::from_secs(600);
/// The largest head of a request from the browser, in bytes.
const LARGEST_HEAD: usize = 16 << 10;
/// How long a browser may take to send its request.
const REQUEST: Duration = Duration::from_secs(10);
/// How many connections are read at once.
const MOST_AT_ONCE: usize = 64;
/// The beginning of a code, and how many characters of Base64 for URLs follow: 256 bits.
const CODE_PREFIX: &str = "tsc_";
const CODE_LENGTH: usize = 43;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Read an API key from standard input, instead of logging in at the identity provider.
    #[arg(long)]
    key_stdin: bool,
    /// Only print the address for the browser.
    #[arg(long)]
    no_browser: bool,
}

/// A session that was fetched.
#[derive(Deserialize)]
struct Fetched {
    token: String,
}

/// Logs in at the server of the project or of the profile `name`, and stores what it gets in that profile.
pub(crate) async fn log_in(
    project: &ProjectConfig,
    name: Option<String>,
    arguments: &Arguments,
    output: &Output,
) -> Result<Ending> {
    let url = project.config.server.url();
    let client = Client::with_credentials(&url, None)?;
    let meta: Meta = client.get("/v1/meta").await?;
    if meta.authentication != "own" {
        bail!("{url} has no logins: its authentication is `{}`", meta.authentication);
    }
    let mut profile = Profile { url: url.trim_end_matches('/').to_owned(), api_key: None, token: None };
    if !arguments.key_stdin && meta.logins.iter().any(|login| login == "oidc") {
        profile.token = Some(in_the_browser(&client, &meta, &url, arguments, output).await?);
    } else {
        if !arguments.key_stdin && !std::io::stdin().is_terminal() {
            bail!("{url} has no login in the browser: send an API key with --key-stdin");
        }
        profile.api_key = Some(secret(true)?);
    }
    // What the server does not accept is not stored.
    let me: Me = Client::with_credentials(&url, profiles::credentials(&profile))?.get("/v1/me").await?;
    let name = match name {
        Some(name) => name,
        None => name_of(&url)?,
    };
    let mut known = Profiles::load()?;
    known.0.insert(name.clone(), profile);
    profiles::store(&known)?;
    let shown = json!({ "profile": name, "server": url, "principal": me.principal });
    let file = Profiles::path()?;
    output.result(&shown, || {
        format!(
            "{} is logged in at {url}\nstored in {}, as the profile {name}: commands for this server use it",
            me.principal.name,
            file.display()
        )
    })?;
    Ok(Ending::Done)
}

/// The name of a profile for a server: its host and port.
fn name_of(url: &str) -> Result<String> {
    let url = Url::parse(url).context("the URL of the server")?;
    let host = url.host_str().context("the URL of the server names no host")?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Ends the session of a profile, and forgets what it has.
pub(crate) async fn log_out(
    project: &ProjectConfig,
    name: Option<String>,
    output: &Output,
) -> Result<Ending> {
    let mut known = Profiles::load()?;
    let url = project.config.server.url();
    let name = match name {
        Some(name) => name,
        None => match profiles::of_server(&known, &url) {
            Some((name, _)) => name.to_owned(),
            None => bail!("no profile is of {url}; name one with --profile"),
        },
    };
    let profile = known.get(&name)?.clone();
    if let Some(credentials @ Credentials::Token(_)) =
        profiles::credentials(&profile).filter(Credentials::is_session)
    {
        let client = Client::with_credentials(&profile.url, Some(credentials))?;
        // A session that has ended is as good as ended, and one on a server that is away ends by itself.
        if let Err(error) = client.delete::<Value>("/v1/session").await {
            eprintln!("warning: the session could not be ended at {}: {error:#}", profile.url);
        }
    }
    known.0.insert(name.clone(), Profile { url: profile.url, api_key: None, token: None });
    profiles::store(&known)?;
    output.result(&json!({ "profile": name }), || format!("{name} is logged out"))?;
    Ok(Ending::Done)
}

/// Logs in at the identity provider. Returns the text of a session.
async fn in_the_browser(
    client: &Client,
    meta: &Meta,
    url: &str,
    arguments: &Arguments,
    output: &Output,
) -> Result<String> {
    let login = meta.login_url.clone().unwrap_or_else(|| format!("{}/auth/login", url.trim_end_matches('/')));
    check_address(&login, url)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port for the browser")?;
    let mut random = [0; 32];
    SystemRandom::new().fill(&mut random).ok().context("the system has no random numbers")?;
    let verifier = URL_SAFE_NO_PAD.encode(random);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let port = listener.local_addr()?.port();
    let address =
        format!("{login}?{}", query([("cli", Some(port.to_string())), ("challenge", Some(challenge))]));
    // On standard error, because the result may be JSON.
    eprintln!("Log in with a browser of this machine at\n  {address}");
    if !arguments.no_browser {
        open(&address);
    }
    output.say("waiting for the browser");
    let code = tokio::time::timeout(LONGEST, code(&listener)).await;
    let code = code.context("nobody logged in within ten minutes")??;
    let fetched =
        client.post::<Fetched>("/auth/session", &json!({ "code": code, "verifier": verifier })).await?;
    Ok(fetched.map_err(told)?.token)
}

/// Checks where the server `url` sends browsers. Whoever runs it could otherwise name a file, a share or another program's scheme,
/// which the desktop would open.
fn check_address(login: &str, url: &str) -> Result<()> {
    let address = Url::parse(login).context("the address of the login, as the server names it")?;
    let server = Url::parse(url).context("the URL of the server")?;
    let is_web = matches!(address.scheme(), "http" | "https");
    let is_of_server = is_web && address.origin() == server.origin();
    // A server of this machine has several names there.
    let is_of_machine = is_web && is_loopback(&address) && is_loopback(&server);
    if address.scheme() == "https" || is_of_server || is_of_machine {
        return Ok(());
    }
    bail!(
        "{url} sends browsers to {address} for the login, which is neither https:// nor at the server: nothing was opened; \
         log in with an API key (--key-stdin)"
    )
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Opens an address in a browser, if there is one.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let command = std::process::Command::new(program)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // The address is printed in any case.
    drop(command);
}

/// Waits until the browser brings a code. Each connection is read on its own, so that one that sends nothing holds up no other.
async fn code(listener: &TcpListener) -> Result<String> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_AT_ONCE => {
                let (stream, _) = accepted?;
                connections.spawn(answered(stream));
            }
            Some(ended) = connections.join_next() => {
                if let Ok(Some(code)) = ended {
                    return Ok(code);
                }
            }
        }
    }
}

/// Answers a request. Returns the code, if it brings one.
async fn answered(mut stream: TcpStream) -> Option<String> {
    let Ok(Some(code)) = tokio::time::timeout(REQUEST, requested(&mut stream)).await else {
        // Browsers look for an icon, and open connections in advance.
        let _ = stream
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
        return None;
    };
    let page = "<!doctype html><meta charset=utf-8><title>Tasker</title><p>You are logged in. You can close this page.";
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    Some(code)
}

/// The code in a request. None if it is another request.
async fn requested(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LARGEST_HEAD {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://localhost").ok()?.join(target).ok()?;
    let code = url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    code.filter(|code| url.path() == "/" && is_code(code))
}

/// Whether a text has the form of a code. Every program and page of this machine can send others.
fn is_code(text: &str) -> bool {
    let is_base64 =
        |random: &str| random.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    text.strip_prefix(CODE_PREFIX).is_some_and(|random| random.len() == CODE_LENGTH && is_base64(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_over_tls_or_to_the_server_only() {
        for (login, url) in [
            ("https://tasker.example/auth/login", "http://127.0.0.1:8080"),
            ("https://other.example/auth/login", "https://tasker.example"),
            ("http://tasker.internal/auth/login", "http://tasker.internal/"),
            ("http://127.0.0.1:8080/auth/login", "http://localhost:8080"),
            ("http://[::1]:8080/auth/login", "http://app.localhost:8080"),
        ] {
            assert!(check_address(login, url).is_ok(), "{login} {url}");
        }
        for (login, url) in [
            ("smb://evil.example/x", "https://tasker.example"),
            ("file:///etc/passwd", "http://127.0.0.1:8080"),
            ("javascript:alert(1)", "https://tasker.example"),
            ("http://evil.example/auth/login", "https://tasker.example"),
            ("http://tasker.example/auth/login", "https://tasker.example"),
            ("http://127.0.0.1:8080/auth/login", "https://tasker.example"),
            ("--help", "https://tasker.example"),
            ("", "https://tasker.example"),
        ] {
            assert!(check_address(login, url).is_err(), "{login} {url}");
        }
    }

    #[tokio::test]
    async fn only_a_request_with_a_code_ends_the_wait() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = tokio::spawn(async move { code(&listener).await.unwrap() });
        // It sends nothing, and stays.
        let _idle = TcpStream::connect(address).await.unwrap();
        let send = async |target: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let right = format!("{CODE_PREFIX}{}", "aB3-_".repeat(9).split_at(CODE_LENGTH).0);
        for junk in [
            "/".to_owned(),
            "/?code=junk".to_owned(),
            "/?code=tsc_".to_owned(),
            format!("/?code={right}x"),
            format!("/?code=tss_{}", &right[4..]),
            format!("/favicon.ico?code={right}"),
        ] {
            let answer = send(&junk).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{junk}: {answer}");
        }
        let answer = tokio::time::timeout(REQUEST / 2, send(&format!("/?code={right}"))).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(waiting.await.unwrap(), right);
    }
}
