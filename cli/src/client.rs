//! The HTTP client of the API.

use std::{
    io::{BufRead, BufReader},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use serde::{Serialize, de::DeserializeOwned};
use tasker_api::{Page, Problem};
use tasker_transport::is_here;
use tokio::sync::{Mutex, mpsc};
use ureq::{
    Agent, Body, Proxy,
    http::{HeaderValue, Method, Response, StatusCode},
};
use url::{Url, form_urlencoded};

use crate::{
    config::ProjectConfig,
    credentials::Credentials,
    signature::{Signer, WHERE_REFUSED, behind_iam},
};

/// The timeout of a request. The API responds within a minute, also to requests that wait.
const TIMEOUT: Duration = Duration::from_secs(90);

/// How often a patient client sends a request, while API Gateway or a function in front of the API is overloaded.
const TRIES: u32 = 5;
/// How long it pauses before the second try. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The content type of most requests.
const JSON: &str = "application/json";

/// A client of a server's API.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    agent: Agent,
    tries: u32,
    credentials: Option<Credentials>,
    /// Determined once, because finding credentials may need requests.
    signer: Arc<Mutex<Option<Signer>>>,
}

/// A response: the value, or the problem that the API returned.
pub(crate) type Answer<T> = std::result::Result<T, Problem>;

/// The size of the pages in which a whole list is read.
const PER_PAGE: u32 = 200;

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: agent(url, Some(TIMEOUT)),
            tries: 1,
            credentials: Credentials::of_environment(),
            signer: Arc::default(),
        }
    }

    /// A client that says nothing about who sends its requests.
    pub(crate) fn without_credentials(url: &str) -> Self {
        Self { credentials: None, ..Self::new(url) }
    }

    /// A client with these credentials.
    pub(crate) fn with_credentials(url: &str, credentials: Option<Credentials>) -> Self {
        Self { credentials, ..Self::new(url) }
    }

    /// A client that repeats requests to read which fail on the way to the API (502 to 504), for a long wait.
    pub(crate) fn patient(&self) -> Self {
        Self { tries: TRIES, ..self.clone() }
    }

    async fn signer(&self) -> Result<Option<Signer>> {
        let mut signer = self.signer.lock().await;
        if !signer.as_ref().is_some_and(Signer::is_fresh) {
            *signer = Signer::of(&self.url).await?;
        }
        Ok(signer.clone())
    }

    /// Creates a client of the server that a project's configuration names.
    pub(crate) fn of(project: &ProjectConfig) -> Self {
        let client = Self::new(&project.config.server.url());
        // Those of a profile are for its server; the environment's may be for another one.
        Self { credentials: project.credentials.clone().or(client.credentials), ..client }
    }

    pub(crate) async fn get<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.look_for(path).await?.map_err(told)
    }

    /// Reads a list to its end, page by page.
    pub(crate) async fn all<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<Vec<T>> {
        let (mut items, mut cursor) = (Vec::new(), None);
        loop {
            let query = query([("limit", Some(PER_PAGE.to_string())), ("cursor", cursor)]);
            let separator = if path.contains('?') { '&' } else { '?' };
            let page: Page<T> = self.get(&format!("{path}{separator}{query}")).await?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(items);
            }
        }
    }

    /// As `get`, but returns none if the resource does not exist.
    pub(crate) async fn look_for<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
    ) -> Result<Answer<T>> {
        self.call(Method::GET, path, JSON, None).await
    }

    pub(crate) async fn post<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer<T>> {
        self.post_as(path, JSON, serde_json::to_string(body)?).await
    }

    /// As `post`, with another content type than plain JSON.
    pub(crate) async fn post_as<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        content_type: &'static str,
        body: String,
    ) -> Result<Answer<T>> {
        self.call(Method::POST, path, content_type, Some(body)).await
    }

    pub(crate) async fn patch<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        self.call(Method::PATCH, path, JSON, Some(serde_json::to_string(body)?)).await?.map_err(told)
    }

    pub(crate) async fn delete<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        self.call(Method::DELETE, path, JSON, None).await?.map_err(told)
    }

    async fn call<T: DeserializeOwned + Send + 'static>(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Option<String>,
    ) -> Result<Answer<T>> {
        let (this, path) = (self.clone(), path.to_owned());
        let signer = self.signer().await?;
        tokio::task::spawn_blocking(move || {
            let body = body.unwrap_or_default();
            let repeats = if method == Method::GET { this.tries - 1 } else { 0 };
            let mut pauses = (0..repeats).map(|tried| FIRST_PAUSE * (1 << tried));
            let mut response = loop {
                let response =
                    this.send(method.clone(), &path, content_type, body.clone(), signer.clone())?;
                match pauses.next() {
                    Some(pause) if (502..=504).contains(&response.status().as_u16()) => {
                        std::thread::sleep(pause);
                    }
                    _ => break response,
                }
            };
            this.read_by_link(&mut response)?;
            let status = response.status();
            let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
            if status.is_success() {
                // Some responses have only a status.
                let text = if text.is_empty() { "null" } else { &text };
                return serde_json::from_str(text)
                    .map(Ok)
                    .with_context(|| format!("the response of {}{path}", this.url));
            }
            match serde_json::from_str(&text) {
                Ok(error) => Ok(Err(error)),
                Err(_) if status == StatusCode::FORBIDDEN && behind_iam(&this.url).is_some() => {
                    bail!("{} rejected the request: {text}. {WHERE_REFUSED}", this.url)
                }
                Err(_) => bail!("{}{path} returned {status}: {text}", this.url),
            }
        })
        .await?
    }

    /// Replaces a response that Lambda cannot return by what it links to. The link allows no signature of ours.
    fn read_by_link(&self, response: &mut Response<Body>) -> Result<()> {
        if response.status() == StatusCode::SEE_OTHER
            && let Some(link) = response.headers().get("location").and_then(|link| link.to_str().ok())
        {
            *response = self.agent.get(link).call().context("reading a large response")?;
        }
        Ok(())
    }

    /// Sends a request in the name of this program, and returns the status and the text of the response.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: String,
        content_type: &'static str,
        body: String,
        idempotency_key: Option<String>,
        program: &'static str,
    ) -> Result<(u16, String)> {
        let (this, signer) = (self.clone(), self.signer().await?);
        tokio::task::spawn_blocking(move || {
            let headers = idempotency_key.iter().map(|key| ("idempotency-key", key.as_str()));
            let headers = headers.chain([("user-agent", program)]);
            let mut response = this.send_with(method, &path, content_type, body, headers, signer)?;
            this.read_by_link(&mut response)?;
            let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
            Ok((response.status().as_u16(), text))
        })
        .await?
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
        signer: Option<Signer>,
    ) -> Result<Response<Body>> {
        self.send_with(method, path, content_type, body, std::iter::empty(), signer)
    }

    fn send_with<'a>(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
        headers: impl Iterator<Item = (&'static str, &'a str)>,
        signer: Option<Signer>,
    ) -> Result<Response<Body>> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", content_type)
            .body(body)?;
        for (name, value) in headers {
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        if let Some(credentials) = &self.credentials {
            let (name, value) = credentials.header();
            let mut value =
                HeaderValue::from_str(&value).context("the API key or token cannot be a header")?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        if let Some(signer) = signer {
            signer.sign(&mut request, SystemTime::now())?;
        }
        self.agent.run(request).with_context(|| {
            format!(
                "no server responds at {}; start one with `tasker dev` or `tasker serve`, name another with --server, or \
                 run the task in this process with `tasker task run --local`",
                self.url
            )
        })
    }

    /// Returns server-sent events, each with its kind and its data, until the server or the listener closes the
    /// connection.
    pub(crate) async fn listen(&self, path: &str) -> Result<mpsc::Receiver<(String, String)>> {
        // This response has no end, so it has no timeout.
        let this = Self { agent: agent(&self.url, None), ..self.clone() };
        let (path, signer) = (path.to_owned(), self.signer().await?);
        let response =
            tokio::task::spawn_blocking(move || this.send(Method::GET, &path, JSON, String::new(), signer));
        let mut response = response.await??;
        if !response.status().is_success() {
            bail!("{} returned {}: {}", self.url, response.status(), response.body_mut().read_to_string()?);
        }
        let (sender, receiver) = mpsc::channel(64);
        // A separate thread, because a blocking read cannot be cancelled. Nothing waits for the thread.
        std::thread::spawn(move || {
            let (mut kind, mut data) = (String::new(), Vec::new());
            for line in BufReader::new(response.into_body().into_reader()).lines().map_while(Result::ok) {
                let (field, value) = line.split_once(':').unwrap_or((&line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                match field {
                    "event" => kind = value,
                    "data" => data.push(value),
                    // An empty line ends an event.
                    "" if line.is_empty() && !data.is_empty() => {
                        let event = (std::mem::take(&mut kind), std::mem::take(&mut data).join("\n"));
                        if sender.blocking_send(event).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        Ok(receiver)
    }
}

fn agent(url: &str, timeout: Option<Duration>) -> Agent {
    Agent::config_builder()
        .proxy(proxy(url, |name| std::env::var(name).ok()))
        .http_status_as_error(false)
        // The API redirects to large responses only, which allow no header of a signature.
        .max_redirects(0)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(timeout)
        .build()
        .into()
}

/// Returns the proxy of the environment for this URL: `http_proxy` or `https_proxy` by its scheme, or `all_proxy`. None for
/// this machine.
fn proxy(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Proxy> {
    let url = Url::parse(url).ok()?;
    let uri = url.as_str().parse().ok()?;
    if is_here(&url) || Proxy::try_from_env().is_some_and(|proxy| proxy.is_no_proxy(&uri)) {
        return None;
    }
    let names = [format!("{}_proxy", url.scheme()), "all_proxy".to_owned()];
    let value = |name: &String| variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
    names.iter().filter_map(value).find(|value| !value.is_empty()).and_then(|value| Proxy::new(&value).ok())
}

/// Converts a problem of the API.
pub(crate) fn told(problem: Problem) -> anyhow::Error {
    anyhow::Error::msg(problem.detail)
}

/// Encodes a text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Encodes those of these parameters that have a value as the query of a URL.
pub(crate) fn query<'a>(parameters: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    // Percent-encoded spaces, because signatures do not accept `+`.
    query.finish().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_large_response_is_read_where_the_api_says() {
        use std::io::{BufRead as _, BufReader, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = [
            format!("303 See Other\r\nlocation: {url}/link?signed\r\ncontent-length: 0"),
            "200 OK\r\ncontent-length: 2\r\n\r\n42".to_owned(),
        ];
        let asked = std::thread::spawn(move || {
            answers.map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let reader = BufReader::new(stream.try_clone().unwrap());
                let head: Vec<String> =
                    reader.lines().map(|line| line.unwrap()).take_while(|line| !line.is_empty()).collect();
                let end = if answer.contains("\r\n\r\n") { "" } else { "\r\n\r\n" };
                write!(stream, "HTTP/1.1 {answer}{end}").unwrap();
                head.join("\n")
            })
        });
        let value: Answer<u32> = Client::new(&url).call(Method::GET, "/v1/tasks", JSON, None).await.unwrap();
        assert_eq!(value.unwrap(), 42);
        let [_, second] = asked.join().unwrap();
        assert!(second.starts_with("GET /link?signed"), "{second}");
    }

    #[test]
    fn any_name_is_one_segment() {
        assert_eq!(segment("Payments::Refund/now + then"), "Payments%3A%3ARefund%2Fnow%20%2B%20then");
    }

    /// Starts a server that answers one request after another with these statuses.
    fn server(statuses: &'static [&'static str]) -> String {
        use std::io::Write as _;

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                let request = BufReader::new(stream.try_clone().unwrap());
                let _ = request.lines().map_while(Result::ok).find(String::is_empty);
                let answer = "content-length: 1\r\nconnection: close\r\n\r\n7";
                write!(stream, "HTTP/1.1 {status}\r\n{answer}").unwrap();
                // Closing with unread bytes would reset the connection.
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
        });
        url
    }

    #[tokio::test]
    async fn a_patient_client_waits_for_an_overloaded_gateway() {
        const OVERLOADED: &[&str] = &["503 Service Unavailable", "504 Gateway Timeout", "200 OK"];
        let patient = Client::new(&server(OVERLOADED)).patient();
        assert_eq!(patient.get::<u32>("/v1/tasks/1").await.unwrap(), 7);
        let error = Client::new(&server(OVERLOADED)).get::<u32>("/v1/tasks/1").await.unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        // Only reading may be repeated.
        let sent = Client::new(&server(OVERLOADED)).patient().post::<u32>("/v1/tasks", &1).await;
        assert!(sent.unwrap_err().to_string().contains("503"));
        let error = Client::new(&server(&["404 Not Found"])).patient().get::<u32>("/v1/x").await.unwrap_err();
        assert!(error.to_string().contains("404"), "{error}");
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(query([("a", None), ("b", Some("x y".into())), ("c", Some("1".into()))]), "b=x%20y&c=1");
    }

    #[test]
    fn a_proxy_is_for_its_scheme_and_never_for_this_machine() {
        let proxied = |url: &str, name: &str| {
            proxy(url, |asked| (asked == name).then(|| "http://proxy.example:3128".to_owned())).is_some()
        };
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            assert!(proxied("http://tasker.example", name), "{name}");
            for here in
                ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "http://a.localhost"]
            {
                assert!(!proxied(here, name), "{name} {here}");
            }
        }
        assert!(proxied("https://tasker.example", "https_proxy"));
        assert!(!proxied("http://tasker.example", "https_proxy"));
        assert!(!proxied("https://tasker.example", "http_proxy"));
    }
}
