// The package carries copies of interfaces, because npm packs one folder.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (/** @type {string} */ path) => readFileSync(path, "utf8");

test("the copies are what the others have", () => {
  assert.equal(read("wit/deps/handler/handler.wit"), read("../wit/handler.wit"));
  for (const name of ["config", "keyvalue", "logging"]) {
    assert.equal(read(`wit/deps/${name}/${name}.wit`), read(`../rust/wit/deps/${name}/${name}.wit`));
  }
});
