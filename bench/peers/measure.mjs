// What every peer written for Node does alike: run a shape many times, or keep many workflows in flight.
//
// Prints one JSON value per line. The driver (run.py) reads them.
import { createInterface } from "node:readline";

// The results that the shapes must have for input n. A wrong result ends the run.
const expected = {
  linear_4: (n) => n + 4,
  fan_out_100: (n) => 1 + 100 * (n + 2),
};

// `peer.run(shape, n)` starts a workflow and returns its result. `peer.databaseMilliseconds(count)`, if there is one,
// returns the durations of the last workflows by the database's clock. `peer.load(concurrency)`, if there is one,
// replaces the closed loop below.
export async function main(peer) {
  const [what, ...rest] = process.argv.slice(2);
  if (what === "latency") {
    await latency(peer, rest[0], ...rest.slice(1).map(Number));
  } else if (what === "throughput") {
    await throughput(peer, ...rest.map(Number));
  } else {
    throw new Error("usage: latency SHAPE WARM_UP RUNS SECONDS | throughput CONCURRENCY WARM_UP_SECONDS SECONDS");
  }
  await peer.close();
}

async function checked(peer, shape, n) {
  const result = await peer.run(shape, n);
  if (result !== expected[shape](n)) {
    throw new Error(`${shape} of ${n} returned ${JSON.stringify(result)}, not ${expected[shape](n)}`);
  }
}

async function latency(peer, shape, warmUp, runs, seconds) {
  for (let n = 0; n < warmUp; n++) await checked(peer, shape, n);
  const milliseconds = [];
  const until = performance.now() + seconds * 1000;
  for (let n = 0; n < runs && performance.now() < until; n++) {
    const started = performance.now();
    await checked(peer, shape, n);
    milliseconds.push(performance.now() - started);
  }
  print({ milliseconds, database: await peer.databaseMilliseconds?.(milliseconds.length) });
}

async function throughput(peer, concurrency, warmUp, seconds) {
  // All processes of a peer start to count together.
  print("ready");
  const input = createInterface({ input: process.stdin });
  await new Promise((resolve) => input.once("line", resolve));
  input.close();
  const load = peer.load ? await peer.load(concurrency) : closedLoop(peer, concurrency);
  await Promise.race([sleep(warmUp), load.failed]);
  const before = await load.completed();
  const started = performance.now();
  print("counting");
  await Promise.race([sleep(seconds), load.failed]);
  const workflows = (await load.completed()) - before;
  print({ workflows, seconds: (performance.now() - started) / 1000 });
  await load.stop();
}

// Keeps `concurrency` workflows in flight.
function closedLoop(peer, concurrency) {
  let [n, completed, running] = [0, 0, true];
  const loops = Array.from({ length: concurrency }, async () => {
    while (running) {
      await checked(peer, "linear_4", n++);
      completed++;
    }
  });
  const all = Promise.all(loops);
  return {
    completed: () => completed,
    failed: all,
    stop: () => {
      running = false;
      return all;
    },
  };
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const print = (value) => console.log(JSON.stringify(value));
