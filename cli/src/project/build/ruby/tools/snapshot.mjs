// Loads handlers, and writes the memory and the globals that the interpreter then has: `node snapshot.mjs REQUEST`, with
// `interpreter`, `folders`, `code`, `stored_stack`, `memory` and `globals` in a file of JSON.

import { readFileSync, writeFileSync } from "node:fs";
import { start } from "./interpreter.mjs";

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ruby = start(request.interpreter, request.folders);
const globals = Object.entries(ruby.exports)
  .filter(([name]) => name.startsWith("global:"))
  .map(([name, global]) => [Number(name.slice("global:".length)), global])
  .sort(([one], [other]) => one - other);
// The stacks that the interpreter stores: see the glue.
globals.at(-1)[1].value = ruby.exports.cabi_realloc(0, 0, 16, request.stored_stack);
const receiver = ruby.run(request.code);
// Ruby has said what is wrong.
if (receiver === ruby.run("nil")) process.exit(1);
globals.at(-3)[1].value = receiver;
globals.at(-2)[1].value = ruby.intern("call");
writeFileSync(request.memory, new Uint8Array(ruby.exports.memory.buffer));
writeFileSync(request.globals, JSON.stringify(globals.map(([index, { value }]) => [index, Number(value)])));
