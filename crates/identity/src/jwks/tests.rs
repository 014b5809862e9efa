//! Tests of the cached key set: its loop, and callers that arrive at the same time.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::UNIX_EPOCH,
};

use async_trait::async_trait;
use tokio::{sync::Semaphore, time::Instant};

use super::*;
use crate::fetch::{Document, FetchError};

const HOUR: Duration = Duration::from_hours(1);

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(2_000_000_000 + seconds)
}

/// A set with one key, whose `kid` is the number of the fetch, from 1. A fetch waits for a permit.
#[derive(Debug)]
struct Numbered {
    fetches: AtomicUsize,
    permits: Semaphore,
    /// Which fetches fail.
    fails: fn(usize) -> bool,
}

impl Numbered {
    fn new(permits: usize, fails: fn(usize) -> bool) -> Arc<Self> {
        Arc::new(Self { fetches: AtomicUsize::new(0), permits: Semaphore::new(permits), fails })
    }

    fn count(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Source for Numbered {
    async fn fetch(&self) -> Result<Document, FetchError> {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        self.permits.acquire().await.unwrap().forget();
        if (self.fails)(number) {
            return Err(FetchError::new(format!("fetch {number} fails")));
        }
        let x = "A".repeat(43);
        let body = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{number}"}}]}}"#);
        Ok(Document { body: body.into_bytes(), max_age: None })
    }
}

fn cache(source: &Arc<Numbered>) -> Arc<Jwks> {
    Jwks::new(source.clone(), "https://login.example.com/keys".to_owned(), HOUR, HOUR)
}

/// Runs the other tasks until they wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn callers_at_the_same_time_cause_one_fetch() {
    let source = Numbered::new(0, |_| false);
    let cache = cache(&source);
    let ask = |kid: &'static str, now| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.keys(Some(kid), now).await.map(|keys| keys.has(kid)) })
    };
    let first: Vec<_> = (0..100).map(|number| ask("1", at(number % 3))).collect();
    settle().await;
    source.permits.add_permits(1);
    for asked in first {
        assert_eq!(asked.await.unwrap(), Ok(true));
    }
    assert_eq!(source.count(), 1);
    // The same for a new key.
    let second: Vec<_> = (0..100).map(|_| ask("2", at(100))).collect();
    settle().await;
    source.permits.add_permits(1);
    for asked in second {
        assert_eq!(asked.await.unwrap(), Ok(true));
    }
    assert_eq!(source.count(), 2);
}

#[tokio::test]
async fn known_keys_do_not_wait_for_a_fetch_of_another_caller() {
    let source = Numbered::new(1, |_| false);
    let cache = cache(&source);
    cache.keys(Some("1"), at(0)).await.unwrap();
    let slow = tokio::spawn({
        let cache = cache.clone();
        async move { cache.keys(Some("1"), at(3000)).await }
    });
    settle().await;
    assert_eq!(source.count(), 2, "it is due");
    assert!(cache.keys(Some("1"), at(3000)).await.unwrap().has("1"), "meanwhile the old key is in use");
    source.permits.add_permits(1);
    assert!(slow.await.unwrap().unwrap().has("2"));
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_waste_the_fetch() {
    let source = Numbered::new(0, |_| false);
    let cache = cache(&source);
    let gone = tokio::spawn({
        let cache = cache.clone();
        async move { cache.keys(Some("1"), at(0)).await }
    });
    settle().await;
    gone.abort();
    settle().await;
    source.permits.add_permits(1);
    settle().await;
    assert!(cache.keys(Some("1"), at(1)).await.unwrap().has("1"));
    assert_eq!(source.count(), 1);
}

#[tokio::test]
async fn a_long_kid_causes_no_fetch() {
    let source = Numbered::new(9, |_| false);
    let cache = cache(&source);
    cache.keys(Some("1"), at(0)).await.unwrap();
    cache.keys(Some(&"x".repeat(MAX_KID + 1)), at(100)).await.unwrap();
    assert_eq!(source.count(), 1);
    cache.keys(Some(&"x".repeat(MAX_KID)), at(100)).await.unwrap();
    assert_eq!(source.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_loop_keeps_the_set_fresh_until_it_is_stopped() {
    // The first fetch fails, and later the third.
    let source = Numbered::new(9, |number| number == 1 || number == 3);
    let cache = cache(&source);
    let start = Instant::now();
    let clock = move || at(0) + start.elapsed();
    let stop = CancellationToken::new();
    let runs = tokio::spawn({
        let (cache, stop) = (cache.clone(), stop.clone());
        async move { cache.run(clock, stop).await }
    });
    let until = |seconds: u64| tokio::time::sleep_until(start + Duration::from_secs(seconds));
    until(1).await;
    assert_eq!((source.count(), cache.ready(clock()).unwrap_err().problem.as_str()), (1, "fetch 1 fails"));
    until(29).await;
    assert_eq!(source.count(), 1);
    // It tries again after 30 s, succeeds, and waits for 80 % of an hour.
    until(32).await;
    assert_eq!((source.count(), cache.ready(clock())), (2, Ok(())));
    until(30 + 2879).await;
    assert_eq!(source.count(), 2);
    until(30 + 2882).await;
    assert_eq!((source.count(), cache.ready(clock())), (3, Ok(())), "a failure keeps the keys");
    until(30 + 2882 + 62).await;
    assert_eq!(source.count(), 4);
    stop.cancel();
    runs.await.unwrap();
}
