//! A stand-in for an object store: serves the files of one folder with `GET` and `HEAD`, with ranges.
//!
//! It responds like S3 to `Range` and `If-Match`, with `ETag` and `Content-Range`. Uses only the standard
//! library, one thread per connection and one request per connection, to keep the example small.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    net::{TcpListener, TcpStream},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, UNIX_EPOCH},
};

/// The timeout of a silent client.
const PATIENCE: Duration = Duration::from_secs(30);
/// The maximum size of a request head, in bytes.
const MAX_HEAD_BYTES: u64 = 16 << 10;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, address) = match &arguments[..] {
        [folder] => (folder, "127.0.0.1:8098"),
        [folder, address] => (folder, address.as_str()),
        _ => {
            eprintln!(
                "usage: storage-service FOLDER [ADDRESS]\n\n\
                 Serves the files of FOLDER, by default on 127.0.0.1:8098."
            );
            std::process::exit(2);
        }
    };
    let folder = fs::canonicalize(folder)
        .map_err(|error| io::Error::new(error.kind(), format!("the folder {folder}: {error}")))?;
    let listener = TcpListener::bind(address)
        .map_err(|error| io::Error::new(error.kind(), format!("listening on {address}: {error}")))?;
    eprintln!("storage service on http://{address} for {}", folder.display());
    // A closed log must not stop the service.
    serve(&listener, &folder.into(), |line| drop(writeln!(io::stdout(), "{line}")));
    Ok(())
}

fn serve(listener: &TcpListener, folder: &Arc<Path>, log: fn(String)) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // The connection limit is reached; wait for one to end.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        let folder = Arc::clone(folder);
        // Ignore errors of single clients.
        thread::spawn(move || answer(stream, &folder).map(log));
    }
}

/// A parsed request.
struct Request {
    method: String,
    target: String,
    range: Option<String>,
    if_match: Option<String>,
}

/// Handles one request. Returns the line for the log.
fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = read_request(&stream)? else {
        refuse(&mut stream, "400 Bad Request", "", "this is not an HTTP request")?;
        return Ok("400 Bad Request".to_owned());
    };
    let said = |status: &str, bytes: u64, from: u64| {
        format!("{} {} {status} {bytes} bytes from {from}", request.method, request.target)
    };
    if request.method != "GET" && request.method != "HEAD" {
        refuse(
            &mut stream,
            "405 Method Not Allowed",
            "allow: GET, HEAD\r\n",
            "only GET and HEAD are supported",
        )?;
        return Ok(said("405", 0, 0));
    }
    let Some((mut file, length, etag)) = open(folder, &request.target) else {
        refuse(&mut stream, "404 Not Found", "", "there is no such object")?;
        return Ok(said("404", 0, 0));
    };
    if request.if_match.as_deref().is_some_and(|wanted| wanted != "*" && wanted != etag) {
        refuse(&mut stream, "412 Precondition Failed", "", "the object has changed")?;
        return Ok(said("412", 0, 0));
    }
    // RFC 9110 defines ranges for `GET` only.
    let range = request.range.as_deref().filter(|_| request.method == "GET");
    let (status, range, content_range) = match range.and_then(|range| Wanted::parse(range, length)) {
        None => ("200 OK", 0..length, String::new()),
        Some(Wanted::Part(part)) => {
            let header = format!("content-range: bytes {}-{}/{length}\r\n", part.start, part.end - 1);
            ("206 Partial Content", part, header)
        }
        Some(Wanted::Nothing) => {
            let header = format!("content-range: bytes */{length}\r\n");
            refuse(&mut stream, "416 Range Not Satisfiable", &header, "the object is shorter")?;
            return Ok(said("416", 0, 0));
        }
    };
    let sent = range.end - range.start;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/octet-stream\r\ncontent-length: {sent}\r\n\
         accept-ranges: bytes\r\netag: {etag}\r\n{content_range}connection: close\r\n\r\n"
    )?;
    if request.method == "HEAD" {
        return Ok(said("200", 0, 0));
    }
    file.seek(SeekFrom::Start(range.start))?;
    io::copy(&mut file.take(sent), &mut stream)?;
    Ok(said(&status[..3], sent, range.start))
}

/// Reads the head of a request. None if it is malformed. Bodies are not read.
fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream.take(MAX_HEAD_BYTES));
    let mut head = Vec::new();
    // Read the whole head first: closing a connection with unread bytes discards the response.
    while reader.read_until(b'\n', &mut head)? > 0 && !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
    }
    Ok(Request::parse(&String::from_utf8_lossy(&head)))
}

impl Request {
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let mut words = lines.next()?.split_ascii_whitespace();
        let (method, target, _version) = (words.next()?, words.next()?, words.next()?);
        let mut request =
            Self { method: method.to_owned(), target: target.to_owned(), range: None, if_match: None };
        for line in lines {
            if line.is_empty() {
                return Some(request);
            }
            let (name, value) = line.split_once(':')?;
            match name.to_ascii_lowercase().as_str() {
                "range" => request.range = Some(value.trim().to_owned()),
                "if-match" => request.if_match = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        None
    }
}

fn refuse(stream: &mut TcpStream, status: &str, headers: &str, why: &str) -> io::Result<()> {
    let length = why.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{why}\n"
    )
}

/// Opens the file of a request. Returns it with its size and an ETag of its content. None for anything but a
/// file inside the folder.
fn open(folder: &Path, target: &str) -> Option<(File, u64, String)> {
    let path = target.split('?').next().unwrap_or_default();
    let path = PathBuf::from(decode(path.strip_prefix('/')?)?);
    // Resolve symbolic links and `..` before checking the location.
    let path = fs::canonicalize(folder.join(path)).ok()?;
    if !path.starts_with(folder) {
        return None;
    }
    let file = File::open(&path).ok()?;
    let facts = file.metadata().ok().filter(fs::Metadata::is_file)?;
    let changed = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some((file, facts.len(), format!("\"{:x}-{changed:x}\"", facts.len())))
}

/// Decodes `%20` and the like.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The requested range.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Part(Range<u64>),
    /// Bytes beyond the end of the object.
    Nothing,
}

impl Wanted {
    /// None if this is not a single byte range; the whole object is served then, as RFC 9110 allows.
    fn parse(header: &str, length: u64) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
        let part = if first.is_empty() {
            length.saturating_sub(last.parse().ok()?)..length
        } else {
            let first: u64 = first.parse().ok()?;
            let last: u64 = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        };
        Some(if part.is_empty() { Self::Nothing } else { Self::Part(part) })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    /// A service for a new folder with the object `letters`, next to a file that must not be served.
    fn service(name: &str) -> SocketAddr {
        let outside =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/storage-service-tests").join(name);
        let folder = outside.join("served");
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("letters"), "abcdefghij").unwrap();
        fs::write(folder.join("deep/a b"), "below").unwrap();
        fs::write(folder.join("empty"), "").unwrap();
        fs::write(outside.join("secret"), "not yours").unwrap();
        #[cfg(unix)]
        let _ = std::os::unix::fs::symlink(outside.join("secret"), folder.join("link"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let folder = fs::canonicalize(folder).unwrap();
        thread::spawn(move || serve(&listener, &folder.into(), drop));
        address
    }

    /// Sends a request head. Returns the whole response as text.
    fn ask(address: SocketAddr, head: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{head}\r\nhost: {address}\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    fn status(response: &str) -> &str {
        response.split(' ').nth(1).unwrap_or_default()
    }

    fn body(response: &str) -> &str {
        response.split_once("\r\n\r\n").unwrap_or_default().1
    }

    #[test]
    fn an_object_is_served_whole_or_in_ranges() {
        let address = service("ranges");
        let whole = ask(address, "GET /letters HTTP/1.1");
        assert_eq!((status(&whole), body(&whole)), ("200", "abcdefghij"));
        assert!(whole.contains("accept-ranges: bytes\r\n"), "{whole}");
        let cases = [
            ("bytes=0-0", "206", "a", "bytes 0-0/10"),
            ("bytes=2-4", "206", "cde", "bytes 2-4/10"),
            ("bytes=8-100", "206", "ij", "bytes 8-9/10"),
            ("bytes=7-", "206", "hij", "bytes 7-9/10"),
            ("bytes=-2", "206", "ij", "bytes 8-9/10"),
            ("bytes=-99", "206", "abcdefghij", "bytes 0-9/10"),
            ("bytes=10-12", "416", "the object is shorter\n", "bytes */10"),
            ("bytes=-0", "416", "the object is shorter\n", "bytes */10"),
        ];
        for (range, code, text, content_range) in cases {
            let answer = ask(address, &format!("GET /letters HTTP/1.1\r\nRange: {range}"));
            assert_eq!((status(&answer), body(&answer)), (code, text), "{range}");
            assert!(answer.contains(&format!("content-range: {content_range}\r\n")), "{range}: {answer}");
        }
        for range in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-"] {
            let answer = ask(address, &format!("GET /letters HTTP/1.1\r\nRange: {range}"));
            assert_eq!((status(&answer), body(&answer)), ("200", "abcdefghij"), "{range}");
        }
        let empty = ask(address, "GET /empty HTTP/1.1\r\nRange: bytes=0-9");
        assert_eq!(status(&empty), "416");
        assert!(empty.contains("content-range: bytes */0\r\n"), "{empty}");
    }

    #[test]
    fn head_is_get_without_the_body_and_without_ranges() {
        let answer = ask(service("head"), "HEAD /letters HTTP/1.1\r\nRange: bytes=2-4");
        assert_eq!((status(&answer), body(&answer)), ("200", ""));
        assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    }

    #[test]
    fn an_object_that_has_changed_is_not_served_as_what_it_was() {
        let address = service("match");
        let whole = ask(address, "GET /letters HTTP/1.1");
        let etag = whole.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        for (wanted, code) in [(etag, "200"), ("*", "200"), ("\"other\"", "412")] {
            let answer = ask(address, &format!("GET /letters HTTP/1.1\r\nIf-Match: {wanted}"));
            assert_eq!(status(&answer), code, "{wanted}");
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let address = service("outside");
        assert_eq!(body(&ask(address, "GET /deep/a%20b?version=1 HTTP/1.1")), "below");
        for target in [
            "/../secret",
            "/deep/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/link",
            "/deep",
            "/",
            "/missing",
            "/bad%zz",
            "/nul%00",
            "letters",
        ] {
            let answer = ask(address, &format!("GET {target} HTTP/1.1"));
            assert_eq!((status(&answer), body(&answer)), ("404", "there is no such object\n"), "{target}");
        }
    }

    #[test]
    fn what_is_no_request_for_an_object_is_refused() {
        let address = service("refused");
        assert_eq!(status(&ask(address, "PUT /letters HTTP/1.1")), "405");
        assert_eq!(status(&ask(address, "hello")), "400");
        assert_eq!(status(&ask(address, "GET /letters HTTP/1.1\r\nno header")), "400");
    }

    #[test]
    fn many_callers_are_answered_at_once() {
        let address = service("many");
        // Connected clients that send nothing yet.
        let _silent: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
        let asking: Vec<_> =
            (0..50).map(|_| thread::spawn(move || ask(address, "GET /letters HTTP/1.1"))).collect();
        for asked in asking {
            assert_eq!(body(&asked.join().unwrap()), "abcdefghij");
        }
    }
}
