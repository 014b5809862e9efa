// JSON in and out, so that nothing is lost: integers beyond 53 bits are BigInts, and what JavaScript cannot hold is refused.

import { PermanentFailure } from "./failure.js";

/** The deepest document. Deeper ones would exhaust the stack. */
const MAX_DEPTH = 1000;

// What only a closer look can tell: long integers, large exponents, halves of characters.
const SUSPICIOUS = /\d{16}|\d[eE]\+?\d{3}|\\u[dD][89a-fA-F]/;

/** Parses a document. Throws a `SyntaxError`. @param {string} text @returns {any} */
export function parse(text) {
  if (text.length > 2 * MAX_DEPTH && isTooDeep(text)) throw new SyntaxError(`it has more than ${MAX_DEPTH} levels`);
  if (!SUSPICIOUS.test(text)) return JSON.parse(text);
  // Engines with `rawJSON` tell a reviver how a number was written.
  return "rawJSON" in JSON ? JSON.parse(text, /** @type {any} */ (exact)) : parseMarked(text);
}

/** @param {string} text */
function isTooDeep(text) {
  // The engine removes what is no bracket, faster than a loop could.
  const brackets = text.replace(/"(?:[^"\\]|\\.)*"|[^[\]{}"]+/g, "");
  for (let index = 0, depth = 0; index < brackets.length; index += 1) {
    const letter = brackets.charCodeAt(index);
    depth += letter === 91 || letter === 123 ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** @param {string} key @param {unknown} value @param {any} context */
function exact(key, value, context) {
  if (typeof value === "number") return exactNumber(value, context.source);
  if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed())) {
    throw new SyntaxError("a text has half of a character (a lone surrogate)");
  }
  return value;
}

/** @param {number} value @param {string} source */
function exactNumber(value, source) {
  if (!Number.isFinite(value)) throw new SyntaxError(`the number ${source.slice(0, 40)} is out of range`);
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source) ? value : BigInt(source);
}

/** As `exact` in engines that do not tell: long integers are replaced by texts with a mark. @param {string} text */
function parseMarked(text) {
  let mark = "\u{10FFFF}";
  while (text.includes(mark)) mark += "\u{10FFFF}";
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
    if (token[0] === '"') return token;
    return typeof exactNumber(Number(token), token) === "bigint" ? `"${mark}${token}"` : token;
  });
  return JSON.parse(marked, (key, value) => {
    const isMarked = typeof value === "string" && value.startsWith(mark);
    return isMarked ? BigInt(value.slice(mark.length)) : exact(key, typeof value === "number" ? null : value, {}) ?? value;
  });
}

/** Writes a document. Throws a `TypeError`. @param {unknown} value @returns {string} */
export function stringify(value) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch {
    // It may hold BigInts; what else is wrong with it is wrong again.
    text = JSON.stringify(value, bigint);
  }
  return text === undefined ? refused(value) : text;
}

/** @param {unknown} value @returns {string} */
function refused(value) {
  if (value === undefined) return "null";
  throw new TypeError(`a ${typeof value} is not JSON`);
}

/** @param {string} _key @param {unknown} value */
function bigint(_key, value) {
  if (typeof value !== "bigint") return value;
  const { rawJSON } = /** @type {any} */ (JSON);
  if (rawJSON) return rawJSON(value.toString());
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  throw new TypeError("this version of Node cannot write integers beyond 53 bits as JSON");
}

/**
 * Parses a document of the step, and checks it against a schema.
 * @param {string} text @param {string} errorType @param {string} what @param {any} [schema]
 */
export function read(text, errorType, what, schema) {
  let value;
  try {
    value = parse(text);
  } catch (error) {
    throw unexpected(errorType, what, /** @type {Error} */ (error).message);
  }
  return schema === undefined ? value : check(value, errorType, what, schema);
}

/** Checks a value against a schema. @param {unknown} value @param {string} errorType @param {string} what @param {any} schema */
export function check(value, errorType, what, schema) {
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function") {
    throw new TypeError("a schema must implement Standard Schema, as those of zod, valibot and arktype do");
  }
  const checked = standard.validate(value);
  if (typeof checked?.then === "function") throw new TypeError("a schema must not be asynchronous");
  if (checked.issues) throw unexpected(errorType, what, checked.issues.map(issue).join("; "));
  return checked.value;
}

/** @param {any} found */
function issue(found) {
  const keys = (found.path ?? []).map((/** @type {any} */ part) => (typeof part === "object" ? part.key : part));
  return keys.length > 0 ? `${keys.map(String).join(".")}: ${found.message}` : found.message;
}

/** @param {string} errorType @param {string} what @param {string} why */
function unexpected(errorType, what, why) {
  return new PermanentFailure(errorType, `${what} does not have the expected form: ${why}`);
}

/** Writes a result. @param {string} what @param {unknown} value */
export function write(what, value) {
  try {
    return stringify(value);
  } catch (error) {
    const why = /** @type {Error} */ (error).message;
    throw new PermanentFailure("ResultNotSerializable", `${what} cannot be serialized: ${why}`);
  }
}
