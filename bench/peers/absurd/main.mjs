// The workflows as Absurd's documentation writes them: a task with steps, run by a worker that polls a queue.
import { Absurd } from "absurd-sdk";
import pg from "pg";
import { main } from "../measure.mjs";

const sum = (values) => values.reduce((total, value) => total + value, 0);
// Seconds between two polls of an idle worker.
const pollInterval = Number(process.env.PEER_POLL_SECONDS);

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.PEER_CONNECTIONS),
});
const app = new Absurd({ db: pool, queueName: "bench" });
let finished = 0;

app.registerTask({ name: "linear_4" }, async ({ n }, ctx) => {
  const a = await ctx.step("a", async () => n + 1);
  const b = await ctx.step("b", async () => a + 1);
  const c = await ctx.step("c", async () => b + 1);
  const d = await ctx.step("d", async () => c + 1);
  finished++;
  return d;
});

app.registerTask({ name: "fan_out_100" }, async ({ n }, ctx) => {
  const start = await ctx.step("start", async () => n + 1);
  const steps = Array.from({ length: 100 }, (_, index) => ctx.step(`s${index}`, async () => start + 1));
  const values = await Promise.all(steps);
  return ctx.step("end", async () => sum(values) + 1);
});

const onError = (error) => {
  console.error(error);
  process.exit(1);
};

async function run(shape, n) {
  // A step that fails is an error of the benchmark, and a repeated task would hide it.
  const { taskID } = await app.spawn(shape, { n }, { maxAttempts: 1 });
  if (process.env.PEER_WAIT === "sdk") {
    return resultOf(await app.awaitTaskResult(taskID, { timeout: 120 }), taskID);
  }
  // The SDK's own wait sleeps for at least 50 ms. This one asks as often as the worker does.
  for (;;) {
    const snapshot = await app.fetchTaskResult(taskID);
    if (!["pending", "running"].includes(snapshot.state)) return resultOf(snapshot, taskID);
    await new Promise((resolve) => setTimeout(resolve, pollInterval * 1000));
  }
}

function resultOf(snapshot, taskID) {
  if (snapshot.state !== "completed") throw new Error(`${taskID} is ${JSON.stringify(snapshot)}`);
  return snapshot.result;
}

// From enqueue_at to completed_at of the newest tasks.
async function databaseMilliseconds(count) {
  const { rows } = await pool.query(
    `SELECT extract(epoch FROM r.completed_at - t.enqueue_at)::float8 * 1000 AS milliseconds
       FROM absurd.t_bench t JOIN absurd.r_bench r ON r.run_id = t.last_attempt_run
      ORDER BY t.enqueue_at DESC LIMIT $1`,
    [count],
  );
  return rows.map(({ milliseconds }) => milliseconds);
}

// A full queue: waiting for each result would measure the polls of the clients instead.
async function load(concurrency) {
  let [n, running] = [0, true];
  await app.startWorker({ concurrency, pollInterval, onError });
  const producers = Array.from({ length: 4 }, async () => {
    while (running) {
      if (n - finished > 3 * concurrency) await new Promise((resolve) => setTimeout(resolve, 1));
      else await app.spawn("linear_4", { n: n++ });
    }
  });
  return {
    completed: () => finished,
    failed: Promise.all(producers),
    stop: () => {
      running = false;
      return Promise.all(producers);
    },
  };
}

const measuresLatency = process.argv[2] === "latency";
if (measuresLatency) await app.startWorker({ concurrency: 4, pollInterval, onError });
await main({
  run,
  databaseMilliseconds,
  load,
  close: async () => {
    await app.close();
    await pool.end();
  },
});
