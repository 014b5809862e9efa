/** Contexts for ordinary tests of handlers, with a simulated host. Nothing is ever sent. */

import type { Context, Failure } from "./index.js";

/** A request that a handler has sent. */
export interface SentRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}

/** What a test answers. */
export interface Answer {
  /** 200 if absent. */
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  body?: string | Uint8Array;
}

/** A step. Everything has a usable default. */
export interface Step {
  stepName?: string;
  attempt?: number;
  maxAttempts?: number;
  input?: unknown;
  /** The step's `handler.initialization`. */
  configuration?: unknown;
  /** Results by step name. */
  dependencies?: Record<string, unknown>;
  cursor?: unknown;
  checkpoint?: unknown;
  batch?: { workerNumber?: number; totalWorkers?: number; isNoOp?: boolean };
  attributes?: Record<string, unknown>;
  /** Granted secrets. */
  secrets?: Record<string, string>;
  /** Values by bucket and key. The handler changes them. */
  buckets?: Record<string, Record<string, unknown>>;
  /** Answers the handler's requests. */
  http?: (request: SentRequest) => Answer;
  /** Gets the progress texts that the handler reports. */
  heartbeats?: string[];
  cancelled?: boolean;
  remainingTimeMs?: number;
}

/** Builds a context for tests. */
export function context(step?: Step): Context;

/** Runs a handler as the host does: reads and checks its input, writes its result. Throws a {@link Failure}. */
export function run(
  handler: (ctx: Context, input?: any) => unknown,
  ctx: Context,
): { complete?: any; checkpoint?: any; branch?: { steps: string[]; result: any }; batch?: { cursors: any[]; result: any } };
