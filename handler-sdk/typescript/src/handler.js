// The handlers of a component: how they are registered, described and run.

import { Failure, PermanentFailure } from "./failure.js";
import { encode } from "./outcome.js";
import { stringify } from "./json.js";

/** @type {Map<string, any>} */
const registered = new Map();

/** Tells a handler from other functions. */
const HANDLER = Symbol.for("tasker.handler");

/**
 * Makes a function a handler. Returns the function, so that tests can call it.
 * @param {string} name @param {any} options @param {any} [run]
 */
export function handler(name, options, run) {
  if (typeof options === "function") [options, run] = [{}, options];
  if (typeof name !== "string" || name.trim() === "") throw new TypeError("a handler needs a name: handler(\"name\", { … }, (ctx, input) => …)");
  if (typeof run !== "function") throw new TypeError(`the handler \`${name}\` has no function: handler("${name}", { … }, (ctx, input) => …)`);
  if (run.constructor?.name === "AsyncFunction") {
    throw new TypeError(`the handler \`${name}\` is async, which its engine cannot run: remove \`async\` and \`await\`; ctx.http and ctx.keyValue return their results at once`);
  }
  if (/GeneratorFunction$/.test(run.constructor?.name ?? "")) {
    throw new TypeError(`the handler \`${name}\` is a generator, which returns no result: write a plain function`);
  }
  if (registered.has(name)) throw new TypeError(`two handlers are called \`${name}\``);
  const call = (/** @type {any} */ ctx, /** @type {any} */ input) => run(ctx, input);
  Object.defineProperty(call, HANDLER, { value: { name, options, run } });
  registered.set(name, { name, options, run });
  warmUp(options.input);
  return call;
}

/** Lets a library compile its schema now, which the build keeps, and not in every execution. @param {any} schema */
function warmUp(schema) {
  try {
    schema?.["~standard"].validate({});
  } catch {
    // What is no schema is said when the handler runs.
  }
}

/** What the component says about its handlers. */
export function describe() {
  const handlers = [...registered.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return handlers.map(({ name, options }) => ({
    name,
    description: options.description ?? "",
    inputSchema: schemaOf(options.inputSchema, options.input, "input"),
    resultSchema: schemaOf(options.resultSchema, options.result, "output"),
  }));
}

/** @param {unknown} written @param {any} schema @param {"input" | "output"} side */
function schemaOf(written, schema, side) {
  if (written !== undefined) return stringify(written);
  const convert = schema?.["~standard"]?.jsonSchema?.[side];
  return typeof convert === "function" ? stringify(convert({ target: "draft-2020-12" })) : null;
}

/**
 * Runs a handler by name, and throws a failure.
 * @param {string} name @param {import("./context.js").Context} context
 */
export function runNamed(name, context) {
  const found = registered.get(name);
  if (found === undefined) {
    const names = [...registered.keys()].sort().join(", ");
    throw new PermanentFailure("UnknownHandler", `the component has no handler \`${name}\`; it has ${names}`);
  }
  return runHandler(found, context);
}

/** @param {any} found @param {import("./context.js").Context} context */
function runHandler({ name, options, run }, context) {
  try {
    // A function does not say whether it takes the input: `length` does not count parameters with defaults.
    const input = context.input(options.input);
    const returned = run(context, input);
    if (typeof returned?.then === "function") {
      throw new PermanentFailure("AsyncHandler", `the handler \`${name}\` returned a promise, which its engine cannot wait for: return the value itself`);
    }
    return encode(returned);
  } catch (thrown) {
    throw Failure.from(thrown);
  }
}

/** Runs a function that `handler` returned, as the host does: JSON in, outcome out. @param {any} call @param {any} context */
export function runAsHost(call, context) {
  return runHandler(call[HANDLER], context);
}
