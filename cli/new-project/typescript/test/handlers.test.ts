import assert from "node:assert/strict";
import { test } from "node:test";
import { context } from "tasker-handler/testing";
import { announce, compose } from "../src/handlers.ts";

test("a greeting is announced in capitals", () => {
  const composed = compose(context(), { name: "Ada" });
  assert.deepEqual(announce(context({ dependencies: { compose: composed } })), { text: "HELLO, ADA!" });
});

test("a guest needs a name", () => {
  assert.throws(() => compose(context(), { name: " " }), { errorType: "NoName", retryable: false });
});
