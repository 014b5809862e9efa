// The workflows as Restate's documentation writes them, served to the Restate server.
import cluster from "node:cluster";
import { createServer } from "node:http2";
import * as restate from "@restatedev/restate-sdk";

const { RestatePromise } = restate;
const sum = (values) => values.reduce((total, value) => total + value, 0);

// Steps are blocks of one handler: the server journals the result of each `ctx.run`.
const inline = restate.service({
  name: "Inline",
  handlers: {
    linear_4: async (ctx, n) => {
      const a = await ctx.run("a", () => n + 1);
      const b = await ctx.run("b", () => a + 1);
      const c = await ctx.run("c", () => b + 1);
      return ctx.run("d", () => c + 1);
    },
    fan_out_100: async (ctx, n) => {
      const start = await ctx.run("start", () => n + 1);
      const steps = Array.from({ length: 100 }, (_, index) => ctx.run(`s${index}`, () => start + 1));
      const values = await RestatePromise.all(steps);
      return ctx.run("end", () => sum(values) + 1);
    },
  },
});

// Steps are calls of another service, which could run and scale elsewhere.
const steps = restate.service({
  name: "Steps",
  handlers: {
    addUp: async (_ctx, values) => sum(values) + 1,
  },
});

const calls = restate.service({
  name: "Calls",
  handlers: {
    linear_4: async (ctx, n) => {
      const client = ctx.serviceClient(steps);
      const a = await client.addUp([n]);
      const b = await client.addUp([a]);
      const c = await client.addUp([b]);
      return client.addUp([c]);
    },
    fan_out_100: async (ctx, n) => {
      const client = ctx.serviceClient(steps);
      const start = await client.addUp([n]);
      const values = await RestatePromise.all(Array.from({ length: 100 }, () => client.addUp([start])));
      return client.addUp(values);
    },
  },
});

const [port, processes] = process.argv.slice(2).map(Number);
if (cluster.isPrimary) {
  let listening = 0;
  cluster.on("listening", () => {
    listening += 1;
    if (listening === processes) console.log(JSON.stringify("ready"));
  });
  cluster.on("exit", () => process.exit(1));
  for (let index = 0; index < processes; index++) cluster.fork();
} else {
  createServer(restate.createEndpointHandler({ services: [inline, steps, calls] })).listen(port, "127.0.0.1");
}
