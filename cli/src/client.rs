//! The API of a server, as the commands call it.

use std::time::Duration;

use anyhow::{Result, anyhow};
use serde::{Serialize, de::DeserializeOwned};
pub(crate) use tasker_client::Method;
use tasker_client::{Error, List, Request, types::Problem};
use url::form_urlencoded;

use crate::{config::ProjectConfig, credentials::Credentials, signature};

/// The timeout of a request. The API responds within a minute, also to requests that wait.
const TIMEOUT: Duration = Duration::from_secs(90);
/// What the audit shows as the program.
const PROGRAM: &str = concat!("tasker/", env!("CARGO_PKG_VERSION"));
/// How often a request is repeated while the server, or what stands in front of it, is overloaded: somebody waits for it.
const RETRIES: u32 = 2;
/// How often, where a command waits for long anyway.
const PATIENT_RETRIES: u32 = 8;
/// The content type of most requests.
const JSON: &str = "application/json";
/// The size of the pages in which a whole list is read.
const PER_PAGE: u32 = 200;

/// A client of a server's API.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: tasker_client::Client,
}

/// A response: the value, or the problem that the API returned.
pub(crate) type Answer<T> = std::result::Result<T, Problem>;

impl Client {
    /// A client with the credentials of the environment.
    pub(crate) fn new(url: &str) -> Result<Self> {
        Self::with_credentials(url, Credentials::of_environment())
    }

    /// A client with these credentials.
    ///
    /// # Errors
    /// The URL or the credentials cannot be sent.
    pub(crate) fn with_credentials(url: &str, credentials: Option<Credentials>) -> Result<Self> {
        Self::of_program(PROGRAM, url, credentials)
    }

    /// A client with these credentials, which the audit shows as this program.
    pub(crate) fn of_program(program: &str, url: &str, credentials: Option<Credentials>) -> Result<Self> {
        let builder =
            tasker_client::Client::builder(url).timeout(TIMEOUT).retries(RETRIES).user_agent(program);
        let builder = match credentials {
            None => builder,
            Some(Credentials::Key(key)) => builder.api_key(key),
            Some(Credentials::Token(token)) => builder.bearer(token),
        };
        Ok(Self { http: signature::signed(builder).build()? })
    }

    /// A client of the server that a project's configuration names.
    pub(crate) fn of(project: &ProjectConfig) -> Result<Self> {
        Self::with_credentials(&project.config.server.url(), project.credentials())
    }

    /// A client that repeats requests for longer, for a long wait.
    pub(crate) fn patient(&self) -> Self {
        Self { http: self.http.with_retries(PATIENT_RETRIES) }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.look_for(path).await?.map_err(told)
    }

    /// Reads a list to its end, page by page.
    pub(crate) async fn all<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<Vec<T>> {
        self.list(path).limit(PER_PAGE).all().await.map_err(|error| self.failure(error))
    }

    /// As `get`, but returns a problem.
    pub(crate) async fn look_for<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer<T>> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// As `post`, with another content type than plain JSON.
    pub(crate) async fn post_as<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: String,
    ) -> Result<Answer<T>> {
        self.send(self.request(Method::POST, path).body(content_type, body)).await
    }

    /// Sends bytes, and returns a problem as an error.
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T> {
        self.send(self.request(Method::PUT, path).body(content_type, body)).await?.map_err(told)
    }

    pub(crate) async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.send(self.request(Method::PATCH, path).json(body)).await?.map_err(told)
    }

    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.send(self.request(Method::DELETE, path)).await?.map_err(told)
    }

    /// The client itself, to follow streams with.
    pub(crate) fn streams(&self) -> &tasker_client::Client {
        &self.http
    }

    /// A list at a path with its query, percent-encoded.
    pub(crate) fn list<T>(&self, path: &str) -> List<T> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameters = form_urlencoded::parse(query.as_bytes());
        parameters.fold(self.http.list(path), |list, (name, value)| list.query(&name, value))
    }

    /// A request to a path with its query, percent-encoded.
    fn request(&self, method: Method, path: &str) -> Request {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameters = form_urlencoded::parse(query.as_bytes());
        let request = self.http.request(method, path).header("content-type", JSON);
        parameters.fold(request, |request, (name, value)| request.query(&name, value))
    }

    async fn send<T: DeserializeOwned>(&self, request: Request) -> Result<Answer<T>> {
        match request.send().await {
            Ok(value) => Ok(Ok(value)),
            Err(Error::Api(problem)) => Ok(Err(*problem)),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Sends a request, and returns the status and the text of the response.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
        idempotency_key: Option<String>,
    ) -> Result<(u16, String)> {
        let mut request = self.request(method, path);
        if let Some((content_type, body)) = body {
            request = request.body(content_type, body);
        }
        if let Some(key) = idempotency_key {
            request = request.idempotency_key(key);
        }
        let answer = request.answer().await.map_err(|error| self.failure(error))?;
        Ok((answer.status(), String::from_utf8_lossy(answer.body()).into_owned()))
    }

    /// Says of a failure what to do.
    pub(crate) fn failure(&self, error: Error) -> anyhow::Error {
        let url = self.http.url().trim_end_matches('/');
        match error {
            Error::Api(problem) => told(*problem),
            Error::Transport { source, .. } => {
                let cause = anyhow::Error::from_boxed(source).root_cause().to_string();
                anyhow!(cause).context(format!(
                    "no server responds at {url}; start one with `tasker dev` or `tasker serve`, name another with --server, \
                     or run the task in this process with `tasker task run --local`"
                ))
            }
            Error::Unexpected { status: 403, body, .. } if self.http.is_behind_iam() => {
                anyhow!("{url} rejected the request: {body}. {}", signature::WHERE_REFUSED)
            }
            Error::Decode { call, source } => anyhow!(source).context(format!("the response to {call}")),
            error => error.into(),
        }
    }
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
    query.finish()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
    };

    use super::*;

    /// Starts a server that answers one request after another so. Returns its URL, and the heads of the requests.
    fn server(
        answers: &'static [(&'static str, &'static str)],
    ) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let answer = |(status, body): &(&str, &str)| {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
                head.join("\n").to_lowercase()
            };
            answers.iter().map(answer).collect()
        });
        (url, served)
    }

    #[test]
    fn any_name_is_one_segment() {
        assert_eq!(segment("Payments::Refund/now + then"), "Payments%3A%3ARefund%2Fnow%20%2B%20then");
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(query([("a", None), ("b", Some("x y".into())), ("c", Some("1".into()))]), "b=x+y&c=1");
    }

    #[tokio::test]
    async fn a_query_arrives_as_it_was_written() {
        let (url, served) = server(&[("200 OK", "7")]);
        let client = Client::with_credentials(&url, None).unwrap();
        let query = query([("q", Some("a&b=c d+e/ü".to_owned()))]);
        assert_eq!(client.get::<u32>(&format!("/v1/tasks?{query}")).await.unwrap(), 7);
        let head = served.join().unwrap().remove(0);
        assert!(head.starts_with("get /v1/tasks?q=a%26b%3dc%20d%2be%2f%c3%bc http"), "{head}");
        assert!(head.contains("user-agent: tasker/"), "{head}");
    }

    #[tokio::test]
    async fn a_patient_client_waits_for_an_overloaded_gateway() {
        const BUSY: (&str, &str) = ("503 Service Unavailable", "busy");
        let (url, served) = server(&[BUSY, BUSY, BUSY, ("200 OK", "7")]);
        let patient = Client::with_credentials(&url, None).unwrap().patient();
        assert_eq!(patient.get::<u32>("/v1/tasks/1").await.unwrap(), 7);
        served.join().unwrap();
        let (url, served) = server(&[BUSY, BUSY, BUSY]);
        let error =
            Client::with_credentials(&url, None).unwrap().get::<u32>("/v1/tasks/1").await.unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        served.join().unwrap();
        // A creation without a key may not be repeated.
        let (url, served) = server(&[BUSY]);
        let sent = Client::with_credentials(&url, None).unwrap().patient().post::<u32>("/v1/tasks", &1).await;
        assert!(sent.unwrap_err().to_string().contains("503"));
        assert_eq!(served.join().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn any_status_has_a_text() {
        let (url, _) = server(&[("418 I'm a teapot", "tea")]);
        let client = Client::with_credentials(&url, None).unwrap();
        let raw = client.raw(Method::GET, "/v1/x?a=1", None, None).await.unwrap();
        assert_eq!(raw, (418, "tea".to_owned()));
    }
}
