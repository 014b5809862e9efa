// Handlers in ordinary tests, with the simulated host.

import assert from "node:assert/strict";
import { test } from "node:test";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type Context, Failure, handler, Outcome, PermanentFailure, Progress, ranges, RetryableFailure, split, sumCounts } from "tasker-handler";
import { context, run } from "tasker-handler/testing";
import * as v from "valibot";
import * as z from "zod";

const order = handler(
  "order",
  { input: z.object({ id: z.string(), quantity: z.int().default(1) }), result: z.object({ total: z.number() }) },
  (_ctx, { quantity }) => ({ total: quantity * 2 }),
);

test("a handler is a function, and the host runs it with a checked input", () => {
  const total: number = order(context(), { id: "A-1", quantity: 3 }).total;
  assert.equal(total, 6);
  assert.deepEqual(run(order, context({ input: { id: "A-1" } })), { complete: { total: 2 } });
  assert.throws(() => run(order, context({ input: { id: 1 } })), { errorType: "InvalidInput", retryable: false, message: /id: / });
});

test("schemas of other libraries", () => {
  const Named = toStandardJsonSchema(v.object({ name: v.string() }));
  const named = handler("named", { input: Named }, (_ctx, { name }) => name);
  assert.deepEqual(run(named, context({ input: { name: "Ada" } })), { complete: "Ada" });
  assert.throws(() => run(named, context({ input: {} })), { errorType: "InvalidInput", message: /name/ });
});

test("what is no handler is refused at once", () => {
  const wrong = handler as any;
  assert.throws(() => handler("order", () => 1), /two handlers are called `order`/);
  assert.throws(() => wrong("", () => 1), /needs a name/);
  assert.throws(() => wrong("empty", {}), /has no function/);
  assert.throws(() => wrong("later", async () => 1), /is async/);
  const promising = handler("promising", () => Promise.resolve(1));
  assert.throws(() => run(promising, context()), { errorType: "AsyncHandler", retryable: false });
});

test("integers of any size are kept, and what JavaScript cannot hold is refused", () => {
  const echo = handler("echo", (_ctx, input) => input);
  const ctx = (input: unknown): Context => context({ input });
  assert.throws(() => run(echo, ctx({ toJSON: () => "\ud800" })), { errorType: "InvalidInput" });
  const big = handler("big", (c) => typeof c.input().id);
  assert.deepEqual(run(big, ctx({ id: 7 })), { complete: "number" });
  const circle: Record<string, unknown> = {};
  circle.itself = circle;
  for (const [index, value] of [circle, () => 1, Symbol("s")].entries()) {
    const returned = handler(`returned_${index}`, () => value);
    assert.throws(() => run(returned, context()), { errorType: "ResultNotSerializable", retryable: false });
  }
});

test("errors that are thrown become retryable failures with their class, causes and stack", () => {
  class Broken extends Error {}
  const thrown: unknown[] = [
    new Broken("outer", { cause: new RangeError("inner") }),
    new RetryableFailure("Busy", "later", { retryAfterMs: 1500 }),
    new PermanentFailure("No", "never", { details: { a: 1 } }),
    "a text",
  ];
  const failures = thrown.map((error, index) => {
    try {
      run(handler(`throws_${index}`, () => { throw error; }), context());
    } catch (failure) {
      return failure as Failure;
    }
    throw new Error("it did not fail");
  });
  const shown = failures.map(({ errorType, message, retryable, retryAfterMs }) => [errorType, message, retryable, retryAfterMs]);
  assert.deepEqual(shown, [
    ["Broken", "outer: inner", true, undefined],
    ["Busy", "later", true, 1500],
    ["No", "never", false, undefined],
    ["Thrown", "a text", true, undefined],
  ]);
  const { stack } = failures[0]?.details as { stack: string };
  assert.match(stack, /^Broken: outer\n {4}at .*handlers\.test\.[\s\S]*\ncaused by RangeError: inner\n/);
});

test("dependencies, configuration and secrets", () => {
  const ctx = context({ dependencies: { price: { total: 3 } }, configuration: { region: "eu" }, secrets: { token: "t" }, attempt: 3 });
  assert.equal(ctx.dependency("price", z.object({ total: z.number() })).total, 3);
  assert.throws(() => ctx.dependency("prize"), { errorType: "MissingDependency", message: /available: price/ });
  assert.equal(ctx.config("region", z.string()), "eu");
  assert.equal(ctx.config("zone", z.string().optional()), undefined);
  assert.throws(() => ctx.config("toString"), { errorType: "InvalidConfiguration" });
  assert.equal(ctx.secret("token"), "t");
  assert.throws(() => ctx.secret("other"), { errorType: "SecretNotGranted" });
  assert.equal(ctx.isLastAttempt, true);
});

test("requests are answered by the test", () => {
  const sent: string[] = [];
  const ctx = context({
    http: ({ method, url, body }) => {
      sent.push(`${method} ${url} ${new TextDecoder().decode(body)}`);
      return url.endsWith("/busy") ? { status: 429, headers: { "Retry-After": "7" }, body: "slow" } : { json: { id: 1 } };
    },
  });
  assert.deepEqual(ctx.http.post("https://x.example/a", { json: { b: 2 } }).check().json(), { id: 1 });
  assert.throws(() => ctx.http.get("https://x.example/busy").check(), { errorType: "Http429", retryable: true, retryAfterMs: 7000, details: { body: "slow" } });
  assert.deepEqual(sent, ['POST https://x.example/a {"b":2}', "GET https://x.example/busy "]);
  assert.throws(() => context().http.get("https://x.example"), /requests are only sent in a component/);
});

test("buckets are kept in memory", () => {
  const buckets = { shelf: { old: 1 } as Record<string, unknown> };
  const shelf = context({ buckets }).keyValue.open("shelf");
  assert.equal(shelf.get("old"), 1);
  assert.equal(shelf.increment("n", 2), 2);
  assert.deepEqual(shelf.update<number[]>("list", (list) => [...(list ?? []), 1]), [1]);
  assert.throws(() => shelf.update("old", () => { throw new PermanentFailure("Refused", "no"); }), { errorType: "Refused" });
  shelf.delete("old");
  assert.deepEqual(buckets, { shelf: { n: 2, list: [1] } });
  assert.throws(() => shelf.increment("n", 2n ** 60n), { errorType: "InvalidValue" });
});

test("batches are split, processed with checkpoints, and added up", () => {
  assert.deepEqual(ranges(5, 2), [{ start: 0, end: 2 }, { start: 2, end: 4 }, { start: 4, end: 5 }]);
  assert.deepEqual(split(5, 2), [{ start: 0, end: 3 }, { start: 3, end: 5 }]);
  assert.deepEqual(split(0, 2), []);
  const plan = handler("plan", () => Outcome.batch(ranges(3, 2), 3));
  assert.deepEqual(run(plan, context()), { batch: { cursors: [{ start: 0, end: 2 }, { start: 2, end: 3 }], result: 3 } });
  const rows = handler("rows", (ctx) => {
    const progress = Progress.resume(ctx, 0);
    progress.accumulated += 1;
    progress.advance(progress.cursor + 1, 1);
    return progress.cursor < ctx.slice().end ? progress.checkpoint() : progress.accumulated;
  });
  const step = { cursor: { start: 4, end: 6 }, batch: { workerNumber: 2, totalWorkers: 2 } };
  const { checkpoint } = run(rows, context(step));
  assert.deepEqual(checkpoint, { cursor: 5, items_processed: 1, accumulated: 1 });
  assert.deepEqual(run(rows, context({ ...step, checkpoint })), { complete: 2 });
  assert.deepEqual(sumCounts([{ processed: 1 }, { processed: 2, failed: 1 }]), { processed: 3, succeeded: 0, failed: 1, skipped: 0 });
});
