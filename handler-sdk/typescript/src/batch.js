// Batches: splits work into slices, processes a slice step by step, and combines the results.

import { Outcome } from "./outcome.js";

/** Splits `total` items into slices of `size`; the last one has the remainder. A size of 0 counts as 1. @param {number} total @param {number} size */
export function ranges(total, size) {
  const slices = [];
  for (let start = 0; start < total; start += Math.max(size, 1)) {
    slices.push({ start, end: Math.min(total, start + Math.max(size, 1)) });
  }
  return slices;
}

/** Splits `total` items evenly among `workers`. No slice is empty, and their sizes differ by at most one. @param {number} total @param {number} workers */
export function split(total, workers) {
  const count = Math.min(Math.max(workers, 1), total);
  const slices = [];
  for (let start = 0, worker = 0; worker < count; worker += 1) {
    const end = start + Math.floor(total / count) + (worker < total % count ? 1 : 0);
    slices.push({ start, end });
    start = end;
  }
  return slices;
}

/** The progress of a worker, saved with a checkpoint. */
export class Progress {
  /** @param {any} cursor @param {any} accumulated @param {number} itemsProcessed */
  constructor(cursor, accumulated, itemsProcessed = 0) {
    this.cursor = cursor;
    this.accumulated = accumulated;
    this.itemsProcessed = itemsProcessed;
  }

  /**
   * The progress of the previous run, else from `start`, which defaults to the start of the worker's slice.
   * @param {import("./context.js").Context} ctx @param {any} accumulated @param {any} [start]
   */
  static resume(ctx, accumulated, start) {
    const saved = ctx.checkpoint();
    if (saved !== undefined) return new Progress(saved.cursor, saved.accumulated, saved.items_processed);
    return new Progress(start ?? ctx.slice().start, accumulated);
  }

  /** Records `items` more processed items and the position to continue from. @param {any} cursor @param {number} items */
  advance(cursor, items) {
    this.cursor = cursor;
    this.itemsProcessed += items;
  }

  /** Saves the progress and runs the handler again as the same attempt. */
  checkpoint() {
    return Outcome.checkpoint({
      cursor: this.cursor, items_processed: this.itemsProcessed, accumulated: this.accumulated,
    });
  }
}

/** Adds up counts of items: `processed`, `succeeded`, `failed`, `skipped`. @param {Iterable<Record<string, number>>} counts */
export function sumCounts(counts) {
  const sum = { processed: 0, succeeded: 0, failed: 0, skipped: 0 };
  for (const one of counts) {
    for (const name of /** @type {(keyof typeof sum)[]} */ (Object.keys(sum))) sum[name] += one[name] ?? 0;
  }
  return sum;
}
