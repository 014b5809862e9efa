//! A small OpenID provider on this machine, over TLS: it signs with Ed25519, checks PKCE and the client's secret, and takes each
//! code once. A test can make it lie.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::Utc;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// What names Tasker at the provider.
pub const CLIENT_ID: &str = "tasker-console";
/// Its secret, with characters that a header must encode.
pub const CLIENT_SECRET: &str = "s:e+c r&t";

const KEYS: &str = "../../crates/identity/tests/keys";

/// An OpenID provider. Its user is Ada, an operator.
#[derive(Clone)]
pub struct OpenIdProvider {
    /// Its issuer.
    pub issuer: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: Ed25519KeyPair,
    codes: HashMap<String, Issued>,
    /// Claims that take the place of the true ones.
    lies: Value,
    /// How often each path was requested.
    asked: HashMap<String, u32>,
}

struct Issued {
    redirect_uri: String,
    nonce: String,
    challenge: String,
}

impl OpenIdProvider {
    /// Starts the provider.
    ///
    /// # Panics
    /// It cannot listen.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let issuer = format!("https://{}", listener.local_addr().expect("it has an address"));
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key is made");
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key is read");
        let state = State { key, codes: HashMap::new(), lies: json!({}), asked: HashMap::new() };
        let provider = Self { issuer, state: Arc::new(Mutex::new(state)) };
        let (serving, config) = (provider.clone(), tls());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serving, config) = (serving.clone(), Arc::clone(&config));
                thread::spawn(move || serving.serve(stream, config));
            }
        });
        provider
    }

    /// The file with the certificate of its authority.
    pub fn certificates_path() -> PathBuf {
        keys().join("test-only-localhost-certificate.pem")
    }

    /// Makes its tokens hold these claims instead of the true ones.
    pub fn lie(&self, claims: Value) {
        self.state().lies = claims;
    }

    /// How often a path was requested.
    pub fn asked(&self, path: &str) -> u32 {
        self.state().asked.get(path).copied().unwrap_or_default()
    }

    /// Logs Ada in, as her browser would at the URL that Tasker sent it to. Returns the URL that it is sent back to.
    ///
    /// # Panics
    /// The URL is not one of a login.
    pub fn log_in(&self, url: &str) -> String {
        let url = Url::parse(url).expect("the provider's URL");
        assert_eq!(format!("{}/authorize", self.issuer), url.as_str().split('?').next().expect("a path"));
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        for (name, expected) in
            [("response_type", "code"), ("client_id", CLIENT_ID), ("code_challenge_method", "S256")]
        {
            assert_eq!(asked[name], expected, "{url}");
        }
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{url}");
        let mut state = self.state();
        let code = format!("code-{}", state.codes.len());
        let issued = Issued {
            redirect_uri: asked["redirect_uri"].clone(),
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
        };
        state.codes.insert(code.clone(), issued);
        let mut back = Url::parse(&asked["redirect_uri"]).expect("a URL");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"])
            .append_pair("iss", &self.issuer);
        back.into()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, socket: TcpStream, config: Arc<ServerConfig>) {
        let Ok(connection) = ServerConnection::new(config) else { return };
        let mut stream = StreamOwned::new(connection, socket);
        let Some((head, body)) = read(&mut stream) else { return };
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        *self.state().asked.entry(path.clone()).or_default() += 1;
        let (status, answer) = match path.as_str() {
            "/.well-known/openid-configuration" => (200, self.description()),
            "/keys" => (200, self.keys()),
            "/token" => self.token(&head, &body),
            _ => (404, json!({})),
        };
        let text = answer.to_string();
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        json!({
            "issuer": self.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"), "jwks_uri": at("keys"),
            "code_challenge_methods_supported": ["plain", "S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn keys(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.state().key.public_key());
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "1", "x": x }] })
    }

    fn token(&self, head: &str, body: &str) -> (u16, Value) {
        let refuse = |status, error: &str| (status, json!({ "error": error }));
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = BASE64_STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)));
        let sent = header(head, "authorization");
        if sent != Some(&format!("Basic {pair}")) {
            return refuse(401, "invalid_client");
        }
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let mut state = self.state();
        let Some(issued) = state.codes.remove(field("code")) else { return refuse(400, "invalid_grant") };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
        let fits = challenge == issued.challenge
            && field("redirect_uri") == issued.redirect_uri
            && field("grant_type") == "authorization_code";
        if !fits {
            return refuse(400, "invalid_grant");
        }
        let now = Utc::now().timestamp();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "u-1", "email": "ada@example.com", "email_verified": true,
            "iat": now, "exp": now + 300, "nonce": issued.nonce, "roles": ["operator"],
        });
        let lies = state.lies.as_object().cloned().unwrap_or_default();
        claims.as_object_mut().expect("an object").extend(lies);
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": "1" })), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(state.key.sign(signed.as_bytes()));
        (
            200,
            json!({ "token_type": "Bearer", "access_token": "opaque", "id_token": format!("{signed}.{signature}") }),
        )
    }
}

/// Reads a request: its head and its body.
fn read(stream: &mut impl Read) -> Option<(String, String)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn keys() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(KEYS)
}

fn tls() -> Arc<ServerConfig> {
    let certificate =
        CertificateDer::from_pem_file(OpenIdProvider::certificates_path()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(keys().join("test-only-localhost-private.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions are known")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is that of the certificate");
    Arc::new(config)
}
