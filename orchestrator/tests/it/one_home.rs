//! Rules that both SQL and Rust implement: checks that the two agree.

use fastrand::Rng;
use serde_json::json;
use sqlx::AssertSqlSafe;
use tasker_orchestrator::{
    FUNCTION_SET,
    events::SubscriptionKind,
    state::{StepState, TaskState},
    step_name,
};
use tasker_templates::template::{StepType, parse};
use tasker_test_support::TestDatabase;

use crate::fixture::Fixture;

/// Calls a function of the set and returns its result.
async fn call<T>(database: &TestDatabase, call: String) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let query = format!("SELECT {FUNCTION_SET}.{call}");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&database.pool).await.unwrap()
}

/// Returns the texts that a CHECK allows in a column.
async fn allowed(database: &TestDatabase, table: &str, column: &str) -> Vec<String> {
    let check: String = sqlx::query_scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = $1::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%' || $2 || '%ANY%'",
    )
    .bind(table)
    .bind(format!("({column}"))
    .fetch_one(&database.pool)
    .await
    .unwrap();
    let mut allowed: Vec<String> = check.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    allowed.sort();
    allowed
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_database_stores_the_states_that_last() {
    let database = TestDatabase::new().await;
    let tasks = TaskState::ALL.iter().filter(|state| state.is_stored()).map(|state| state.as_str());
    assert_eq!(allowed(&database, "tasker.tasks", "state").await, sorted(tasks));
    let steps = StepState::ALL.iter().filter(|state| state.is_stored()).map(|state| state.as_str());
    assert_eq!(allowed(&database, "tasker.steps", "state").await, sorted(steps));
}

#[tokio::test]
async fn a_state_means_the_same_on_both_sides() {
    let database = TestDatabase::new().await;
    for state in TaskState::ALL {
        let terminal: bool = call(&database, format!("is_terminal('{state}')")).await;
        assert_eq!(terminal, state.is_terminal(), "{state}");
    }
    for state in StepState::ALL {
        let satisfies: bool = call(&database, format!("satisfies('{state}')")).await;
        assert_eq!(satisfies, state.satisfies_dependents(), "{state}");
    }
}

#[tokio::test]
async fn a_step_has_one_name() {
    let database = TestDatabase::new().await;
    let named: String = call(&database, "step_name('rows', NULL)".to_owned()).await;
    assert_eq!(named, step_name("rows", None));
    for number in [1, 9, 10, 99, 100, 999, 1000, 99_999, 100_000] {
        let named: String = call(&database, format!("step_name('rows', {number})")).await;
        assert_eq!(named, step_name("rows", Some(number)));
    }
}

#[tokio::test]
async fn the_database_knows_the_kinds_of_subscription() {
    let database = TestDatabase::new().await;
    let kinds = SubscriptionKind::ALL.iter().map(|kind| kind.as_str());
    assert_eq!(allowed(&database, "tasker.subscriptions", "kind").await, sorted(kinds));
}

/// Returns a random template: a decision `s0`, and steps that depend on random earlier ones. None if it is invalid.
fn random_template(name: &str, seed: u64) -> Option<(String, usize)> {
    let mut random = Rng::with_seed(seed);
    let steps = random.usize(3..7);
    let mut yaml = format!(
        "{{ name: {name}, version: 1.0.0, identity_strategy: always_unique, steps: [
        {{ name: s0, type: decision, handler: {{ callable: work }} }}"
    );
    for step in 1..steps {
        let mut parents: Vec<usize> = (0..random.usize(1..3)).map(|_| random.usize(0..step)).collect();
        parents.sort_unstable();
        parents.dedup();
        let parents: Vec<String> = parents.iter().map(|parent| format!("s{parent}")).collect();
        let kind = if random.u8(0..4) == 0 { "deferred_convergence" } else { "standard" };
        yaml += &format!(
            ", {{ name: s{step}, type: {kind}, handler: {{ callable: work }}, dependencies: [{}] }}",
            parents.join(", ")
        );
    }
    yaml += "] }";
    parse(&yaml).ok().map(|_| (yaml, steps))
}

/// The orchestrator rejects a branch that names a step without all its dependencies, and the database creates the
/// steps: both compute which steps a branch creates.
#[tokio::test]
async fn a_branch_is_refused_exactly_if_a_named_step_would_lack_a_dependency() {
    let fixture = Fixture::new().await;
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..40 {
        let name = format!("random_{seed}");
        let Some((yaml, steps)) = random_template(&name, seed) else { continue };
        fixture.publish(&yaml).await;
        for named in 1..steps {
            let wanted = format!("s{named}");
            let task = fixture.create(&name, json!({})).await;
            fixture.branch(&fixture.dispatched_one(), &[&wanted]).await;
            let completed = fixture.complete_all().await;
            if fixture.step(task, "s0").await.state == StepState::Complete {
                accepted += 1;
                assert_eq!(
                    fixture.task_state(task).await,
                    TaskState::Complete,
                    "{wanted} of {yaml}: {completed:?}"
                );
                assert!(completed.contains(&wanted), "{wanted} was named and did not run: {yaml}");
                let created = fixture.step_names(task).await;
                for step in parse(&yaml).unwrap().template.steps {
                    let is_whole = step.dependencies.iter().all(|parent| created.contains(parent));
                    let converges = step.step_type == StepType::DeferredConvergence;
                    assert!(
                        converges || is_whole || !created.contains(&step.name),
                        "{} of {yaml}",
                        step.name
                    );
                }
                continue;
            }
            // The steps that the database would create.
            refused += 1;
            let task = fixture.create(&name, json!({})).await;
            let decision = fixture.dispatched_one();
            let applied = format!(
                "SELECT count(*) FROM {FUNCTION_SET}.apply_reports(ARRAY[($1, 0, 1, $2, 0, '{{}}', NULL, false, $3, NULL,
                     NULL, NULL, NULL, 'reported', 'host', NULL, NULL, NULL, NULL, 0.5, false,
                     NULL, NULL)::{FUNCTION_SET}.report])"
            );
            let counted: i64 = sqlx::query_scalar(AssertSqlSafe(applied))
                .bind(task)
                .bind(decision.release_id)
                .bind(json!([named]).to_string())
                .fetch_one(&fixture.database.pool)
                .await
                .unwrap();
            assert!(counted > 0, "the report was stale");
            let created = fixture.step_names(task).await;
            let parents = &parse(&yaml).unwrap().template.steps[named].dependencies;
            assert!(
                parents.iter().any(|parent| !created.contains(parent)),
                "{wanted} was refused, and has all its dependencies: {yaml}"
            );
            fixture.orchestrator.engine.cancel(task, "test", None).await.unwrap();
        }
    }
    assert!(accepted > 20 && refused > 5, "{accepted} accepted, {refused} refused: too few to show anything");
}
