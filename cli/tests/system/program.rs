//! Runs the `tasker` program, and ends it after the test.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The timeout of every wait. Building components on a busy machine takes longest.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// How long what a process has printed may take to be read after its end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Returns a command that runs the program on a project.
pub(crate) fn tasker(project: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tasker"));
    command
        .arg("--project")
        .arg(project)
        .env_remove("DATABASE_URL")
        .env_remove("TASKER_URL")
        .env_remove("TASKER_API_KEY")
        .env_remove("TASKER_AUTH_TOKEN")
        .env_remove("TASKER_PROFILE")
        .env_remove("RUST_LOG")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// The result of a finished command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Parses the printed JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs a command and waits for its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().expect("the program starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A background process. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a process, and collects both outputs.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let outputs: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("its output is piped")),
            Box::new(child.stderr.take().expect("its errors are piped")),
        ];
        for output in outputs {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    said.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            });
        }
        Self { child, said }
    }

    /// Returns the output so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Waits for a line that contains `words`, and returns the rest of the line.
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut end: Option<Instant> = None;
        loop {
            if let Some((_, rest)) = self.said().lines().find_map(|line| line.split_once(words)) {
                return rest.trim().to_owned();
            }
            let ended = self.child.try_wait().expect("the process can be asked for its state");
            // Its last words may still be on the way.
            let is_over = ended.is_some() && end.get_or_insert_with(Instant::now).elapsed() > LAST_WORDS;
            assert!(!is_over, "ended before it printed {words:?} ({ended:?}):\n{}", self.said());
            assert!(Instant::now() < until, "did not print {words:?}:\n{}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends `kill -9`, and waits for the end of the process.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let status = self.child.wait().expect("a killed process can be waited for");
        assert_eq!(status.signal(), Some(9), "it had ended by itself ({status}):\n{}", self.said());
    }

    /// The largest memory that the process has held, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak is there");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes << 10
    }

    /// Sends Ctrl-C, and waits for the end of the process.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        signal(self.child.id(), "INT");
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the process can be asked for its state") {
                return status;
            }
            assert!(Instant::now() < until, "did not stop:\n{}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by its name.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(sent.expect("kill starts").success(), "process {process} could not be sent {name}");
}
