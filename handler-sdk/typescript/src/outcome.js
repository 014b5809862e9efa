// The outcomes of handlers.

import { write } from "./json.js";

/** What a handler returns if its step is not simply complete. */
export class Outcome {
  /** @param {"branch" | "batch" | "checkpoint"} kind @param {unknown} result @param {unknown[]} items */
  constructor(kind, result, items = []) {
    this.kind = kind;
    this.result = result;
    this.items = items;
  }

  /** For decision steps: these steps run next. @param {Iterable<string>} steps @param {unknown} result */
  static branch(steps, result = null) {
    return new Outcome("branch", result, [...steps].map(String));
  }

  /** For batchable steps: a worker is created for each cursor. @param {Iterable<unknown>} cursors @param {unknown} result */
  static batch(cursors, result = null) {
    return new Outcome("batch", result, [...cursors]);
  }

  /** Saves this value and runs the handler again, as the same attempt. @param {unknown} value */
  static checkpoint(value) {
    return new Outcome("checkpoint", value);
  }
}

/** What a handler has returned, as the contract has it. @param {unknown} returned */
export function encode(returned) {
  if (!(returned instanceof Outcome)) return { tag: "complete", val: write("the result", returned) };
  const { kind, result, items } = returned;
  if (kind === "checkpoint") return { tag: "checkpoint", val: write("the checkpoint", result) };
  const written = write("the result", result);
  if (kind === "branch") return { tag: "branch", val: { steps: items, result: written } };
  return { tag: "batch", val: { cursors: items.map((cursor) => write("a cursor", cursor)), result: written } };
}
