// The component that handlers are built into: the only file that talks to the host.

import execution from "tasker:handler/execution@1.0.0";
import config from "wasi:config/store@0.2.0-rc.1";
import logging from "wasi:logging/logging@0.1.0-draft";
import random from "wasi:random/random@0.2.12";
import { Context } from "./context.js";
import { describe, runNamed } from "./handler.js";
import { stringify } from "./json.js";
import { complete } from "./missing.js";
import { mapped } from "./stack.js";
import { open } from "./wasi_key_value.js";
import { send } from "./wasi_http.js";

/** The context of log lines: the handler that runs. None while the handlers are loaded, which has no log. @type {string | undefined} */
let target;

const host = {
  http: send,
  keyValue: open,
  secret: (/** @type {string} */ name) => config.get(String(name)),
  said: (/** @type {any} */ error) => error?.payload?.val ?? error?.val ?? String(error?.message ?? error),
  heartbeat: (/** @type {string} */ progress) => execution.heartbeat(progress),
  cancelled: () => execution.cancelled(),
  remainingTimeMs: () => execution.remainingTimeMs(),
};

complete(
  (level, message) => {
    if (target !== undefined) logging.log(level, target, message);
  },
  (length) => Uint8Array.from(random.getRandomBytes(length)),
);

export const stepHandler = {
  describe,

  /** @param {string} name @param {any} facts */
  handle(name, facts) {
    target = name;
    try {
      return runNamed(name, new Context(facts, host));
    } catch (failure) {
      throw encodeFailure(/** @type {import("./failure.js").Failure} */ (failure));
    }
  },
};

/** @param {import("./failure.js").Failure} failure */
function encodeFailure({ errorType, message, retryable, retryAfterMs, details }) {
  let written = null;
  try {
    if (details !== undefined) written = mapped(stringify(details));
  } catch {
    // Details are for people: without them the failure still counts.
  }
  const wait = Number(retryAfterMs);
  return {
    errorType: String(errorType),
    message: String(message),
    retryable: Boolean(retryable),
    retryAfterMs: retryAfterMs !== undefined && wait >= 0 ? Math.min(Math.round(wait), Number.MAX_SAFE_INTEGER) : null,
    details: written,
  };
}
