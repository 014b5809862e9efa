// The context of a handler: information about its step, and services of its host.

import { PermanentFailure, RetryableFailure } from "./failure.js";
import { Http } from "./http.js";
import { check, read } from "./json.js";
import { KeyValue } from "./key_value.js";

/** Information about the step, and services of the host. */
export class Context {
  #facts;
  #host;

  /** @param {any} facts The step as the contract has it. @param {any} host The services. */
  constructor(facts, host) {
    this.#facts = facts;
    this.#host = host;
    /** Requests to the destinations in the template's `grants.http`. */
    this.http = new Http(host.http);
    /** Buckets in the template's `grants.key_value`. */
    this.keyValue = new KeyValue(host.keyValue);
  }

  get taskId() { return this.#facts.taskId; }
  get namespace() { return this.#facts.namespace; }
  get taskName() { return this.#facts.taskName; }
  get taskVersion() { return this.#facts.taskVersion; }
  get stepName() { return this.#facts.stepName; }
  get attempt() { return this.#facts.attempt; }
  get maxAttempts() { return this.#facts.maxAttempts; }
  get isLastAttempt() { return this.attempt >= this.maxAttempts; }
  get correlationId() { return this.#facts.correlationId; }
  get traceParent() { return this.#facts.traceParent ?? undefined; }
  get idempotencyKey() { return `${this.taskId}:${this.stepName}`; }

  /** @param {any} [schema] */
  input(schema) {
    return read(this.#facts.taskInput, "InvalidInput", "the task's input", schema);
  }

  /** @param {string} step @param {any} [schema] */
  dependency(step, schema) {
    const found = this.#facts.dependencyResults.find((/** @type {any} */ result) => result.step === step);
    if (found === undefined) {
      throw new PermanentFailure(
        "MissingDependency",
        `there is no result of \`${step}\`; available: ${this.dependencyNames.join(", ") || "none"}. Add \`${step}\` to its ` +
          "dependencies in the template, or set `ancestors: true`",
      );
    }
    return read(found.result, "InvalidDependencyResult", `the result of \`${step}\``, schema);
  }

  /** @returns {string[]} */
  get dependencyNames() {
    return this.#facts.dependencyResults.map((/** @type {any} */ result) => result.step);
  }

  /** @param {any} [schema] */
  configuration(schema) {
    return read(this.#facts.configuration, "InvalidConfiguration", "the step's handler.initialization", schema);
  }

  /** @param {string} key @param {any} [schema] */
  config(key, schema) {
    const whole = this.configuration();
    const value = Object.hasOwn(whole, key) ? whole[key] : undefined;
    const what = `\`${key}\` of the step's handler.initialization`;
    if (schema !== undefined) return check(value, "InvalidConfiguration", what, schema);
    if (value === undefined) throw new PermanentFailure("InvalidConfiguration", `${what} is missing`);
    return value;
  }

  /** @param {any} [schema] */
  cursor(schema) {
    return optional(this.#facts.cursor, "InvalidCursor", "the cursor", schema);
  }

  /** @param {any} [schema] */
  checkpoint(schema) {
    return optional(this.#facts.checkpoint, "InvalidCheckpoint", "the checkpoint", schema);
  }

  /** @param {string} name @param {any} [schema] */
  attribute(name, schema) {
    const found = this.#facts.attributes.find((/** @type {[string, string]} */ attribute) => attribute[0] === name);
    return optional(found?.[1], "InvalidAttribute", `the attribute \`${name}\``, schema);
  }

  /** @param {string} name */
  secret(name) {
    let value;
    try {
      value = this.#host.secret(name);
    } catch (error) {
      throw new RetryableFailure("SecretUnavailable", `secret \`${name}\`: ${this.#host.said(error)}`);
    }
    if (value === undefined || value === null) {
      throw new PermanentFailure(
        "SecretNotGranted",
        `there is no secret \`${name}\` for this step: grant it under \`grants.secrets\` in the template, and check that the ` +
          "host has it",
      );
    }
    return value;
  }

  /** @param {string} progress */
  heartbeat(progress) {
    this.#host.heartbeat(String(progress));
  }

  /** @returns {boolean} */
  cancelled() {
    return this.#host.cancelled();
  }

  /** @returns {number} */
  remainingTimeMs() {
    return this.#host.remainingTimeMs();
  }

  /** The batch of a batch worker. */
  batch() {
    const metadata = this.attribute("batch_metadata");
    if (metadata === undefined) return undefined;
    return {
      batchStep: metadata.batch_step, workerNumber: metadata.worker_number, totalWorkers: metadata.total_workers,
      batchSize: metadata.batch_size, cursorField: metadata.cursor_field, failureStrategy: metadata.failure_strategy,
      isNoOp: this.attribute("is_no_op") === true,
    };
  }

  /** @returns {{ start: number, end: number }} */
  slice() {
    const cursor = this.cursor();
    if (cursor === undefined) {
      if (this.attribute("is_no_op") === true) return { start: 0, end: 0 };
      throw new PermanentFailure(
        "MissingCursor",
        `\`${this.stepName}\` has no slice of work: only workers of a batch have one; give the step \`type: batch_worker\` ` +
          "in the template, and let it depend on a `batchable` step",
      );
    }
    if (typeof cursor?.start !== "number" || typeof cursor.end !== "number") {
      throw new PermanentFailure("InvalidCursor", "the cursor does not have the expected form: it has no `start` and `end`");
    }
    return cursor;
  }

  /** @param {string} worker @param {any} [schema] */
  workerResults(worker, schema) {
    const numbered = [];
    for (const { step, result } of this.#facts.dependencyResults) {
      const digits = step.startsWith(`${worker}_`) ? step.slice(worker.length + 1) : "";
      if (!/^[0-9]+$/.test(digits)) continue;
      const read_ = read(result, "InvalidDependencyResult", `the result of \`${step}\``, schema);
      numbered.push({ number: Number(digits), result: read_ });
    }
    return numbered.sort((left, right) => left.number - right.number);
  }
}

/** @param {string | null | undefined} text @param {string} errorType @param {string} what @param {any} schema */
function optional(text, errorType, what, schema) {
  return text === undefined || text === null ? undefined : read(text, errorType, what, schema);
}
