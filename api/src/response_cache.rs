//! Responses that cost much to find and may be some seconds old, kept in memory. Each is kept for those who may see the same.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header::AGE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use moka::{future::Cache, ops::compute::Op};
use tasker_orchestrator::{Orchestrator, access::Scope};
use tasker_telemetry::metrics;
use tokio::time::{Instant, timeout};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{access::Within, request_id::to_the_end};

/// How long a response may stand in for one that takes long to find, or that cannot be found because a service is away.
const LAST_RESORT: Duration = Duration::from_secs(300);
/// How long a request waits for a new response before the last one stands in for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// The maximum size of all responses that are kept, in bytes.
const MOST_BYTES: u64 = 32 << 20;
/// What an entry takes besides its path and its body, in bytes.
const ENTRY_BYTES: usize = 1024;

/// The responses of a server.
#[derive(Debug, Clone)]
pub(crate) struct ResponseCache {
    /// How long a response is returned again without asking.
    fresh_for: Duration,
    /// Those that are fresh, or are being made.
    fresh: Responses,
    /// The last ones.
    last: Responses,
}

type Responses = Cache<Question, Arc<Kept>>;

/// What is asked, and what whoever asks may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    path_and_query: String,
    scope: Scope,
}

/// A response.
#[derive(Debug)]
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    since: Instant,
}

impl ResponseCache {
    /// A cache whose responses are returned for so long. Zero: nothing is kept.
    pub(crate) fn new(fresh_for: Duration) -> Self {
        let weight = |question: &Question, kept: &Arc<Kept>| {
            let bytes = ENTRY_BYTES + question.path_and_query.len() + kept.body.len();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let responses = |kept_for| {
            Cache::builder().weigher(weight).max_capacity(MOST_BYTES / 2).time_to_live(kept_for).build()
        };
        Self { fresh_for, fresh: responses(fresh_for.max(LAST_RESORT)), last: responses(LAST_RESORT) }
    }

    /// Returns the response that is kept, or the one that `answer` makes. Of requests that ask the same at once, one makes it, also
    /// if its client goes away. While that takes long, and if it fails because a service is away, the last response stands in.
    async fn get(
        &self,
        question: Question,
        answer: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let fresh_for = self.fresh_for;
        let forgotten = self.fresh.entry_by_ref(&question).and_compute_with(async |entry| match entry {
            Some(entry) if entry.value().age() >= fresh_for => Op::Remove,
            _ => Op::Nop,
        });
        forgotten.await;
        if let Some(kept) = self.fresh.get(&question).await {
            return returned("kept", &kept);
        }
        let made = to_the_end({
            let (cache, question) = (self.clone(), question.clone());
            async move {
                let made = async {
                    let kept = Arc::new(Kept::of(answer.await).await);
                    if kept.status == StatusCode::OK { Ok(kept) } else { Err(kept) }
                };
                let kept =
                    cache.fresh.try_get_with_by_ref(&question, made).await.map_err(Arc::unwrap_or_clone)?;
                cache.last.insert(question, Arc::clone(&kept)).await;
                Ok::<_, Arc<Kept>>(kept)
            }
        });
        let last = self.last.get(&question).await;
        let made = match &last {
            Some(last) => match timeout(PATIENCE, made).await {
                Ok(made) => made,
                Err(_) => return returned("old", last),
            },
            None => made.await,
        };
        match (made, last) {
            (Ok(Ok(kept)), _) => returned("new", &kept),
            (Ok(Err(refused)), Some(last)) if refused.status == StatusCode::SERVICE_UNAVAILABLE => {
                returned("old", &last)
            }
            (Ok(Err(refused)), _) => returned("refused", &refused),
            (Err(_), _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn returned(result: &'static str, kept: &Kept) -> Response {
    if let Some(metrics) = metrics() {
        metrics.response_cache.add(1, [result.into()]);
    }
    kept.response()
}

impl Kept {
    async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        // It is in memory already.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Self { status: head.status, headers: head.headers, body, since: Instant::now() }
    }

    fn age(&self) -> Duration {
        self.since.elapsed()
    }

    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        let seconds = self.age().as_secs();
        if seconds > 0 {
            response.headers_mut().insert(AGE, seconds.into());
        }
        response
    }
}

/// Routes whose responses are kept. They depend on the path, the query and the caller's scope, and on nothing else.
pub(crate) fn kept(
    (schemas, paths, routes): UtoipaMethodRouter<Orchestrator>,
) -> UtoipaMethodRouter<Orchestrator> {
    (schemas, paths, routes.route_layer(middleware::from_fn(answer)))
}

async fn answer(
    Extension(cache): Extension<ResponseCache>,
    within: Within,
    request: Request,
    next: Next,
) -> Response {
    if cache.fresh_for.is_zero() || request.method() != Method::GET {
        return next.run(request).await;
    }
    let path_and_query = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    cache.get(Question { path_and_query, scope: within.scope }, next.run(request)).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    /// A cache, and what counts the responses that had to be made.
    #[derive(Debug)]
    struct Trial {
        cache: ResponseCache,
        made: Arc<AtomicUsize>,
        /// How long one takes to make.
        takes: Duration,
    }

    impl Trial {
        fn new() -> Self {
            Self {
                cache: ResponseCache::new(Duration::from_secs(10)),
                made: Arc::default(),
                takes: Duration::from_millis(100),
            }
        }

        /// Asks within a scope. A response that is made says how many were made before it.
        async fn ask(
            &self,
            path: &str,
            scope: &Scope,
            status: StatusCode,
        ) -> (StatusCode, String, Option<u64>) {
            let question = Question { path_and_query: path.to_owned(), scope: scope.clone() };
            let (made, takes) = (Arc::clone(&self.made), self.takes);
            let answer = async move {
                let number = made.fetch_add(1, Ordering::Relaxed);
                sleep(takes).await;
                (status, number.to_string()).into_response()
            };
            let response = self.cache.get(question, answer).await;
            let status = response.status();
            let age = response.headers().get(AGE).and_then(|age| age.to_str().ok()?.parse().ok());
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap(), age)
        }
    }

    fn only(namespace: &str) -> Scope {
        Scope::Namespaces([namespace.to_owned()].into())
    }

    const OK: StatusCode = StatusCode::OK;
    const AWAY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

    #[tokio::test(start_paused = true)]
    async fn a_response_is_returned_again_for_a_while() {
        let trial = Trial::new();
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "0".to_owned(), None));
        advance(Duration::from_secs(9)).await;
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "0".to_owned(), Some(9)));
        assert_eq!(trial.ask("/a?x=1", &Scope::All, OK).await, (OK, "1".to_owned(), None));
        advance(Duration::from_secs(1)).await;
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "2".to_owned(), None));
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_see_something_else_gets_a_response_of_its_own() {
        let trial = Trial::new();
        let scopes = [Scope::All, only("shop"), only("billing"), Scope::Namespaces([].into())];
        for (number, scope) in scopes.iter().enumerate() {
            assert_eq!(trial.ask("/a", scope, OK).await.1, number.to_string());
        }
        for (number, scope) in scopes.iter().enumerate() {
            assert_eq!(trial.ask("/a", scope, OK).await.1, number.to_string());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_requests_at_once_one_is_answered_anew() {
        let trial = Trial::new();
        let asked = (0..20).map(|_| trial.ask("/a", &Scope::All, OK));
        for (_, body, _) in futures_util::future::join_all(asked).await {
            assert_eq!(body, "0");
        }
        assert_eq!(trial.made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_at_once_fail_together() {
        let trial = Trial::new();
        let asked = (0..20).map(|_| trial.ask("/a", &Scope::All, AWAY));
        for (status, ..) in futures_util::future::join_all(asked).await {
            assert_eq!(status, AWAY);
        }
        assert_eq!(trial.made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_response_stands_in_while_a_new_one_takes_long() {
        let mut trial = Trial::new();
        trial.ask("/a", &Scope::All, OK).await;
        advance(Duration::from_secs(60)).await;
        trial.takes = Duration::from_secs(20);
        let begun = Instant::now();
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "0".to_owned(), Some(61)));
        assert_eq!(begun.elapsed(), PATIENCE);
        // It is made all the same, once.
        assert_eq!(trial.ask("/a", &Scope::All, OK).await.1, "0");
        sleep(trial.takes).await;
        assert_eq!(trial.ask("/a", &Scope::All, OK).await.1, "1");
        assert_eq!(trial.made.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_response_stands_in_while_a_service_is_away() {
        let trial = Trial::new();
        assert_eq!(trial.ask("/a", &Scope::All, AWAY).await, (AWAY, "0".to_owned(), None));
        trial.ask("/a", &Scope::All, OK).await;
        advance(Duration::from_secs(60)).await;
        assert_eq!(trial.ask("/a", &Scope::All, AWAY).await, (OK, "1".to_owned(), Some(60)));
        // Whoever may not see it gets no old one either.
        assert_eq!(trial.ask("/a", &only("shop"), AWAY).await, (AWAY, "3".to_owned(), None));
        // A fault of the request is none of the service.
        let wrong = StatusCode::BAD_REQUEST;
        assert_eq!(trial.ask("/a", &Scope::All, wrong).await, (wrong, "4".to_owned(), None));
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "5".to_owned(), None));
    }
}
