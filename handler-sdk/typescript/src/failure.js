// Failures of handlers.

/** Why a handler failed. Throw it; any other error that is thrown is a retryable failure. */
export class Failure extends Error {
  /**
   * @param {string} errorType A short stable name, such as `CardDeclined`.
   * @param {string} message What happened, for people.
   * @param {{ retryable?: boolean, retryAfterMs?: number, details?: unknown, cause?: unknown }} [options]
   */
  constructor(errorType, message, options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = errorType;
    this.errorType = errorType;
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = this.retryable ? options.retryAfterMs : undefined;
    this.details = options.details;
  }

  /** As a failure, what a handler has thrown. @param {unknown} thrown */
  static from(thrown) {
    if (thrown instanceof Failure) return thrown;
    const isError = thrown instanceof Error;
    const failure = new Failure(isError ? typeName(thrown) : "Thrown", messages(thrown), { retryable: true });
    const stack = isError ? stacks(thrown) : "";
    if (stack) failure.details = { stack };
    return failure;
  }
}

/** A failure that every attempt would have. */
export class PermanentFailure extends Failure {
  /** @param {string} errorType @param {string} message @param {{ details?: unknown, cause?: unknown }} [options] */
  constructor(errorType, message, options = {}) {
    super(errorType, message, { ...options, retryable: false });
  }
}

/** A failure that another attempt may not have. `retryAfterMs` replaces the template's backoff. */
export class RetryableFailure extends Failure {
  /** @param {string} errorType @param {string} message @param {{ retryAfterMs?: number, details?: unknown, cause?: unknown }} [options] */
  constructor(errorType, message, options = {}) {
    super(errorType, message, { ...options, retryable: true });
  }
}

/** The name of an error's class, if nobody has set another. @param {Error} error */
function typeName(error) {
  return error.name && error.name !== "Error" ? error.name : error.constructor?.name || "Error";
}

/** The message of an error and of its causes. @param {any} error */
function messages(error) {
  const parts = [];
  for (let depth = 0; error !== undefined && error !== null && depth < 16; depth += 1) {
    parts.push(error instanceof Error ? error.message : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return parts.join(": ");
}

/** The stack of an error and of its causes. @param {any} error */
function stacks(error) {
  const parts = [];
  for (let depth = 0; error instanceof Error && depth < 16; depth += 1) {
    const head = `${typeName(error)}: ${error.message}`;
    // Node's stacks begin with the name and the message, those of QuickJS do not.
    const frames = (error.stack ?? "").split("\n").filter((line) => /^\s*at /.test(line));
    parts.push([depth === 0 ? head : `caused by ${head}`, ...frames].join("\n"));
    error = error.cause;
  }
  return parts.join("\n");
}
