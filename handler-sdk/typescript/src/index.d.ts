/**
 * Write Tasker step handlers in TypeScript or JavaScript.
 *
 * ```ts
 * export const validateOrder = handler(
 *   "validate_order",
 *   { description: "Checks an order.", input: z.object({ items: z.array(z.string()) }) },
 *   (ctx, order) => {
 *     if (order.items.length === 0) throw new PermanentFailure("EmptyOrder", "the order has no items");
 *     return { item_count: order.items.length };
 *   },
 * );
 * ```
 */

/** A schema of any library that implements Standard Schema: zod, valibot, arktype and others. */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The type of what a schema accepts, after it has read it. */
export type Output<S extends Schema> = NonNullable<S["~standard"]["types"]>["output"];

/** What is known about a handler besides its function. */
export interface Options<In extends Schema | undefined, Out extends Schema | undefined> {
  /** Its purpose, in one sentence. */
  description?: string;
  /** The schema of the task's input. The handler gets what the schema returns; what it refuses is a permanent `InvalidInput`. */
  input?: In;
  /** The schema of the result, for people and tools. */
  result?: Out;
  /** The JSON Schema of the input, if the library of `input` does not offer it. */
  inputSchema?: object | boolean;
  /** The JSON Schema of the result, if the library of `result` does not offer it. */
  resultSchema?: object | boolean;
}

/** The input of a handler: what its schema returns, else any JSON. */
export type Input<In extends Schema | undefined> = In extends Schema ? Output<In> : any;

/** What a handler returns: its result, or another outcome. */
export type Returned<Out extends Schema | undefined> = Out extends Schema ? Output<Out> | Outcome : unknown;

/**
 * Makes a function a handler. Returns the function, so that tests can call it.
 *
 * An error that it throws is a retryable failure with the name of its class; throw a {@link PermanentFailure} where every attempt
 * would fail. It cannot be async: requests and buckets return their results at once.
 *
 * @param name The name that templates use as `callable`, unique in the component.
 */
export function handler<
  In extends Schema | undefined = undefined,
  Out extends Schema | undefined = undefined,
  R extends Returned<Out> = Returned<Out>,
>(name: string, options: Options<In, Out>, run: (ctx: Context, input: Input<In>) => R): (ctx: Context, input?: Input<In>) => R;
export function handler<R>(name: string, run: (ctx: Context, input: any) => R): (ctx: Context, input?: any) => R;

/** Information about the step, and services of the host. */
export class Context {
  private constructor();
  /** The task, a UUIDv7. */
  readonly taskId: string;
  /** The namespace of the task's template. */
  readonly namespace: string;
  /** The name of the task's template. */
  readonly taskName: string;
  /** The version of the task's template. */
  readonly taskVersion: string;
  /** The name of the step. */
  readonly stepName: string;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  /** The maximum number of attempts. */
  readonly maxAttempts: number;
  /** Whether a failure is final. */
  readonly isLastAttempt: boolean;
  /** The id that correlates the task with its cause. Pass it on to the systems you call. */
  readonly correlationId: string;
  /** The W3C trace context of the step. Pass it on to the systems you call. */
  readonly traceParent: string | undefined;
  /** A key that is the same for every attempt of this step, for calls that must take effect only once. */
  readonly idempotencyKey: string;
  /** The names of the dependencies with results, in the order of the template. */
  readonly dependencyNames: string[];
  /** Requests to the destinations in the template's `grants.http`. */
  readonly http: Http;
  /** The buckets in the template's `grants.key_value`. */
  readonly keyValue: KeyValue;

  /** The task's input. Throws a permanent `InvalidInput`. */
  input(): any;
  input<S extends Schema>(schema: S): Output<S>;
  /** The result of a dependency, by step name. Throws a permanent `MissingDependency` or `InvalidDependencyResult`. */
  dependency(step: string): any;
  dependency<S extends Schema>(step: string, schema: S): Output<S>;
  /** The step's `handler.initialization`. Throws a permanent `InvalidConfiguration`. */
  configuration(): any;
  configuration<S extends Schema>(schema: S): Output<S>;
  /** One key of the step's `handler.initialization`. Throws a permanent `InvalidConfiguration` if it is missing. */
  config(key: string): any;
  config<S extends Schema>(key: string, schema: S): Output<S>;
  /** The cursor of a batch worker; undefined in other steps. Throws a permanent `InvalidCursor`. */
  cursor(): any;
  cursor<S extends Schema>(schema: S): Output<S> | undefined;
  /** The value of the step's last checkpoint, from this or an earlier attempt. Throws a permanent `InvalidCheckpoint`. */
  checkpoint(): any;
  checkpoint<S extends Schema>(schema: S): Output<S> | undefined;
  /** An attribute that has no property here; undefined if the host does not provide it. */
  attribute(name: string): any;
  attribute<S extends Schema>(name: string, schema: S): Output<S> | undefined;
  /** A secret that the template grants to this step. Throws a permanent `SecretNotGranted`. */
  secret(name: string): string;

  /** Reports progress, for people, and that the handler is alive. */
  heartbeat(progress: string): void;
  /** Whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts. */
  cancelled(): boolean;
  /** The milliseconds until the host stops this run. */
  remainingTimeMs(): number;

  /** The batch of a batch worker; undefined in other steps. */
  batch(): Batch | undefined;
  /** The slice of a batch worker whose cursors are slices; empty if the batch is. Throws a permanent `MissingCursor`. */
  slice(): Slice;
  /** The results of the workers of a batch in the order of their numbers. An isolated worker has none. */
  workerResults(worker: string): { number: number; result: any }[];
  workerResults<S extends Schema>(worker: string, schema: S): { number: number; result: Output<S> }[];
}

/** A worker's position in its batch, and the template's `batch_config`. */
export interface Batch {
  batchStep: string;
  /** From 1. */
  workerNumber: number;
  totalWorkers: number;
  batchSize: number;
  cursorField: string;
  failureStrategy: string;
  /** The batch is empty: this worker lets the dependent steps run. */
  isNoOp: boolean;
}

/** A slice of the work: from `start` (inclusive) to `end` (exclusive). */
export interface Slice {
  start: number;
  end: number;
}

/** What a handler returns if its step is not simply complete. */
export class Outcome {
  private constructor();
  private readonly kind: string;
  /** For decision steps: these steps run next. */
  static branch(steps: Iterable<string>, result?: unknown): Outcome;
  /** For batchable steps: a worker is created for each cursor. Without cursors, one placeholder worker runs. */
  static batch(cursors: Iterable<unknown>, result?: unknown): Outcome;
  /** Saves this value and runs the handler again, as the same attempt. */
  static checkpoint(value: unknown): Outcome;
}

/** Why a handler failed. Throw it. */
export class Failure extends Error {
  constructor(errorType: string, message: string, options?: { retryable?: boolean; retryAfterMs?: number; details?: unknown; cause?: unknown });
  /** A short stable name, such as `CardDeclined`. */
  readonly errorType: string;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
  /** The minimum wait before the next attempt, in milliseconds, instead of the template's backoff. */
  readonly retryAfterMs: number | undefined;
  /** Details for debugging. */
  readonly details: unknown;
}

/** A failure that every attempt would have. */
export class PermanentFailure extends Failure {
  constructor(errorType: string, message: string, options?: { details?: unknown; cause?: unknown });
}

/** A failure that another attempt may not have. */
export class RetryableFailure extends Failure {
  constructor(errorType: string, message: string, options?: { retryAfterMs?: number | undefined; details?: unknown; cause?: unknown });
}

/** A request's headers and body. */
export interface RequestOptions {
  headers?: Record<string, string>;
  /** The body as JSON. */
  json?: unknown;
  body?: string | Uint8Array;
}

/**
 * Sends requests and waits for the whole response. Throws a retryable `HttpUnreachable` if there was none, a permanent `HttpDenied`
 * if the template does not grant the destination. An error status is no error: see {@link Response.check}.
 */
export interface Http {
  get(url: string, options?: RequestOptions): Response;
  post(url: string, options?: RequestOptions): Response;
  put(url: string, options?: RequestOptions): Response;
  patch(url: string, options?: RequestOptions): Response;
  delete(url: string, options?: RequestOptions): Response;
  request(method: string, url: string, options?: RequestOptions): Response;
}

/** A response with its whole body. */
export interface Response {
  readonly status: number;
  /** Names, in lower case, and values. */
  readonly headers: [string, string][];
  readonly bytes: Uint8Array;
  readonly url: string;
  /** The value of a header. */
  header(name: string): string | undefined;
  /** The body as UTF-8. Invalid bytes become U+FFFD. */
  text(): string;
  /** The body as JSON. Throws a retryable `HttpInvalidBody`. */
  json(): any;
  /**
   * Returns the response unless its status is an error: a failure named `Http` and the status. 408, 409, 425, 429, 500, 502, 503 and
   * 504 are retryable, after the response's `Retry-After`; all others from 400 on are permanent. The host follows no redirects.
   */
  check(): Response;
}

/** Opens buckets of the template's namespace. */
export interface KeyValue {
  /** Throws a permanent `KeyValueDenied` if the template does not grant it. */
  open(bucket: string): Bucket;
}

/**
 * An open bucket. Values are JSON of up to 400,000 bytes, keys have up to 1,024. Every method throws a retryable `KeyValueFailed` if
 * the store is unavailable, and a permanent `InvalidValue` for a value that cannot be written or read.
 */
export interface Bucket {
  get<T = any>(key: string): T | undefined;
  getMany<T = any>(keys: string[]): (T | undefined)[];
  set(key: string, value: unknown): void;
  /** On error, some may have been set. */
  setMany(values: Iterable<readonly [string, unknown]>): void;
  getBytes(key: string): Uint8Array | undefined;
  setBytes(key: string, bytes: Uint8Array): void;
  delete(...keys: string[]): void;
  exists(key: string): boolean;
  /** All keys that have a value. Reads the whole bucket, page by page. */
  keys(): string[];
  /** Adds to a number atomically and returns the sum; at most 53 bits. A key without a value counts as 0. */
  increment(key: string, delta?: number | bigint): number;
  /** Replaces the value by `change` of the old one, and calls it again if the value was written in between. */
  update<T>(key: string, change: (old: T | undefined) => T): T;
}

/** Splits `total` items into slices of `size`; the last one has the remainder. */
export function ranges(total: number, size: number): Slice[];
/** Splits `total` items evenly among `workers`. No slice is empty. */
export function split(total: number, workers: number): Slice[];

/** The progress of a worker, saved with a checkpoint. */
export class Progress<T, C = number> {
  private constructor();
  /** The position to continue from. */
  cursor: C;
  /** The number of processed items. */
  itemsProcessed: number;
  /** The accumulated result. */
  accumulated: T;
  /** The progress of the previous run, else from `start`: by default, the start of the worker's slice. */
  static resume<T, C = number>(ctx: Context, accumulated: T, start?: C): Progress<T, C>;
  /** Records `items` more processed items and the position to continue from. */
  advance(cursor: C, items: number): void;
  /** Saves the progress and runs the handler again, as the same attempt. */
  checkpoint(): Outcome;
}

/** Item counts of a slice or of all slices. */
export interface Counts {
  processed: number;
  succeeded: number;
  failed: number;
  skipped: number;
}

/** Adds up counts. Missing ones are 0. */
export function sumCounts(counts: Iterable<Partial<Counts>>): Counts;
