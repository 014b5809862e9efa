//! A deployment of the order-fulfilment example, created by `tasker deploy` on the emulator.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::Row;
use tasker_test_support::{TestDatabase, aws_tools, kill_function};
use tempfile::TempDir;

use crate::{
    aws::{Aws, REGION},
    payments::Payments,
};

/// Creates the first API key of a deployment, before which nobody may do anything.
fn first_key(aws: &Aws, name: &str, api_host: &str) -> String {
    let (status, refused) = aws.ask("GET", api_host, "/v1/tasks", None);
    assert_eq!((status, &refused["code"]), (401, &json!("unauthenticated")), "{refused}");
    let request = json!({ "create_key": { "name": "first", "roles": ["admin"] } });
    let created = aws.invoke(&format!("{name}-migrate"), &request).unwrap();
    created["Key"]["secret"].as_str().unwrap_or_else(|| panic!("there is no key: {created}")).to_owned()
}

/// The order workflow with a payment step that may take an hour.
const SLOW_WORKFLOW: &str = "slow_order_fulfillment";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Terraform,
    Sam,
}

pub(crate) struct Deployment {
    pub(crate) aws: Aws,
    /// The bus with the shop's events.
    pub(crate) bus: String,
    /// The bucket whose objects start orders.
    pub(crate) orders_bucket: String,
    /// A queue that receives everything sent to the bus.
    pub(crate) told_queue: String,
    tool: Tool,
    name: String,
    database: TestDatabase,
    api_host: String,
    deploy: Command,
    folder: TempDir,
}

/// A running host, killed when dropped.
pub(crate) struct RunningHost(pub(crate) Child);

impl Drop for RunningHost {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Deployment {
    pub(crate) async fn make(tool: Tool, name: &str, payments: &Payments) -> Self {
        let mut aws = Aws::start();
        let database = TestDatabase::empty().await;
        let folder = tempfile::tempdir().unwrap();
        write_project(folder.path(), &payments.address);
        let (bus, orders_bucket) = (format!("{name}-shop"), format!("{name}-orders"));
        aws.create_bucket(&orders_bucket);
        aws.create_bus(&bus);
        let told_bus = format!("{name}-told");
        let mut deploy = tasker(&aws);
        deploy
            .args(["deploy", "--json", "--architecture", "x86_64", "--project"])
            .arg(folder.path().join("project"));
        match tool {
            Tool::Terraform => {
                let root = terraform_root(folder.path());
                let rules =
                    json!({ "orders": { "bus_name": bus, "pattern": r#"{"source":["/shop/web"]}"# } });
                let sources = json!({ orders_bucket.as_str(): { "notify": true } });
                deploy.args(["--via", "terraform", "--directory"]).arg(root);
                deploy.args(["--", "-no-color", "-parallelism=30"]);
                let long_steps = json!({ "image": "tasker-host" });
                let networks = json!({ "environment": { "TASKER_WEBHOOK_NETWORKS": "127.0.0.0/8" } });
                let local_webhooks = json!({ "api": networks, "deliver": networks });
                for (variable, value) in [
                    ("name", name.to_owned()),
                    ("api", json!({ "kind": "http_api", "authorization": "NONE" }).to_string()),
                    ("long_steps", long_steps.to_string()),
                    ("functions_dir", functions().display().to_string()),
                    ("database_url", database.url()),
                    ("event_bus", told_bus.clone()),
                    ("event_rules", rules.to_string()),
                    ("function_settings", local_webhooks.to_string()),
                    ("s3_sources", sources.to_string()),
                ] {
                    deploy.arg(format!("-var={variable}={value}"));
                }
            }
            Tool::Sam => {
                aws.create_bucket(&format!("{name}-upload"));
                deploy
                    .args(["--via", "sam", "--stack", name, "--directory"])
                    .arg(repository().join("infra/sam"));
                deploy.args(["--", &format!("Name={name}"), &format!("DatabaseUrl={}", database.url())]);
                deploy.args(["Architecture=x86_64", "ApiAuthorization=NONE", "Alarms=false"]);
                deploy.args([
                    "DeletionProtection=false",
                    "--s3-bucket",
                    &format!("{name}-upload"),
                    "--region",
                    REGION,
                ]);
            }
        }
        let deployed = deployed(&mut deploy);
        let api =
            deployed["api_url"].as_str().unwrap_or_else(|| panic!("the deployment has no API: {deployed}"));
        let api_host = reachable(api);
        let told_queue = aws.create_queue(&format!("{name}-told"));
        if tool == Tool::Terraform {
            aws.listen(&told_bus, &told_queue);
        }
        aws.api_key = first_key(&aws, name, &api_host);
        let name = name.to_owned();
        Self { aws, bus, orders_bucket, told_queue, tool, name, database, api_host, deploy, folder }
    }

    /// Deploys the same project again: nothing is compiled, signed or written again, and the API keeps its
    /// address.
    pub(crate) fn deploy_again(&mut self) {
        let bucket = format!("{}-blobs-000000000000-{REGION}", self.name);
        let before = self.aws.objects(&bucket, "artifacts/");
        assert!(before.contains(".aot"), "{before}");
        let deployed = deployed(&mut self.deploy);
        assert_eq!(self.aws.objects(&bucket, "artifacts/"), before);
        assert_eq!(reachable(deployed["api_url"].as_str().unwrap()), self.api_host);
    }

    pub(crate) fn queue(&self, queue: &str) -> String {
        format!("{}/000000000000/{}-{queue}", self.aws.endpoint.replace("127.0.0.1", "localhost"), self.name)
    }

    pub(crate) fn dead_letters(&self, queue: &str) -> String {
        format!("{}-dead", self.queue(queue))
    }

    pub(crate) fn function(&self, function: &str) -> String {
        format!("{}-{function}", self.name)
    }

    /// Kills a function's processes. Returns how many there were.
    pub(crate) fn kill(&self, function: &str) -> usize {
        kill_function(self.aws.endpoint, &self.function(function))
    }

    /// Starts a host process with the environment and role of its ECS container, and where possible with the
    /// container's user and file system. When stopped, it does not wait for running steps.
    pub(crate) fn start_host(&self) -> RunningHost {
        let program = repository().join("target/debug/tasker-function-run-long-steps");
        let service = self.function("run-long-steps");
        let contained = can_contain(&program);
        let cache = if contained { PathBuf::from(CONTAINER_CACHE) } else { self.folder.path().join("cache") };
        let mut host = tool(&self.aws, if contained { "unshare" } else { program.to_str().unwrap() });
        if contained {
            host.args(CONTAINED).arg(&program);
        }
        let child = host
            .envs(self.aws.container_environment(&service, &self.name))
            .envs(self.aws.credentials_of(&service))
            .env("TASKER_CACHE_DIR", cache)
            .env("TASKER_DRAIN_SECONDS", "0")
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run `scripts/build-functions.sh here`", program.display())
            });
        RunningHost(child)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.aws.ask("GET", &self.api_host, path, None);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Creates a task of the workflow whose payment may exceed a function's time limit.
    pub(crate) fn create_slow_order(&self, number: &str) {
        let context = json!({
            "order_id": number,
            "customer": { "name": "Greta Lindholm", "email": "greta@example.com", "country": "DE" },
            "items": [{ "sku": "teapot-iron", "quantity": 1, "unit_price_cents": 6900 }],
            "payment": { "token": number, "currency": "EUR" },
        });
        let task = json!({ "name": SLOW_WORKFLOW, "namespace": "shop", "context": context,
                           "correlation_id": format!("order-{number}") });
        let (status, answer) = self.aws.ask("POST", &self.api_host, "/v1/tasks", Some(&task));
        assert_eq!(status, 201, "{answer}");
    }

    /// Subscribes a target to the ends of tasks. Returns the refusal.
    pub(crate) fn subscribe(&self, name: &str, kind: &str, target: &Value) -> Result<(), String> {
        let request = json!({ "name": name, "event": "tasker.task.*", "kind": kind, "target": target });
        match self.aws.ask("POST", &self.api_host, "/v1/subscriptions", Some(&request)) {
            (201, _) => Ok(()),
            (_, answer) => Err(answer.to_string()),
        }
    }

    pub(crate) fn unsubscribe(&self, name: &str) {
        let (status, answer) =
            self.aws.ask("DELETE", &self.api_host, &format!("/v1/subscriptions/{name}"), None);
        assert!(status < 300, "{answer}");
    }

    /// Lets `sweep` deliver an event that exceeds a message, and waits until no delivery of it is left.
    pub(crate) async fn a_large_event_arrives(&self, url: &str, limit: Duration) {
        let pool = &self.database.pool;
        let large = json!({ "type": "tasker.task.completed", "data": "x".repeat(600 << 10) });
        let due = sqlx::query(
            "INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, next_attempt_at)
             SELECT (SELECT max(event_id) FROM tasker.events), subscription_id, $1::json, now()
             FROM tasker.subscriptions WHERE target->>'url' = $2",
        );
        due.bind(large.to_string()).bind(url).execute(pool).await.unwrap();
        self.aws.invoke(&self.function("sweep"), &json!({})).unwrap();
        let begun = Instant::now();
        let left = || async {
            let left: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM tasker.deliveries d JOIN tasker.subscriptions s USING (subscription_id)
                 WHERE s.target->>'url' = $1",
            )
            .bind(url)
            .fetch_one(pool)
            .await
            .unwrap();
            left
        };
        while left().await > 0 {
            assert!(begun.elapsed() < limit, "the outcome was not settled");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks the API for more than Lambda returns: it redirects to a link, which needs no credentials.
    pub(crate) async fn a_large_response_goes_by_reference(&self) {
        let pool = &self.database.pool;
        sqlx::query(
            "INSERT INTO tasker.subscriptions (subscription_id, name, event, kind, target, created_at)
             VALUES (gen_random_uuid(), 'large', 'never', 'queue', jsonb_build_object('queue', repeat('x', 7000000)), now())",
        )
        .execute(pool)
        .await
        .unwrap();
        let listed = self.get("/v1/subscriptions");
        let large = listed["items"].as_array().unwrap().iter().find(|one| one["name"] == "large").unwrap();
        assert_eq!(large["target"]["queue"].as_str().unwrap().len(), 7_000_000);
        self.unsubscribe("large");
        let body = Value::from("x".repeat(4 << 20));
        let (status, answer) = self.aws.ask("POST", &self.api_host, "/v1/tasks", Some(&body));
        assert_eq!((status, &answer["code"]), (413, &json!("payload_too_large")), "{answer}");
    }

    /// Sends a CloudEvent to the API.
    pub(crate) fn send_event(&self, event: &Value) {
        let (status, answer) = self.aws.ask("POST", &self.api_host, "/v1/events", Some(event));
        assert_eq!(status, 200, "{answer}");
    }

    /// Waits until the task of an order is at rest and returns it.
    pub(crate) async fn task_of_order(&self, number: &str, limit: Duration) -> Value {
        let begun = Instant::now();
        loop {
            let task = self.task(number).await;
            let rests = ["complete", "error", "cancelled", "blocked_by_failures", "resolved_manually"];
            if task["status"].as_str().is_some_and(|status| rests.contains(&status))
                || begun.elapsed() > limit
            {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The task of an order; null if there is none yet.
    pub(crate) async fn task(&self, number: &str) -> Value {
        match self.task_id(number).await {
            Some(task) => self.get(&format!("/v1/tasks/{task}")),
            None => Value::Null,
        }
    }

    async fn task_id(&self, number: &str) -> Option<String> {
        let tasks = sqlx::query("SELECT task_id::text FROM tasker.tasks WHERE correlation_id = $1")
            .bind(format!("order-{number}"))
            .fetch_all(&self.database.pool)
            .await
            .unwrap();
        assert!(tasks.len() <= 1, "{number} has {} tasks", tasks.len());
        tasks.first().map(|row| row.get(0))
    }

    pub(crate) async fn attempts(&self, number: &str, step: &str) -> usize {
        let task = self.task_id(number).await.unwrap();
        let attempts = self.get(&format!("/v1/tasks/{task}/workflow_steps/{step}/attempts"));
        attempts["items"].as_array().map_or(0, Vec::len)
    }

    /// Waits for this many dead-letter events and returns them.
    pub(crate) async fn dead_events(&self, count: usize, limit: Duration) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let received = self.get("/v1/events?state=dead");
            let received = received["items"].as_array().cloned().unwrap_or_default();
            if received.len() >= count || begun.elapsed() > limit {
                assert_eq!(received.len(), count, "{received:?}");
                return received;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether the functions log in with a separate role that owns nothing.
    pub(crate) async fn has_functions_logged_in(&self) -> bool {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'tasker_functions_of_' || current_database())
                AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
                                WHERE r.rolname = 'tasker_functions_of_' || current_database())",
        )
        .fetch_one(&self.database.pool)
        .await
        .unwrap()
    }

    /// The number of reservations in the handlers' bucket.
    pub(crate) fn kept_reservations(&self) -> usize {
        let items = self.aws.items(&format!("{}-keyvalue", self.name));
        items.iter().filter(|item| item["bucket"]["S"] == "shop/reservations").count()
    }

    /// Waits until queues and dead-letter queues are empty and no lease is held.
    pub(crate) fn has_come_to_rest(&self, limit: Duration) {
        let begun = Instant::now();
        loop {
            let mut queues = vec!["steps", "reports", "events", "deliveries"];
            if self.tool == Tool::Terraform {
                queues.push("steps-long");
            }
            let queues = queues.iter().flat_map(|queue| [self.queue(queue), self.dead_letters(queue)]);
            let depths: Vec<_> = queues.map(|queue| (self.aws.depths(&queue), queue)).collect();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
            let held: Vec<Value> = self
                .aws
                .items(&format!("{}-leases", self.name))
                .into_iter()
                .filter(|lease| {
                    let expires: u128 = lease["expires"]["N"].as_str().unwrap().parse().unwrap();
                    lease["settled"]["BOOL"] == false && expires > now
                })
                .collect();
            if depths.iter().all(|(depths, _)| *depths == [0; 3]) && held.is_empty() {
                return;
            }
            assert!(begun.elapsed() < limit, "queues: {depths:?}; held leases: {held:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Destroys the deployment. Fails if a resource is left or if IAM denied a request.
    pub(crate) fn unmake(self) {
        assert_eq!(self.aws.refused_requests(), Vec::<String>::new());
        let mut destroy = match self.tool {
            Tool::Terraform => {
                let mut destroy = tool(&self.aws, "terraform");
                let root = self.folder.path().join("terraform/examples/local");
                destroy.arg(format!("-chdir={}", root.display()));
                destroy.args(["destroy", "-auto-approve", "-no-color", "-parallelism=30"]);
                destroy.arg(format!("-var=name={}", self.name));
                destroy.arg(format!("-var=functions_dir={}", functions().display()));
                destroy.arg(format!("-var=database_url={}", self.database.url()));
                destroy
            }
            Tool::Sam => {
                let mut delete = tool(&self.aws, "sam");
                let upload = format!("{}-upload", self.name);
                delete.args(["delete", "--no-prompts", "--region", REGION, "--stack-name", &self.name]);
                delete.args(["--s3-bucket", &upload]);
                delete
            }
        };
        run(&mut destroy);
    }
}

/// Arguments of `unshare` for a program that runs like the host's container: as the image's user without capabilities, with a
/// read-only root, and with the image's /tmp as a new volume. The program keeps the process id.
const CONTAINED: [&str; 4] = [
    "--mount",
    "sh",
    "-c",
    "mount -o remount,bind,ro / && mount -t tmpfs -o mode=1777,uid=65532,gid=65532 tmpfs /tmp && exec setpriv \
     --reuid 65532 --regid 65532 --clear-groups --bounding-set -all --no-new-privs \"$0\" \"$@\"",
];

/// The folder of compiled components in the host's image.
const CONTAINER_CACHE: &str = "/tmp/tasker";

/// Whether a program can run like in the host's container: only root may mount, and the image's user must be able to run it.
fn can_contain(program: &Path) -> bool {
    let tried = Command::new("unshare")
        .args(CONTAINED)
        .args(["test", "-x"])
        .arg(program)
        .stderr(Stdio::null())
        .status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        eprintln!("the host runs as a plain process, not as in its container");
    }
    can
}

/// The output of `tasker deploy`.
fn deployed(deploy: &mut Command) -> Value {
    serde_json::from_str(run(deploy).trim()).unwrap()
}

/// The host name of an API in the emulator. Only the API's id of the real host name is kept.
fn reachable(url: &str) -> String {
    let host = url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    match host.split_once(".execute-api.") {
        Some((id, _)) => format!("{id}.execute-api.localhost"),
        None => host.to_owned(),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn functions() -> PathBuf {
    let functions = repository().join("target/functions");
    assert!(
        functions.join("orchestrate/bootstrap.zip").exists(),
        "the functions are not packed: run `scripts/build-functions.sh here`"
    );
    functions
}

/// The example with the test's payment provider, an additional trigger (for objects in a bucket) and an
/// additional workflow (with a slow step).
fn write_project(folder: &Path, provider: &str) {
    let example = repository().join("examples/order-fulfillment");
    let (project, triggers) = (folder.join("project"), folder.join("project/triggers"));
    fs::create_dir_all(&triggers).unwrap();
    let configuration =
        format!("[project]\nname = \"orders\"\ncomponents = [{:?}]\n", example.display().to_string());
    fs::create_dir_all(project.join("templates")).unwrap();
    let template = fs::read_to_string(example.join("templates/order_fulfillment.yaml")).unwrap();
    let template = template.replace("127.0.0.1:8099", provider);
    fs::write(project.join("templates/order_fulfillment.yaml"), &template).unwrap();
    let slow = template
        .replace("name: order_fulfillment", &format!("name: {SLOW_WORKFLOW}"))
        .replace("  - name: process_payment\n", "  - name: process_payment\n    timeout_seconds: 3600\n");
    fs::write(project.join("templates").join(SLOW_WORKFLOW).with_extension("yaml"), slow).unwrap();
    fs::write(project.join("tasker.toml"), configuration).unwrap();
    fs::copy(example.join("triggers/order_placed.yaml"), triggers.join("order_placed.yaml")).unwrap();
    fs::write(triggers.join("order_uploaded.yaml"), include_str!("order_uploaded.yaml")).unwrap();
}

/// A copy of the module with the local example, because Terraform keeps its state next to it.
fn terraform_root(folder: &Path) -> PathBuf {
    let module = repository().join("infra/terraform");
    let copied = Command::new("cp").arg("-r").arg(module).arg(folder.join("terraform")).status().unwrap();
    assert!(copied.success());
    let without_scaling = include_str!("long_steps_override.tf");
    fs::write(folder.join("terraform/long_steps_override.tf"), without_scaling).unwrap();
    folder.join("terraform/examples/local")
}

/// A mirror of Terraform's providers, if there is one; else Terraform downloads them.
fn provider_mirror() -> Option<PathBuf> {
    let named = std::env::var_os("TASKER_TERRAFORM_MIRROR").map(PathBuf::from);
    let installed = fs::read_dir("/")
        .ok()?
        .flatten()
        .flat_map(|folder| [folder.path().join("tf-plugins"), folder.path()]);
    named
        .into_iter()
        .chain(installed)
        .find(|folder| folder.join("registry.terraform.io/hashicorp/aws").exists())
}

fn tasker(aws: &Aws) -> Command {
    let program = repository().join("target/debug/tasker");
    assert!(program.exists(), "`tasker` is not built: run `cargo build -p tasker-cli`");
    tool(aws, program.to_str().unwrap())
}

/// A program configured for the emulator.
fn tool(aws: &Aws, program: &str) -> Command {
    let tools = aws_tools().join("sam/bin");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .env("PATH", format!("{}:{path}", tools.canonicalize().unwrap().display()))
        .env("AWS_ENDPOINT_URL", aws.endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("SAM_CLI_TELEMETRY", "0");
    command
}

/// Runs a program and returns its standard output. Fails the test with all output if the program fails.
fn run(command: &mut Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    if let Some(mirror) = provider_mirror() {
        let configuration = std::env::temp_dir().join(format!("tasker-terraformrc-{}", std::process::id()));
        let text = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = {:?}\n    include = \
             [\"registry.terraform.io/*/*\"]\n  }}\n}}\n",
            mirror.display().to_string()
        );
        fs::write(&configuration, text).unwrap();
        command.env("TF_CLI_CONFIG_FILE", configuration);
    }
    let ended = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{program} failed:\n{said}\n{complained}");
    said.into_owned()
}
