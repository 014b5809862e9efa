//! Conformance tests that run against every key-value store.

use std::sync::Arc;

use tasker_test_support::TestDatabase;
use tasker_transport::{
    KEYS_PER_PAGE, KeyValueError, KeyValueStore, MAX_ANSWER_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES,
    MemoryKeyValues, PostgresKeyValues,
};

use crate::names;

const BUCKET: &str = "tests/bucket";

async fn stores(check: impl AsyncFn(Arc<dyn KeyValueStore>)) {
    check(Arc::new(MemoryKeyValues::default())).await;
    let database = TestDatabase::new().await;
    check(Arc::new(PostgresKeyValues::new(database.pool.clone()))).await;
    #[cfg(feature = "aws")]
    {
        let (config, name) = crate::table("bucket", Some("key")).await;
        check(Arc::new(tasker_transport::aws::DynamoDbKeyValues::new(&config, &name))).await;
    }
}

async fn set(store: &Arc<dyn KeyValueStore>, key: &str, value: impl Into<Vec<u8>>) {
    store.set(BUCKET, vec![(key.to_owned(), value.into())]).await.expect("sets");
}

async fn get(store: &Arc<dyn KeyValueStore>, key: &str) -> Option<Vec<u8>> {
    let mut found = store.get(BUCKET, &names(&[key])).await.expect("gets");
    found.remove(key).map(|entry| entry.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_read() {
    stores(async |store| {
        assert_eq!(get(&store, "a").await, None);
        assert!(!store.exists(BUCKET, "a").await.unwrap());
        for value in [b"one".to_vec(), Vec::new(), (0..=255).collect()] {
            set(&store, "a", value.clone()).await;
            assert_eq!(get(&store, "a").await, Some(value));
            assert!(store.exists(BUCKET, "a").await.unwrap());
        }
        store.delete(BUCKET, &names(&["a", "never there"])).await.unwrap();
        assert_eq!(get(&store, "a").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_do_not_share_keys() {
    stores(async |store| {
        set(&store, "a", "ours").await;
        store.set("other/bucket", vec![("a".to_owned(), b"theirs".to_vec())]).await.unwrap();
        assert_eq!(get(&store, "a").await.unwrap(), b"ours");
        store.delete("other/bucket", &names(&["a"])).await.unwrap();
        assert_eq!(get(&store, "a").await.unwrap(), b"ours");
        assert!(store.keys("other/bucket", None).await.unwrap().keys.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_key_and_the_largest_value_have_room() {
    stores(async |store| {
        let key = "ü".repeat(MAX_KEY_BYTES / 2);
        let value = vec![7; MAX_VALUE_BYTES];
        set(&store, &key, value.clone()).await;
        assert!(get(&store, &key).await.unwrap() == value);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_written_read_and_deleted_at_once() {
    stores(async |store| {
        let keys: Vec<String> = (0..230).map(|number| format!("{number:03}")).collect();
        let entries = keys.iter().map(|key| (key.clone(), key.clone().into_bytes())).collect();
        store.set(BUCKET, entries).await.unwrap();
        let mut asked = keys.clone();
        asked.push("never there".to_owned());
        let found = store.get(BUCKET, &asked).await.unwrap();
        assert_eq!(found.len(), keys.len());
        assert!(keys.iter().all(|key| found[key].value == key.as_bytes()));
        store.delete(BUCKET, &keys[..200]).await.unwrap();
        assert_eq!(store.keys(BUCKET, None).await.unwrap().keys, keys[200..]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_would_be_too_large_is_refused() {
    stores(async |store| {
        let keys: Vec<String> =
            (0..=MAX_ANSWER_BYTES / MAX_VALUE_BYTES).map(|number| number.to_string()).collect();
        for key in &keys {
            set(&store, key, vec![0; MAX_VALUE_BYTES]).await;
        }
        assert_eq!(store.get(BUCKET, &keys[1..]).await.unwrap().len(), keys.len() - 1);
        assert!(matches!(store.get(BUCKET, &keys).await, Err(KeyValueError::TooMuch)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_page_by_page() {
    stores(async |store| {
        let keys: Vec<String> = (0..KEYS_PER_PAGE + 3).map(|number| format!("{number:05}")).collect();
        store.set(BUCKET, keys.iter().map(|key| (key.clone(), Vec::new())).collect()).await.unwrap();
        let (mut listed, mut pages) = (Vec::<String>::new(), 0);
        loop {
            let page = store.keys(BUCKET, listed.last().map(String::as_str)).await.unwrap();
            listed.extend(page.keys);
            pages += 1;
            if !page.has_more {
                break;
            }
        }
        assert_eq!((listed, pages), (keys, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_counted_up_and_read_as_digits() {
    stores(async |store| {
        assert_eq!(store.increment(BUCKET, "n", 5).await.unwrap(), 5);
        assert_eq!(store.increment(BUCKET, "n", -7).await.unwrap(), -2);
        assert_eq!(get(&store, "n").await.unwrap(), b"-2");
        set(&store, "n", "40").await;
        assert_eq!(store.increment(BUCKET, "n", 1).await.unwrap(), 41);
        assert_eq!(store.increment(BUCKET, "n", 1).await.unwrap(), 42);
        store.delete(BUCKET, &names(&["n"])).await.unwrap();
        assert_eq!(store.increment(BUCKET, "n", 1).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_a_number_is_counted_up_and_only_within_64_bits() {
    stores(async |store| {
        for (value, delta) in [("one", 1), ("", 1), ("1 ", 1), ("\u{ff}", 1)] {
            set(&store, "n", value).await;
            let refused = store.increment(BUCKET, "n", delta).await;
            assert!(
                matches!(&refused, Err(KeyValueError::NotANumber { key }) if key == "n"),
                "{value}: {refused:?}"
            );
            assert_eq!(get(&store, "n").await.unwrap(), value.as_bytes());
        }
        store.delete(BUCKET, &names(&["n"])).await.unwrap();
        for (first, more) in [(i64::MAX, 1), (i64::MIN, -1)] {
            store.increment(BUCKET, "n", first).await.unwrap();
            let refused = store.increment(BUCKET, "n", more).await;
            assert!(matches!(&refused, Err(KeyValueError::Overflow { .. })), "{refused:?}");
            assert_eq!(get(&store, "n").await.unwrap(), first.to_string().as_bytes());
            assert_eq!(store.increment(BUCKET, "n", -more).await.unwrap(), first - more);
            store.delete(BUCKET, &names(&["n"])).await.unwrap();
        }
        set(&store, "n", "9223372036854775808").await;
        assert!(matches!(store.increment(BUCKET, "n", 1).await, Err(KeyValueError::Overflow { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_many_count_at_once() {
    stores(async |store| {
        let counting = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    store.increment(BUCKET, "n", 1).await.unwrap();
                }
            })
        });
        for task in counting.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(get(&store, "n").await.unwrap(), b"80");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_needs_the_value_that_was_seen() {
    stores(async |store| {
        let version = async |store: &Arc<dyn KeyValueStore>| {
            store.get(BUCKET, &names(&["a"])).await.unwrap().remove("a").map(|entry| entry.version)
        };
        assert!(store.swap(BUCKET, "a", None, b"first".to_vec()).await.unwrap());
        assert!(!store.swap(BUCKET, "a", None, b"not this".to_vec()).await.unwrap());
        let seen = version(&store).await;
        assert!(store.swap(BUCKET, "a", seen, b"second".to_vec()).await.unwrap());
        assert!(!store.swap(BUCKET, "a", seen, b"not this".to_vec()).await.unwrap());
        assert_eq!(get(&store, "a").await.unwrap(), b"second");
        // An equal value written again has a new version.
        let seen = version(&store).await;
        set(&store, "a", "else").await;
        set(&store, "a", "second").await;
        assert!(!store.swap(BUCKET, "a", seen, b"not this".to_vec()).await.unwrap());
        // So has a value that was deleted, and a counter that was incremented.
        let seen = version(&store).await;
        store.delete(BUCKET, &names(&["a"])).await.unwrap();
        assert!(!store.swap(BUCKET, "a", seen, b"not this".to_vec()).await.unwrap());
        store.increment(BUCKET, "a", 1).await.unwrap();
        let seen = version(&store).await;
        store.increment(BUCKET, "a", 1).await.unwrap();
        assert!(!store.swap(BUCKET, "a", seen, b"not this".to_vec()).await.unwrap());
        assert_eq!(get(&store, "a").await.unwrap(), b"2");
    })
    .await;
}

/// DynamoDB has no quota.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_within_its_quota_is_written_and_a_full_one_is_read_and_emptied() {
    // Two entries of 300 bytes: a key of one byte, a value, and 100 bytes.
    let quota = 600;
    let database = TestDatabase::new().await;
    let worker = database.pool_as("a_host", "tasker_worker").await;
    for store in [
        Arc::new(MemoryKeyValues::default().with_quota(quota)) as Arc<dyn KeyValueStore>,
        Arc::new(PostgresKeyValues::new(worker.clone()).with_quota(quota)),
    ] {
        let full = |refused: &KeyValueError| matches!(refused, KeyValueError::BucketFull { quota: 600 });
        let value = |length: usize| vec![b'1'; length];
        let put = async |key: &str, length| store.set(BUCKET, vec![(key.to_owned(), value(length))]).await;
        put("a", 199).await.unwrap();
        assert!(full(&put("b", 200).await.unwrap_err()));
        let two = vec![("b".to_owned(), value(199)), ("c".to_owned(), Vec::new())];
        assert!(full(&store.set(BUCKET, two).await.unwrap_err()));
        assert_eq!(
            store.keys(BUCKET, None).await.unwrap().keys,
            ["a"],
            "nothing of a refused write is stored"
        );
        assert!(store.swap(BUCKET, "b", None, value(199)).await.unwrap());
        // The bucket is full now, and others are not.
        store.set("tests/other", vec![("a".to_owned(), value(400))]).await.unwrap();
        assert!(full(&put("c", 0).await.unwrap_err()));
        assert!(full(&put("a", 200).await.unwrap_err()));
        assert!(full(&store.swap(BUCKET, "c", None, Vec::new()).await.unwrap_err()));
        assert!(full(&store.increment(BUCKET, "c", 1).await.unwrap_err()));
        let other = Some(uuid::Uuid::new_v4());
        assert!(!store.swap(BUCKET, "a", other, value(500)).await.unwrap(), "a stale version comes first");
        // What it holds may be replaced by as much or less, counted and deleted.
        put("a", 199).await.unwrap();
        put("a", 1).await.unwrap();
        assert_eq!(store.increment(BUCKET, "a", 8).await.unwrap(), 9);
        assert_eq!(store.increment(BUCKET, "a", 1).await.unwrap(), 10);
        store.increment(BUCKET, "c", 1).await.unwrap();
        store.delete(BUCKET, &names(&["a", "b"])).await.unwrap();
        put("b", 200).await.unwrap();
        let version = store.get(BUCKET, &names(&["b"])).await.unwrap().remove("b").map(|entry| entry.version);
        assert!(full(&store.swap(BUCKET, "b", version, value(500)).await.unwrap_err()));
        assert!(store.swap(BUCKET, "b", version, value(300)).await.unwrap());
    }
    let counted: i64 =
        sqlx::query_scalar("SELECT sum(bytes)::bigint FROM tasker_key_value.usage WHERE bucket = $1")
            .bind(BUCKET)
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!(counted, 401 + 102, "`b` and `c`");
    for forbidden in [
        "UPDATE tasker_key_value.usage SET bytes = 0",
        "DELETE FROM tasker_key_value.usage",
        "TRUNCATE tasker_key_value.entries",
        // It would run with the rights of the owner.
        "CREATE TEMP TABLE mine (bucket text, key text, value bytea);
         CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS written
         FOR EACH STATEMENT EXECUTE FUNCTION tasker_key_value.count_usage()",
    ] {
        let error = sqlx::raw_sql(forbidden).execute(&worker).await.expect_err(forbidden);
        assert_eq!(
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("42501"),
            "{forbidden}"
        );
    }
}

/// The SDK retries when a response is lost. The first write must count as ours.
#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_counts_once() {
    let (config, name) = crate::table("bucket", Some("key")).await;
    let way = LossyWay::open().await;
    let config = config.into_builder().endpoint_url(format!("http://127.0.0.1:{}", way.port)).build();
    let store: Arc<dyn KeyValueStore> =
        Arc::new(tasker_transport::aws::DynamoDbKeyValues::new(&config, &name));
    set(&store, "text", "40").await;
    for (key, before) in [("new", 0), ("new", 2), ("text", 40)] {
        way.lose_next_answer_to("UpdateItem");
        assert_eq!(store.increment(BUCKET, key, 2).await.unwrap(), before + 2);
    }
    set(&store, "text", "40").await;
    way.lose_next_answer_to("PutItem");
    assert_eq!(store.increment(BUCKET, "text", 2).await.unwrap(), 42, "the value becomes a number once");
    way.lose_next_answer_to("PutItem");
    assert!(store.swap(BUCKET, "swapped", None, b"first".to_vec()).await.unwrap());
    assert!(!store.swap(BUCKET, "swapped", None, b"second".to_vec()).await.unwrap());
    assert_eq!(way.lost.load(std::sync::atomic::Ordering::SeqCst), 5);
}

/// A proxy to the emulator that can lose responses.
#[cfg(feature = "aws")]
struct LossyWay {
    port: u16,
    /// A part of the name of the operation whose next response is dropped.
    to_lose: Arc<std::sync::Mutex<Option<&'static str>>>,
    lost: Arc<std::sync::atomic::AtomicUsize>,
}

#[cfg(feature = "aws")]
impl LossyWay {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let way = Self {
            port: listener.local_addr().expect("an address").port(),
            to_lose: Arc::default(),
            lost: Arc::default(),
        };
        let (to_lose, lost) = (way.to_lose.clone(), way.lost.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, to_lose.clone(), lost.clone()));
            }
        });
        way
    }

    fn lose_next_answer_to(&self, operation: &'static str) {
        *self.to_lose.lock().unwrap() = Some(operation);
    }
}

/// Forwards one request and its response, unless that is to be lost, then closes the connection.
#[cfg(feature = "aws")]
async fn pass_on(
    mut client: tokio::net::TcpStream,
    to_lose: Arc<std::sync::Mutex<Option<&'static str>>>,
    lost: Arc<std::sync::atomic::AtomicUsize>,
) {
    use tokio::io::AsyncWriteExt as _;

    let Some((head, body)) = read_message(&mut client).await else { return };
    let emulator = tasker_test_support::emulator().trim_start_matches("http://");
    let mut server = tokio::net::TcpStream::connect(emulator).await.expect("the emulator answers");
    server.write_all(format!("{head}\r\n\r\n").as_bytes()).await.expect("passed on");
    server.write_all(&body).await.expect("passed on");
    let Some((answer, content)) = read_message(&mut server).await else { return };
    let is_to_be_lost = {
        let mut to_lose = to_lose.lock().unwrap();
        let is_to_be_lost = to_lose.is_some_and(|operation| head.contains(operation));
        if is_to_be_lost {
            *to_lose = None;
        }
        is_to_be_lost
    };
    if is_to_be_lost {
        lost.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        return;
    }
    let _ = client.write_all(format!("{answer}\r\nconnection: close\r\n\r\n").as_bytes()).await;
    let _ = client.write_all(&content).await;
}

/// The head without the empty line at its end, and the body.
#[cfg(feature = "aws")]
async fn read_message(stream: &mut tokio::net::TcpStream) -> Option<(String, Vec<u8>)> {
    use tokio::io::AsyncReadExt as _;

    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = read.split_off(end + 4);
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}
