//! A simulated Lambda Runtime API: starts a function's program like the platform and sends it one event at a
//! time.

use std::{
    collections::BTreeMap,
    io::BufReader,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{http::Message, lineage, process};

/// The timeout for starting and for one response.
const PATIENCE: Duration = Duration::from_secs(30);
/// The time limit of an invocation, as in the deployment templates.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A request of the function.
enum Said {
    Next(Instant),
    Answered(Instant, Vec<u8>),
    Failed(String),
}

/// A running function.
pub(crate) struct Function {
    child: Child,
    said: mpsc::Receiver<Said>,
    events: mpsc::Sender<(String, String)>,
    /// The longest chain of invocations, if loops are detected.
    limit: Option<u32>,
    /// The time from process start to the request for the first event.
    pub(crate) ready_after: Duration,
}

/// The result of an invocation.
pub(crate) struct Answer {
    pub(crate) value: Value,
    /// The time from sending the event to the complete response.
    pub(crate) took: Duration,
}

impl Function {
    /// Starts a program with only this environment and waits until it is ready.
    pub(crate) fn start(program: &Path, environment: &BTreeMap<String, String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (tell, said) = mpsc::channel();
        let (events, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tell, waiting) = (tell.clone(), waiting.clone());
                std::thread::spawn(move || serve(&stream, &tell, &waiting));
            }
        });
        let started = Instant::now();
        let child = Command::new(program)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "measured")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "measured")
            .stdin(Stdio::null())
            // Standard output is for the figures, so the function's logs go to standard error.
            .stdout(Stdio::from(std::io::stderr()))
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut function = Self { child, said, events, limit: None, ready_after: Duration::ZERO };
        function.ready_after = function.next()?.duration_since(started);
        Ok(function)
    }

    /// Stops loops that the function takes part in, as Lambda does unless `RecursiveLoop` is `Allow`.
    #[cfg(test)]
    pub(crate) fn without_loops(mut self) -> Self {
        self.limit = Some(lineage::LIMIT);
        self
    }

    /// Sends an event and waits for the response, and until the function is ready again.
    pub(crate) fn invoke(&mut self, event: &Value) -> Result<Answer> {
        let started = Instant::now();
        let number = lineage::length(event) + 1;
        if self.limit.is_some_and(|limit| number > limit) {
            bail!("RecursiveInvocationException: invocation {number} of a chain");
        }
        self.events.send((event.to_string(), lineage::header(number))).context("the function has exited")?;
        let (answered, body) = match self.said.recv_timeout(PATIENCE)? {
            Said::Answered(at, body) => (at, body),
            Said::Failed(why) => bail!("the function failed: {why}"),
            Said::Next(_) => bail!("the function requested the next event before it responded"),
        };
        self.next()?;
        let value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { value, took: answered.duration_since(started) })
    }

    /// Processor time used so far.
    pub(crate) fn processor_time(&self) -> Duration {
        process::processor_time(self.child.id())
    }

    /// Resident memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        process::resident_bytes(self.child.id())
    }

    fn next(&mut self) -> Result<Instant> {
        match self.said.recv_timeout(PATIENCE).context("the function did not become ready")? {
            Said::Next(at) => Ok(at),
            Said::Failed(why) => bail!("the function failed to start: {why}"),
            Said::Answered(..) => bail!("the function responded twice"),
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection of a function.
fn serve(
    stream: &TcpStream,
    tell: &mpsc::Sender<Said>,
    events: &Mutex<mpsc::Receiver<(String, String)>>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = Message::read(&mut reader, true).ok()? {
        let now = Instant::now();
        let text = || String::from_utf8_lossy(&request.body).into_owned();
        let mut answer = Message::answer("202 Accepted", "{}");
        if request.method() == "GET" && request.target().ends_with("/invocation/next") {
            tell.send(Said::Next(now)).ok()?;
            // The channel is closed: the measurement is over.
            let (event, trace) = events.lock().ok()?.recv().ok()?;
            answer = invocation(&event, trace);
        } else if request.target().ends_with("/response") {
            tell.send(Said::Answered(now, request.body)).ok()?;
        } else {
            tell.send(Said::Failed(text())).ok()?;
        }
        answer.write(&mut writer).ok()?;
    }
    Some(())
}

fn invocation(event: &str, trace: String) -> Message {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIMEOUT;
    let mut answer = Message::answer("200 OK", event);
    for (name, value) in [
        ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:000000000000:function:measured".to_owned(),
        ),
        ("Lambda-Runtime-Trace-Id", trace),
    ] {
        answer.headers.push((name.to_owned(), value));
    }
    answer
}
