// Builds the handlers of a package into a component: checks types, bundles, and makes the component. Does nothing if nothing has
// changed since the last build.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { bundle } from "./bundle.js";
import { componentize } from "./componentize.js";
import { checkTypes } from "./types.js";
import { Problem } from "./problem.js";

/** @param {string} folder The package. @param {string} output The file of the component. */
export async function build(folder, output) {
  const entry = join(folder, entryOf(folder));
  const bundled = await bundle(folder, entry);
  const key = await digest(folder, bundled.inputs);
  const note = `${output}.key`;
  if (existsSync(output) && existsSync(note) && readFileSync(note, "utf8") === key) return;
  checkTypes(folder);
  const component = await componentize(bundled.code);
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(`${output}.new`, component);
  renameSync(`${output}.new`, output);
  writeFileSync(note, key);
}

/** The file with the handlers. @param {string} folder */
function entryOf(folder) {
  const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof main !== "string") throw new Problem(`${join(folder, "package.json")} has no \`main\`: name the file with the handlers, such as "src/handlers.ts"`);
  if (!existsSync(join(folder, main))) throw new Problem(`${join(folder, "package.json")} names \`${main}\` as \`main\`, which is not there`);
  return main;
}

/** What the component depends on. @param {string} folder @param {string[]} inputs */
async function digest(folder, inputs) {
  const require = createRequire(import.meta.url);
  const tools = ["build.js", "bundle.js", "componentize.js"].map((file) => join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), file));
  const engine = require.resolve("componentize-qjs/package.json");
  const hash = createHash("sha256");
  const settings = ["package.json", "tsconfig.json"].map((file) => join(folder, file));
  for (const file of [...inputs.map((input) => resolve(folder, input)).sort(), ...settings, ...tools, engine]) {
    hash.update(file).update("\0");
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}
