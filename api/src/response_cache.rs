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
use moka::{
    future::Cache,
    ops::compute::{CompResult, Op},
};
use tasker_orchestrator::{Orchestrator, access::Scope};
use tasker_telemetry::metrics;
use tokio::time::Instant;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::access::Within;

/// How long a response may stand in for one that cannot be found because a service is away.
const LAST_RESORT: Duration = Duration::from_secs(300);
/// The maximum size of all responses that are kept, in bytes.
const MOST_BYTES: u64 = 32 << 20;

/// The responses of a server.
#[derive(Debug, Clone)]
pub(crate) struct ResponseCache {
    /// How long a response is returned again without asking.
    fresh_for: Duration,
    responses: Cache<Question, Arc<Kept>>,
}

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
            u32::try_from(question.path_and_query.len() + kept.body.len()).unwrap_or(u32::MAX)
        };
        let responses =
            Cache::builder().weigher(weight).max_capacity(MOST_BYTES).time_to_live(LAST_RESORT).build();
        Self { fresh_for, responses }
    }

    /// Returns the response that is kept, or the one that `answer` makes. Of requests that ask the same at once, one makes it.
    /// If that fails because a service is away, the last response stands in for it.
    async fn get(&self, question: Question, answer: impl Future<Output = Response>) -> Response {
        let fresh_for = self.fresh_for;
        let result = self
            .responses
            .entry_by_ref(&question)
            .and_try_compute_with(async |entry| {
                if entry.is_some_and(|entry| entry.value().age() < fresh_for) {
                    return Ok(Op::Nop);
                }
                let kept = Arc::new(Kept::of(answer.await).await);
                if kept.status == StatusCode::OK { Ok(Op::Put(kept)) } else { Err(kept) }
            })
            .await;
        let (source, kept) = match result {
            Ok(CompResult::Unchanged(entry)) => ("kept", entry.into_value()),
            Ok(CompResult::Inserted(entry) | CompResult::ReplacedWith(entry)) => ("new", entry.into_value()),
            // Only removals end like this.
            Ok(CompResult::Removed(_) | CompResult::StillNone(_)) => {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            Err(refused) if refused.status == StatusCode::SERVICE_UNAVAILABLE => {
                match self.responses.get(&question).await {
                    Some(old) => ("old", old),
                    None => ("refused", refused),
                }
            }
            Err(refused) => ("refused", refused),
        };
        if let Some(metrics) = metrics() {
            metrics.response_cache.add(1, [source.into()]);
        }
        kept.response()
    }
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
    let path_and_query = request.uri().to_string();
    cache.get(Question { path_and_query, scope: within.scope }, next.run(request)).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A cache, and what counts the responses that had to be made.
    #[derive(Debug)]
    struct Trial {
        cache: ResponseCache,
        made: AtomicUsize,
    }

    impl Trial {
        fn new() -> Self {
            Self { cache: ResponseCache::new(Duration::from_secs(10)), made: AtomicUsize::new(0) }
        }

        /// Asks within a scope. A response that is made says how many were made before it.
        async fn ask(
            &self,
            path: &str,
            scope: &Scope,
            status: StatusCode,
        ) -> (StatusCode, String, Option<u64>) {
            let question = Question { path_and_query: path.to_owned(), scope: scope.clone() };
            let response = self
                .cache
                .get(question, async {
                    let number = self.made.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    (status, number.to_string()).into_response()
                })
                .await;
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
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "0".to_owned(), Some(9)));
        assert_eq!(trial.ask("/a?x=1", &Scope::All, OK).await, (OK, "1".to_owned(), None));
        tokio::time::advance(Duration::from_secs(1)).await;
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
    async fn the_last_response_stands_in_while_a_service_is_away() {
        let trial = Trial::new();
        assert_eq!(trial.ask("/a", &Scope::All, AWAY).await, (AWAY, "0".to_owned(), None));
        trial.ask("/a", &Scope::All, OK).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(trial.ask("/a", &Scope::All, AWAY).await, (OK, "1".to_owned(), Some(60)));
        // Whoever may not see it gets no old one either.
        assert_eq!(trial.ask("/a", &only("shop"), AWAY).await, (AWAY, "3".to_owned(), None));
        // A fault of the request is none of the service.
        let wrong = StatusCode::BAD_REQUEST;
        assert_eq!(trial.ask("/a", &Scope::All, wrong).await, (wrong, "4".to_owned(), None));
        assert_eq!(trial.ask("/a", &Scope::All, OK).await, (OK, "5".to_owned(), None));
    }
}
