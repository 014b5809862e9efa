// Contexts for ordinary tests of handlers, with a simulated host.

import { Context } from "./context.js";
import { runAsHost } from "./handler.js";
import { parse, stringify } from "./json.js";

/** Builds a context. Everything has a usable default. @param {any} [step] */
export function context(step = {}) {
  const heartbeats = step.heartbeats ?? [];
  const buckets = step.buckets ?? {};
  const attributes = Object.entries(step.attributes ?? {});
  if (step.batch) {
    const { workerNumber = 1, totalWorkers = 1, isNoOp = false } = step.batch;
    const metadata = {
      batch_step: "batch", worker_number: workerNumber, total_workers: totalWorkers, batch_size: 1000, cursor_field: "id",
      failure_strategy: "continue_on_failure",
    };
    attributes.push(["batch_metadata", metadata], ["is_no_op", isNoOp]);
  }
  const written = (/** @type {unknown} */ value) => (value === undefined ? undefined : stringify(value));
  const facts = {
    taskId: "018f0000-0000-7000-8000-000000000000", namespace: "default", taskName: "test", taskVersion: "1.0.0",
    stepName: step.stepName ?? "test", attempt: step.attempt ?? 1, maxAttempts: step.maxAttempts ?? 3, correlationId: "test",
    taskInput: stringify(step.input ?? {}), configuration: stringify(step.configuration ?? {}),
    dependencyResults: Object.entries(step.dependencies ?? {}).map(([name, result]) => ({ step: name, result: stringify(result) })),
    cursor: written(step.cursor), checkpoint: written(step.checkpoint), traceParent: undefined,
    attributes: attributes.map(([name, value]) => [name, stringify(value)]),
  };
  return new Context(facts, {
    http(/** @type {any} */ request) {
      if (!step.http) throw new TypeError("requests are only sent in a component; in tests, answer them: context({ http: (request) => ({ status: 200 }) })");
      const { status = 200, headers = {}, json, body = json === undefined ? "" : stringify(json) } = step.http(request);
      return { status, headers: Object.entries(headers), body: typeof body === "string" ? new TextEncoder().encode(body) : body };
    },
    keyValue: (/** @type {string} */ name) => bucket((buckets[name] ??= {})),
    secret: (/** @type {string} */ name) => step.secrets?.[name],
    said: String,
    heartbeat: (/** @type {string} */ progress) => heartbeats.push(progress),
    cancelled: () => step.cancelled ?? false,
    remainingTimeMs: () => step.remainingTimeMs ?? 30_000,
  });
}

/** A bucket in memory: JSON by key. @param {Record<string, any>} values */
function bucket(values) {
  const encoder = new TextEncoder();
  const bytes = (/** @type {string} */ key) => {
    if (!Object.hasOwn(values, key)) return undefined;
    return values[key] instanceof Uint8Array ? values[key] : encoder.encode(stringify(values[key]));
  };
  const set = (/** @type {string} */ key, /** @type {Uint8Array} */ value) => {
    try {
      values[key] = parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
    } catch {
      values[key] = value;
    }
  };
  return {
    get: bytes,
    getMany: (/** @type {string[]} */ keys) => keys.map(bytes),
    set,
    setMany: (/** @type {[string, Uint8Array][]} */ all) => all.forEach(([key, value]) => set(key, value)),
    delete: (/** @type {string[]} */ keys) => keys.forEach((key) => delete values[key]),
    exists: (/** @type {string} */ key) => Object.hasOwn(values, key),
    keys: () => Object.keys(values),
    increment(/** @type {string} */ key, /** @type {number} */ delta) {
      const old = values[key] ?? 0;
      if (!Number.isSafeInteger(old)) throw new Error(`\`${key}\` cannot be incremented: it is not a number`);
      return (values[key] = old + delta);
    },
    swap(/** @type {string} */ key, /** @type {(old: any) => Uint8Array | undefined} */ change) {
      const changed = change(bytes(key));
      if (changed !== undefined) set(key, changed);
    },
  };
}

/** Runs a handler as the host does: checks its input and writes its result. Throws a `Failure`. @param {any} call @param {any} ctx */
export function run(call, ctx) {
  const { tag, val } = /** @type {any} */ (runAsHost(call, ctx));
  if (tag === "complete" || tag === "checkpoint") return { [tag]: parse(val) };
  const result = parse(val.result);
  return tag === "branch" ? { branch: { steps: val.steps, result } } : { batch: { cursors: val.cursors.map(parse), result } };
}
