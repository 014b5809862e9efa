import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer as createTcpServer } from "node:net";
import { after, test } from "node:test";
import { Tasker, TaskerError, unwrap } from "tasker-client";

// scripts/test-clients.sh starts a server with the template shop/order, whose last step takes `hold_ms`.
const url = process.env["TASKER_URL"] ?? "";
const apiKey = process.env["TASKER_API_KEY"] ?? "";
const tasker = new Tasker({ url, apiKey });
const order = { order_id: "DE-1001", n: 1 };
const run = `typescript-${Date.now()}`;

const failsWith = (code: string, check: (error: TaskerError) => void = () => undefined) => (error: unknown) => {
  assert.ok(error instanceof TaskerError, String(error));
  assert.equal(error.code, code, error.message);
  check(error);
  return true;
};

/** An HTTP server that handles each request with its number, or passes it on to Tasker. */
async function proxy(handle: (count: number, request: IncomingMessage, response: ServerResponse) => boolean): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (handle(requests.length, request, response)) return;
    const { method, headers } = request;
    const onward = forward(`${url}${request.url}`, { method: method ?? "GET", headers: { ...headers, host: new URL(url).host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const unavailable = (response: ServerResponse, pause = "0") => {
  response.writeHead(503, { "Retry-After": pause, "Content-Type": "application/problem+json" });
  response.end(JSON.stringify({ type: "urn:tasker:error:unavailable", title: "", status: 503, detail: "later", code: "unavailable" }));
  return true;
};

test("a task is created, waited for, and its results are read", async () => {
  const task = await tasker.start("shop/order", order, { tags: [run], priority: 5 });
  const outcome = await task.wait({ seconds: 60 });
  assert.ok(outcome.isComplete);
  assert.deepEqual([outcome.task.tags, outcome.task.priority], [[run], 5]);
  assert.deepEqual(await outcome.result<{ value: number }>("ship"), { value: 3 });
  const steps = [];
  for await (const step of tasker.list("/v1/tasks/{task_id}/workflow_steps", { path: { task_id: task.id } })) steps.push(step.name);
  assert.deepEqual(steps, ["price", "ship", "pack"]);
});

test("the example of the README runs", () => {
  const example = readFileSync("examples/start.ts", "utf8");
  assert.ok(readFileSync("README.md", "utf8").includes(`\`\`\`ts\n${example}\`\`\``), "README.md does not contain examples/start.ts");
  const { stdout, stderr } = spawnSync(process.execPath, ["build/examples/start.js"], { encoding: "utf8" });
  assert.equal(stdout, "complete { value: 42 }\n", stderr);
});

test("a wrong input is refused with the place of each fault", async () => {
  await assert.rejects(tasker.start("shop/order", { order_id: "x" }), failsWith("invalid_input", (error) => {
    assert.equal(error.status, 422);
    assert.deepEqual(error.errors.map(({ pointer }) => pointer), ["", "/order_id"]);
    assert.match(error.requestId ?? "", /^[0-9a-f-]{36}$/);
  }));
});

test("an idempotency key creates one task", async () => {
  const idempotencyKey = `${run}-once`;
  const first = await tasker.start("shop/order", order, { idempotencyKey });
  await assert.rejects(tasker.start("shop/order", order, { idempotencyKey }), failsWith("duplicate_task", (error) => {
    assert.equal(error.taskId, first.id);
  }));
  assert.equal((await tasker.start("shop/order", order, { idempotencyKey, onDuplicate: "return" })).id, first.id);
  await assert.rejects(tasker.start("shop/order", { ...order, n: 2 }, { idempotencyKey }), failsWith("idempotency_key_reused"));
});

test("a list goes on over pages", async () => {
  const sourceSystem = `${run}-paging`;
  const created = [];
  for (let n = 0; n < 9; n++) created.push((await tasker.start("shop/order", { ...order, n }, { source_system: sourceSystem })).id);
  const counting = await proxy(() => false);
  const listed = [];
  for await (const task of new Tasker({ url: counting.url, apiKey }).tasks({ source_system: sourceSystem, limit: 2 })) listed.push(task.task_id);
  assert.deepEqual(listed, created.reverse());
  assert.equal(counting.requests.length, 5);
  for await (const task of tasker.tasks({ source_system: sourceSystem, state: ["error", "cancelled"] })) assert.fail(task.status);
});

test("what does not exist, and who may not ask", async () => {
  const task = tasker.task("00000000-0000-7000-8000-000000000000");
  await assert.rejects(task.get(), failsWith("no_such_task", ({ status }) => assert.equal(status, 404)));
  await assert.rejects(task.wait(), failsWith("no_such_task"));
  await assert.rejects(tasker.start("shop/nothing", {}), failsWith("no_such_template"));
  const stranger = new Tasker({ url, apiKey: `${apiKey.slice(0, 60)}${apiKey.endsWith("x") ? "y" : "x"}` });
  await assert.rejects(stranger.start("shop/order", order), failsWith("unauthenticated", ({ status }) => assert.equal(status, 401)));
  await assert.rejects(stranger.task(task.id).wait(), failsWith("unauthenticated"));
  await assert.rejects(unwrap(new Tasker({ url, token: "a.b.c" }).raw.GET("/v1/me")), failsWith("unauthenticated"));
  assert.ok((await unwrap(tasker.raw.GET("/v1/me"))).permissions);
  for await (const { status } of tasker.list("/v1/audit", { query: { outcome: "denied" } })) assert.ok(status >= 400);
});

test("a stream goes on where its connection was cut", async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((client) => {
    const upstream = connect(Number(new URL(url).port), "127.0.0.1");
    // The first connection breaks in the middle of the second event.
    if (sockets.push(client) === 1) {
      let text = "";
      upstream.on("data", (data) => {
        text += data.toString();
        const ends = [...text.matchAll(/\n\n/g)].map(({ index }) => index);
        if (ends.length < 2) return;
        client.write(text.slice(0, (ends[1] ?? 0) - 10), () => client.destroy());
        upstream.destroy();
      });
    } else upstream.pipe(client);
    client.pipe(upstream);
    client.on("close", () => upstream.destroy());
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  after(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
  const { id } = await tasker.start("shop/order", { ...order, hold_ms: 1500 });
  const cut = new Tasker({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey });
  const events = [];
  for await (const event of cut.task(id).follow({ logs: true, signal: AbortSignal.timeout(60_000) })) events.push(event);
  assert.ok(sockets.length > 1, "the connection was not cut");
  assert.deepEqual([events[0]?.event, events.at(-1)?.event], ["snapshot", "end"]);
  const key = (change: { audit_id: number; position: number; step?: string | null; to_state: string }) =>
    [change.audit_id, change.step ?? "", change.position, change.to_state].join("/");
  const changes = events.flatMap(({ data }) => ("to_state" in data ? [key(data)] : []));
  const audit = [];
  for await (const change of tasker.list("/v1/tasks/{task_id}/audit", { path: { task_id: id } })) audit.push(key(change));
  // Those before the snapshot are in it.
  assert.ok(changes.length > 0);
  assert.deepEqual(changes, audit.slice(-changes.length), "a change is missing or repeated");
});

test("where streams are refused, requests wait", async () => {
  const crowded = await proxy((_, request, response) => {
    if (!request.url?.includes("/stream")) return false;
    response.writeHead(404, { "Content-Type": "text/plain" }).end("no such page");
    return true;
  });
  const task = await new Tasker({ url: crowded.url, apiKey }).start("shop/order", order);
  assert.ok((await task.wait({ seconds: 60 })).isComplete);
  assert.match(crowded.requests.at(-1) ?? "", /wait_seconds=/);
});

test("a wait ends in time", async () => {
  const started = Date.now();
  const task = await tasker.start("shop/order", { ...order, hold_ms: 1500 });
  await assert.rejects(task.wait({ seconds: 0.2 }), failsWith("wait_timed_out"));
  assert.ok(Date.now() - started < 5000);
});

test("what is temporarily refused is repeated, if it may be", async () => {
  const moody = await proxy((count, _, response) => count <= 2 && unavailable(response));
  const task = await new Tasker({ url: moody.url, apiKey }).start("shop/order", order, { idempotencyKey: `${run}-moody` });
  assert.equal(moody.requests.length, 3);
  assert.equal((await task.get()).namespace, "shop");

  const reading = await proxy((count, _, response) => count <= 2 && unavailable(response));
  assert.equal((await new Tasker({ url: reading.url, apiKey }).task(task.id).get()).task_id, task.id);

  const down = await proxy((_, __, response) => unavailable(response));
  const client = new Tasker({ url: down.url, apiKey, retries: 1 });
  await assert.rejects(client.start("shop/order", order), failsWith("unavailable", ({ status }) => assert.equal(status, 503)));
  assert.equal(down.requests.length, 1, "without an idempotency key it may not be repeated");
  await assert.rejects(client.task(task.id).get(), failsWith("unavailable"));
  assert.equal(down.requests.length, 3);

  const patient = await proxy((_, __, response) => unavailable(response, "3600"));
  await assert.rejects(new Tasker({ url: patient.url, apiKey }).task(task.id).get(), failsWith("unavailable"));
  assert.equal(patient.requests.length, 1);
});

test("a creation whose response is lost is repeated and finds its task", async () => {
  const lossy = await proxy((count, request, response) => {
    if (count > 1) return false;
    const onward = forward(`${url}${request.url}`, { method: "POST", headers: { ...request.headers, host: new URL(url).host } });
    onward.on("response", (answer) => (answer.resume(), response.destroy()));
    request.pipe(onward);
    return true;
  });
  const idempotencyKey = `${run}-lossy`;
  const task = await new Tasker({ url: lossy.url, apiKey }).start("shop/order", order, { idempotencyKey });
  assert.equal(lossy.requests.length, 2);
  await assert.rejects(tasker.start("shop/order", order, { idempotencyKey }), failsWith("duplicate_task", ({ taskId }) => assert.equal(taskId, task.id)));
});

test("a server that does not answer, or not as Tasker does", async () => {
  const silent = await proxy(() => true);
  await assert.rejects(new Tasker({ url: silent.url, timeoutSeconds: 0.2 }).task("x").get(), failsWith("timed_out"));
  const stalled = await proxy((_, __, response) => (response.writeHead(200, { "Content-Type": "application/json" }).write("{"), true));
  await assert.rejects(new Tasker({ url: stalled.url, timeoutSeconds: 0.2, retries: 0 }).task("x").get(), failsWith("timed_out"));
  await assert.rejects(new Tasker({ url: "http://127.0.0.1:1", retries: 0 }).task("x").get(), failsWith("connection_failed"));
  const other = await proxy((_, __, response) => (response.writeHead(418).end("a teapot"), true));
  await assert.rejects(new Tasker({ url: other.url }).task("x").get(), failsWith("unexpected_response", ({ status }) => assert.equal(status, 418)));
});
