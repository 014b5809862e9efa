// A task beside what is usual for its template: how each step's time compares. Pure.
// @ts-check

/**
 * @typedef {{ p50: number, p95: number }} Usual milliseconds
 * @typedef {{ word: string, hue: 'done' | 'retry' | 'failed' | 'waiting' }} Verdict
 */

/** What is usual, by step. @param {any[]} rows of `v1/analytics/steps` @returns {Map<string, { usual: Usual | null, failures: number, executions: number }>} */
export const usualOf = (rows) =>
  new Map(
    rows.map((row) => [
      row.step,
      {
        usual: row.duration && { p50: row.duration.p50 * 1000, p95: row.duration.p95 * 1000 },
        failures: row.error_rate,
        executions: row.execution_count,
      },
    ]),
  );

/** Twice as long as 95 of 100 is more than a bad moment; below this nobody notices. */
const NOTICED_MS = 20;

/** How a time compares. @param {number | null} ms @param {Usual | null | undefined} usual @returns {Verdict} */
export function verdict(ms, usual) {
  if (!usual) return { word: 'nothing to compare with', hue: 'waiting' };
  if (ms === null) return { word: 'has not run', hue: 'waiting' };
  if (ms <= usual.p95 || ms < NOTICED_MS) return { word: ms <= usual.p50 || ms < NOTICED_MS ? 'as usual' : 'slower than half', hue: 'done' };
  const times = ms / usual.p95;
  return times < 2
    ? { word: 'slower than 95 of 100', hue: 'retry' }
    : { word: `${times < 10 ? times.toFixed(1) : Math.round(times)} times the p95`, hue: 'failed' };
}
