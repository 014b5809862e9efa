import type { components } from "../src/schema.d.ts";

type Problem = components["schemas"]["Problem"];
/** The codes of the API (docs/api.md), and those of this client. */
export type ErrorCode = Problem["code"] | "connection_failed" | "timed_out" | "unexpected_response" | "wait_timed_out";

/** A request that failed: `code` never changes, `detail` says what happened and what to do. */
export class TaskerError extends Error {
  override readonly name = "TaskerError";
  /** The HTTP status. Undefined if there was no response. */
  readonly status: number | undefined;
  /** Each fault of an input, with a JSON Pointer. */
  readonly errors: readonly components["schemas"]["Fault"][];
  /** What the server's log and audit call the request. */
  readonly requestId: string | undefined;
  /** The existing task, if the same request has already created one. */
  readonly taskId: string | undefined;

  constructor(readonly code: ErrorCode, readonly detail: string, cause?: unknown, problem?: Partial<Problem>) {
    super(`${code}: ${detail}`, { cause });
    this.status = problem?.status;
    this.errors = problem?.errors ?? [];
    this.requestId = problem?.instance?.split(":").at(-1);
    this.taskId = problem?.task_id ?? undefined;
  }

  /** From a response and its body, parsed if it was JSON. */
  static from({ status, headers }: Response, body: unknown): TaskerError {
    const problem = body as Problem | undefined;
    if (problem?.code) return new TaskerError(problem.code, problem.detail, undefined, problem);
    const detail = `the response ${status} is not Tasker's: is the URL right? ${String(body ?? "").slice(0, 200)}`;
    return new TaskerError("unexpected_response", detail, undefined, { status, instance: headers.get("x-request-id") });
  }
}
