// The workflows as DBOS's documentation writes them. They run in the process that starts them.
import { DBOS } from "@dbos-inc/dbos-sdk";
import { main } from "../measure.mjs";

const sum = (values) => values.reduce((total, value) => total + value, 0);
const addUp = (values, name) => DBOS.runStep(async () => sum(values) + 1, { name });

async function linear4(n) {
  const a = await addUp([n], "a");
  const b = await addUp([a], "b");
  const c = await addUp([b], "c");
  return addUp([c], "d");
}

async function fanOut100(n) {
  const start = await addUp([n], "start");
  const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => addUp([start], `s${index}`)));
  return addUp(settled.map(({ value }) => value), "end");
}

const workflows = {
  linear_4: DBOS.registerWorkflow(linear4, { name: "linear_4" }),
  fan_out_100: DBOS.registerWorkflow(fanOut100, { name: "fan_out_100" }),
};

DBOS.setConfig({
  name: "bench",
  applicationVersion: "1",
  // A process recovers the workflows of its own name when it starts, and must not run those of another.
  executorID: String(process.pid),
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabasePoolSize: Number(process.env.PEER_CONNECTIONS),
  runAdminServer: false,
  logLevel: "error",
});
await DBOS.launch();

// A workflow must not be called as a method: DBOS would look for its object.
function run(shape, n) {
  const workflow = workflows[shape];
  return workflow(n);
}

await main({ run, close: () => DBOS.shutdown() });
