//! Downloads from a test server that offers the installed programs, packed like the published archives.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::*;
use crate::{
    Durability, LocalPostgres,
    find::find_programs,
    programs::{find_owner, is_root},
};

/// A download server that stops with the test.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Serves these files by path, and 404 for all others.
    fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/releases", listener.local_addr().expect("it has an address"));
        let requests = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                counter.fetch_add(1, Ordering::Relaxed);
                answer(stream, &files);
            }
        });
        Self { url, requests }
    }

    /// Serves an archive and its checksum.
    fn with(archive: &[u8], checksum: &str) -> Self {
        let path = format!("/releases/{VERSION}/{}.tar.gz", name());
        let checksum_path = format!("{path}.sha256");
        let checksum = format!("{checksum}  {}.tar.gz\n", name()).into_bytes();
        Self::start(BTreeMap::from([(path, archive.to_vec()), (checksum_path, checksum)]))
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) {
    let mut lines = BufReader::new(&stream).lines().map_while(std::result::Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let found = first.split(' ').nth(1).and_then(|path| files.get(path));
    let (status, body) = found.map_or(("404 Not Found", &[][..]), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn name() -> String {
    format!("postgresql-{VERSION}-{}", target().expect("there is a download for this machine"))
}

fn owner() -> Option<Owner> {
    is_root().then(|| find_owner().expect("there is a user to run the server as"))
}

/// A folder that the server's user can traverse.
fn folder() -> TempDir {
    let folder = TempDir::with_prefix("tasker-download-").expect("a folder is made");
    permit(folder.path(), 0o755).expect("its permissions are set");
    folder
}

fn download(server: &str, cache: &TempDir) -> Download {
    // A missing folder, so that the download must create it.
    Download::new(server, cache.path().join("tasker/postgresql"))
        .expect("there is a download for this machine")
}

fn compressed(fill: impl FnOnce(&mut tar::Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut archive);
    archive.into_inner().and_then(GzEncoder::finish).expect("the archive is written")
}

/// The installed programs, packed like the published archives.
fn archive() -> Vec<u8> {
    let programs = find_programs(None, owner()).expect("there is a PostgreSQL");
    let programs = programs.join("postgres").canonicalize().expect("it is there");
    let programs = programs.parent().expect("it lies in a folder");
    compressed(|archive| {
        for program in PROGRAMS {
            let path = format!("{}/bin/{program}", name());
            archive.append_path_with_name(programs.join(program), path).expect("it is packed");
        }
        // A relocatable build looks for these folders next to `bin`.
        for part in ["lib", "share"] {
            pack(archive, &programs.with_file_name(part), &format!("{}/{part}", name()));
        }
    })
}

/// Packs a folder, without parts that are large and not needed.
fn pack(archive: &mut tar::Builder<GzEncoder<Vec<u8>>>, folder: &Path, name: &str) {
    for entry in folder.read_dir().into_iter().flatten().map_while(std::result::Result::ok) {
        let (path, file) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let name = format!("{name}/{file}");
        if ["bitcode", "pgxs"].contains(&file.as_str()) || file.starts_with("llvmjit") {
            continue;
        }
        if path.is_dir() {
            pack(archive, &path, &name);
        } else {
            archive.append_path_with_name(&path, name).expect("it is packed");
        }
    }
}

/// An archive whose programs are all this script.
fn scripts(text: &str) -> Vec<u8> {
    compressed(|archive| {
        for program in PROGRAMS {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            let path = format!("{}/bin/{program}", name());
            archive.append_data(&mut header, path, text.as_bytes()).expect("it is packed");
        }
    })
}

const WORKING: &str = "#!/bin/sh\necho 'postgres (PostgreSQL) 17.9'\n";

fn refused(server: &str, cache: &TempDir) -> String {
    let error = download(server, cache).programs(owner()).expect_err("there is nothing usable").to_string();
    assert!(error.contains("apt-get install postgresql"), "{error}");
    let left: Vec<_> =
        cache.path().join("tasker/postgresql").read_dir().expect("the cache is there").collect();
    assert_eq!(left.len(), 1, "more is left than the lock: {left:?}");
    error
}

#[test]
fn a_server_runs_with_downloaded_programs_which_are_downloaded_once() {
    let (cache, home) = (folder(), folder());
    let archive = archive();
    let server = Server::with(&archive, &sha256(&archive));
    // Left by an interrupted run.
    fs::create_dir_all(cache.path().join("tasker/postgresql/partial/bin")).expect("folders are made");
    let programs = download(&server.url, &cache).programs(owner()).expect("they are downloaded");
    assert_eq!(programs, cache.path().join("tasker/postgresql").join(name()).join("bin"));
    let home = crate::home(home.path(), owner()).expect("a home is made");
    let running = LocalPostgres::start_with(programs.clone(), &home, Durability::None, owner());
    let running = running.expect("the server starts");
    let (_, address) =
        running.url().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a URL");
    TcpStream::connect(address.trim_end_matches("/postgres")).expect("it takes connections");
    assert_eq!(download(&server.url, &cache).programs(owner()).expect("they are there"), programs);
    assert_eq!(server.requests(), 2, "the archive and its checksum, once each");
}

#[test]
fn of_several_at_once_one_downloads_and_the_others_wait() {
    let cache = folder();
    let archive = scripts(WORKING);
    let server = Server::with(&archive, &sha256(&archive));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| download(&server.url, &cache).programs(owner()).expect("they are downloaded"));
        }
    });
    assert_eq!(server.requests(), 2, "the archive and its checksum, once each");
}

#[test]
fn an_archive_that_is_not_what_was_published_is_refused() {
    let cache = folder();
    let archive = scripts(WORKING);
    let server = Server::with(&archive, &"0".repeat(64));
    let error = refused(&server.url, &cache);
    assert!(error.contains(&sha256(&archive)) && error.contains(&"0".repeat(64)), "{error}");
}

#[test]
fn a_checksum_that_is_none_is_refused() {
    let archive = scripts(WORKING);
    let server = Server::with(&archive, "<html>");
    let error = refused(&server.url, &folder());
    assert!(error.contains("contains no SHA-256"), "{error}");
}

#[test]
fn a_server_that_does_not_answer_or_has_nothing_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let closed = format!("http://{}", closed.expect("a port is free"));
    let error = refused(&closed, &folder());
    assert!(error.contains(&closed) && error.contains(MIRROR), "{error}");
    let empty = Server::start(BTreeMap::new());
    let error = refused(&empty.url, &folder());
    assert!(error.contains("404") && error.contains(&empty.url), "{error}");
}

#[test]
fn programs_that_do_not_run_here_are_refused_with_what_they_said() {
    let archive = scripts("#!/bin/sh\necho 'libxml2.so.2: cannot open shared object file' >&2\nexit 127\n");
    let server = Server::with(&archive, &sha256(&archive));
    let error = refused(&server.url, &folder());
    assert!(error.contains("do not run") && error.contains("libxml2.so.2"), "{error}");
}

#[test]
fn an_archive_without_the_programs_is_refused() {
    let archive = compressed(|_| {});
    let server = Server::with(&archive, &sha256(&archive));
    let error = refused(&server.url, &folder());
    assert!(error.contains("bin/initdb"), "{error}");
}

#[test]
fn a_checksum_stands_alone_or_before_a_name() {
    let sum = "AB".repeat(32);
    assert_eq!(checksum(&format!("{sum}\n")), Some(sum.to_lowercase()));
    assert_eq!(checksum(&format!("{sum}  postgresql.tar.gz\n")), Some(sum.to_lowercase()));
    assert_eq!(checksum("Not Found"), None);
    assert_eq!(checksum(""), None);
}
