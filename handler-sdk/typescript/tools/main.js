#!/usr/bin/env node
// `tasker-handler test` runs the tests of a package; `tasker build` calls `tasker-handler build --output FILE`.

import { build } from "./build.js";
import { Problem } from "./problem.js";
import { test } from "./test.js";

const [command, ...rest] = process.argv.slice(2);
try {
  if (command === "build" && rest[0] === "--output" && rest[1]) {
    await build(process.cwd(), rest[1]);
  } else if (command === "test") {
    process.exitCode = await test(process.cwd(), rest);
  } else {
    throw new Problem("usage: tasker-handler test [options of node --test]\n       tasker-handler build --output FILE");
  }
} catch (error) {
  console.error(error instanceof Problem ? error.message : error);
  process.exitCode = 1;
}
