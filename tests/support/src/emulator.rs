//! An AWS emulator on this machine that lives as long as the test process.

use std::{
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The start timeout. The emulator first imports much of the Python standard library.
const START: Duration = Duration::from_secs(60);

/// The address of the emulator, `http://127.0.0.1:PORT`. Started on first use. It allows every request.
pub fn emulator() -> &'static str {
    static EMULATOR: OnceLock<String> = OnceLock::new();
    EMULATOR.get_or_init(|| start(false))
}

/// Starts an emulator that enforces IAM, with two corrections to match AWS: every request counts as
/// encrypted, because policies that deny plain HTTP mean the network; and permission to send a message
/// includes batches.
const STRICT: &str = r#"
import runpy
from ministack.core import iam_actions, iam_evaluator

pin, extract = iam_evaluator.pin_request_origin, iam_actions.extract_iam_action

def action(service, *request):
    found = extract(service, *request)
    return found.removesuffix("Batch") if service == "sqs" and found else found

iam_evaluator.pin_request_origin = lambda address, secure: pin(address, True)
iam_actions.extract_iam_action = action
runpy.run_module("ministack", run_name="__main__")
"#;

/// As [`emulator`], but enforces IAM. The access key `test` belongs to the account's root user.
pub fn strict_emulator() -> &'static str {
    static EMULATOR: OnceLock<String> = OnceLock::new();
    EMULATOR.get_or_init(|| start(true))
}

/// The folder of AWS tools: an emulator and SAM's command line.
pub fn aws_tools() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/aws-tools");
    let tools = std::env::var_os("TASKER_AWS_TOOLS").map_or_else(default, PathBuf::from);
    assert!(
        tools.join("bin/ministack").exists(),
        "no emulator of AWS in {}: run `make aws-tools`, or set TASKER_AWS_TOOLS",
        tools.display()
    );
    tools
}

/// Kills every process of a function in an emulator, like a crash, and waits until they have exited: until
/// then the emulator hands them requests. Returns how many there were.
pub fn kill_function(emulator: &str, function: &str) -> usize {
    let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    let ours = format!("AWS_ENDPOINT_URL={emulator}");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let has = |variable: &str| environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes());
        (has(&wanted) && has(&ours)).then(|| process.to_string())
    });
    let processes: Vec<String> = processes.collect();
    if !processes.is_empty() {
        let killed = Command::new("kill").arg("-9").args(&processes).status().expect("kill");
        assert!(killed.success(), "the processes {processes:?} could not be killed");
    }
    let killed = Instant::now();
    while let Some(running) = processes.iter().find(|process| !has_exited(process)) {
        assert!(killed.elapsed() < START, "process {running} has not exited");
        std::thread::sleep(Duration::from_millis(1));
    }
    processes.len()
}

/// Whether no thread of a process runs any more, so that its parent learns that it has exited.
fn has_exited(process: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    // The fields after the program's name, which may contain anything: the state is the first of them, the
    // number of threads the eighteenth.
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ended = matches!(fields.next(), Some("Z" | "X"));
    let threads = fields.nth(16).and_then(|threads| threads.parse().ok()).unwrap_or(0_u32);
    ended && threads <= 1
}

fn start(strict: bool) -> String {
    let python = aws_tools().join("bin/python");
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    // The emulator's temporary files and its log.
    let folder = std::env::temp_dir().join(format!("tasker-test-emulator-{port}"));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let log = std::fs::File::create(folder.join("log")).expect("the emulator's log can be written");
    // The emulator ends with this process: the shell waits for the end of a pipe that only this process
    // holds.
    Command::new("/bin/sh")
        .args(["-c", r#""$0" "$@" & cat >/dev/null; kill $!; wait $!; rm -rf "$TMPDIR""#])
        .arg(python)
        .args(if strict { ["-c", STRICT] } else { ["-m", "ministack"] })
        .env("TMPDIR", &folder)
        .process_group(0)
        .envs([
            ("BIND_HOST", "127.0.0.1"),
            ("IOT_MTLS_ENABLED", "0"),
            ("MINISTACK_HOST", "localhost"),
            ("GATEWAY_PORT", &port.to_string()),
            ("AUTH", &strict.to_string()),
            ("AWS_ENDPOINT_URL", &address),
        ])
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("one more handle"))
        .stderr(log)
        .spawn()
        .map(|child| std::mem::forget(child.stdin))
        .expect("a shell starts");
    let started = Instant::now();
    while !is_healthy(port) {
        assert!(started.elapsed() < START, "the emulator did not start within {START:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    address
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn is_healthy(port: u16) -> bool {
    use std::io::Write as _;
    let ask = || {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream
            .write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
