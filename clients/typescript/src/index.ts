import createClient, { type Client } from "openapi-fetch";
// From `dist`, too, this path leads to the generated file, which tsc does not copy.
import type { components, paths } from "../src/schema.d.ts";
import { TaskerError } from "./errors.js";
import { EVENT_STREAM, TEMPORARY, backoff, parse, resilient, sleep } from "./http.js";

export { TaskerError, type ErrorCode } from "./errors.js";
export type { components, paths } from "../src/schema.d.ts";

type Schemas = components["schemas"];
type Parameters<P extends keyof paths> = paths[P] extends { get: { parameters: infer X } } ? Omit<X, "cookie"> : never;
type Ok<P> = P extends { get: { responses: { 200: { content: { "application/json": infer X } } } } } ? X : never;
type Item<P extends keyof paths> = Ok<paths[P]> extends { applied: unknown; items: (infer I)[] } ? I : never;
/** The routes that return pages. */
export type ListPath = { [P in keyof paths]: [Item<P>] extends [never] ? never : P }[keyof paths];

export interface Settings {
  url: string;
  /** An API key (`tsk_…`), or a token of the identity provider. */
  apiKey?: string;
  token?: string;
  /** The time of each attempt. Default: 30. */
  timeoutSeconds?: number;
  /** How often a request that may be repeated is repeated. Default: 3. */
  retries?: number;
  fetch?: typeof globalThis.fetch;
}

/** The fields of a request beside the template and the input. */
export interface StartOptions extends Omit<Schemas["TaskRequest"], "name" | "namespace" | "context" | "idempotency_key"> {
  /** Requests with the same key create one task, and are repeated when the server does not answer. */
  idempotencyKey?: string;
  /** What a request that was sent before does: `refuse` (a `duplicate_task` error, the default) or `return` its task. */
  onDuplicate?: "refuse" | "return";
}

/** An event of a task's stream. */
export type TaskEvent = { id?: string } & (
  | { event: "snapshot"; data: Schemas["TaskDetail"] }
  | { event: "task" | "step"; data: Schemas["Transition"] }
  | { event: "log"; data: Schemas["LogEntry"] }
  | { event: "end"; data: { task_id: string; status: string } }
);

/** The states in which a task stays until somebody acts. */
const AT_REST = new Set(["complete", "error", "cancelled", "resolved_manually", "blocked_by_failures"]);
const DEFINITE = new Set(["unauthenticated", "forbidden", "no_such_task", "invalid_request"]); // However one asks.

/** Returns the data of a response of `raw`, or throws its problem as a TaskerError. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw TaskerError.from(response, error);
  return data as T;
}

export class Tasker {
  /** Every route, typed. Its requests have the time limit and are repeated like those of this class. */
  readonly raw: Client<paths>;
  readonly retries: number;

  constructor({ url, apiKey, token, timeoutSeconds = 30, retries = 3, fetch = globalThis.fetch }: Settings) {
    this.retries = retries;
    this.raw = createClient<paths>({
      baseUrl: url.replace(/\/+$/, ""),
      headers: { ...(apiKey && { "X-API-Key": apiKey }), ...(token && { Authorization: `Bearer ${token}` }) },
      fetch: resilient(fetch, retries, timeoutSeconds),
    });
  }

  /** Creates a task of a template: `shop/order`, or `order` in the namespace `default`. */
  async start(template: string, input: unknown, options: StartOptions = {}): Promise<Task> {
    const { idempotencyKey, onDuplicate, ...others } = options;
    const [name = "", namespace] = template.split(/\/(.*)/s, 2).reverse();
    const answer = this.raw.POST("/v1/tasks", {
      body: { name, ...(namespace && { namespace }), context: input, ...others },
      params: { query: { ...(onDuplicate && { on_duplicate: onDuplicate }) } },
      headers: { ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }) },
    });
    return this.task((await unwrap(answer)).task_id);
  }

  /** A task by its id, without a request. */
  readonly task = (id: string): Task => new Task(this, id);

  /** The tasks that match, newest first. */
  tasks(filter: Parameters<"/v1/tasks">["query"] = {}): AsyncGenerator<Schemas["TaskSummary"]> {
    return this.list("/v1/tasks", { query: filter });
  }

  /** The items of any list, page after page: `tasker.list("/v1/audit", { query: { outcome: "denied" } })`. */
  async *list<P extends ListPath>(
    path: P,
    ...[parameters]: {} extends Parameters<P> ? [parameters?: Parameters<P>] : [parameters: Parameters<P>]
  ): AsyncGenerator<Item<P>> {
    // The compiler cannot follow a path that is not known yet.
    type Page = { items: Item<P>[]; next_cursor?: string | null };
    const get = this.raw.GET as (path: string, init: object) => Promise<{ data?: Page; response: Response }>;
    let query: object = { ...(parameters as { query?: object } | undefined)?.query };
    for (;;) {
      const page: Page = await unwrap(get(path, { params: { ...parameters, query } }));
      yield* page.items;
      if (!page.next_cursor) return;
      query = { ...query, cursor: page.next_cursor };
    }
  }
}

export class Task {
  constructor(private readonly tasker: Tasker, readonly id: string) {}
  /** The task as it is. With `waitSeconds`, once it is at rest, but after so long at the latest. */
  get(waitSeconds = 0, signal: AbortSignal | null = null): Promise<Schemas["TaskDetail"]> {
    const params = { path: { task_id: this.id }, query: { wait_seconds: waitSeconds } };
    return unwrap(this.tasker.raw.GET("/v1/tasks/{task_id}", { params, signal }));
  }

  /** Waits until the task is at rest: ended, or blocked by failures. */
  async wait({ seconds = 300, signal }: { seconds?: number; signal?: AbortSignal } = {}): Promise<Outcome> {
    const [until, limit] = [Date.now() + seconds * 1000, AbortSignal.timeout(Math.ceil(seconds * 1000))];
    try {
      for await (const { event, data } of this.follow({ signal: signal ? AbortSignal.any([signal, limit]) : limit }))
        if (event === "task" && AT_REST.has(data.to_state)) break;
    } catch (error) {
      // Where streams do not get through, or are all taken, requests that wait do the same.
      if (!limit.aborted && (!(error instanceof TaskerError) || DEFINITE.has(error.code))) throw error;
    }
    for (;;) {
      const left = Math.max(0, until - Date.now()) / 1000;
      const task = await this.get(Math.min(left, 60), signal);
      if (AT_REST.has(task.status)) return new Outcome(this, task);
      const detail = `task ${this.id} is ${task.status} after ${seconds} s: wait longer, or look into it`;
      if (left === 0) throw new TaskerError("wait_timed_out", detail);
    }
  }

  /** The events of the task until it is at rest. When the connection breaks it goes on, with a `snapshot` first. */
  async *follow({ logs = false, signal = null }: { logs?: boolean; signal?: AbortSignal | null } = {}) {
    const sinceLast = new Set<string>();
    for (let last: string | undefined, failures = 0; ; ) {
      let broken: unknown;
      try {
        const answer = this.tasker.raw.GET("/v1/tasks/{task_id}/stream", {
          params: { path: { task_id: this.id }, query: logs ? { logs } : {} },
          headers: { Accept: EVENT_STREAM, ...(last !== undefined && { "Last-Event-ID": last }) },
          parseAs: "stream",
          signal,
        });
        const body = (await unwrap(answer)) as unknown as ReadableStream<Uint8Array>;
        for await (const { event, data, id } of parse(body, signal)) {
          // A snapshot comes on every connection; what follows it shows that this one works.
          if (event !== "snapshot") failures = 0;
          if (data === undefined) continue;
          // Events without an id may come again.
          if (!sinceLast.has(data)) yield { event, data: JSON.parse(data), ...(id && { id }) } as TaskEvent;
          if (event === "end") return;
          sinceLast.add(data);
          // A snapshot repeats the id that was gone on from.
          if (id !== undefined && id !== last) (last = id), sinceLast.clear();
        }
      } catch (error) {
        if (error instanceof TaskerError && error.status && !TEMPORARY.has(error.status)) throw error;
        broken = error;
      }
      signal?.throwIfAborted();
      const detail = `the stream of task ${this.id} breaks again and again: does a proxy on the way cut it?`;
      if (failures++ >= this.tasker.retries)
        throw broken instanceof TaskerError ? broken : new TaskerError("connection_failed", detail, broken);
      await sleep(backoff(failures), signal);
    }
  }

  /** The result of a completed step, whatever its length. Needs the permission `tasks:context_read`. */
  async result<T = unknown>(step: string): Promise<T> {
    const params = { path: { task_id: this.id, step } };
    return (await unwrap(this.tasker.raw.GET("/v1/tasks/{task_id}/workflow_steps/{step}/result", { params }))) as T;
  }
}

/** A task at rest. `result` is that of the task: fetched when it is asked for. */
export class Outcome {
  constructor(private readonly handle: Task, readonly task: Schemas["TaskDetail"]) {}
  get isComplete(): boolean { return this.task.status === "complete"; }
  readonly result = <T = unknown>(step: string): Promise<T> => this.handle.result<T>(step);
}
