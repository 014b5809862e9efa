// How a handler fails.

import { handler, PermanentFailure, RetryableFailure } from "tasker-handler";
import * as z from "zod";

const Wanted = z.object({
  kind: z.string(),
  error_type: z.string(),
  message: z.string(),
  retry_after_ms: z.number().optional(),
  details: z.unknown().optional(),
});

handler("fail", { description: "Fails as its input says: `permanent`, `retryable` or `retry_after`.", input: Wanted }, (_ctx, wanted) => {
  const { kind, error_type: errorType, message, retry_after_ms: retryAfterMs, details } = wanted;
  if (kind === "permanent") throw new PermanentFailure(errorType, message, { details });
  throw new RetryableFailure(errorType, message, { details, retryAfterMs: kind === "retry_after" ? retryAfterMs : undefined });
});

/** The error of some library. */
class Broken extends Error {}

function fails(message: string, cause?: string): never {
  throw new Broken(message, cause === undefined ? undefined : { cause: new Broken(cause) }); // conformance: thrown here
}

const Messages = z.object({ message: z.string(), cause: z.string().optional() });

handler("throw", { description: "Fails with an error that is no failure.", input: Messages }, (_ctx, { message, cause }) => fails(message, cause));
