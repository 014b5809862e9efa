// Geometry of charts: round axes, lines, bars. Pure.
// @ts-check

/** The top of an axis and its step: at most five steps, each 1, 2 or 5 times a power of ten, none below one. @param {number} most */
export function axisOf(most) {
  const rough = Math.max(most, 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough - 1e-9) ?? 10 * power);
  return { step, top: Math.max(step, Math.ceil(most / step) * step) };
}

/** Where value `i` of `n` stands, from `left` to `right`. @param {number} i @param {number} n @param {number} left @param {number} right */
export const placeOf = (i, n, left, right) => (n < 2 ? (left + right) / 2 : left + ((right - left) * i) / (n - 1));

/** The nearest of `n` values to a place. @param {number} x @param {number} n @param {number} left @param {number} right */
export const nearest = (x, n, left, right) =>
  Math.max(0, Math.min(n - 1, Math.round(((x - left) / Math.max(1, right - left)) * (n - 1))));

/** A line through values, as a path. @param {number[]} values @param {{ left: number, right: number, bottom: number, height: number, top: number }} box */
export function lineOf(values, { left, right, bottom, height, top }) {
  const at = (/** @type {number} */ value, /** @type {number} */ i) =>
    `${placeOf(i, values.length, left, right).toFixed(1)} ${(bottom - (height * value) / top).toFixed(1)}`;
  return values.map((value, i) => `${i ? 'L' : 'M'}${at(value, i)}`).join('');
}

/** Which of `n` values have a label below: the first, the last, and some between, about `most`. @param {number} n @param {number} most */
export function labelled(n, most) {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (n - 1)) / (most - 1)));
}

/** A part as a percentage: `0.4 %`, `12 %`. @param {number | null | undefined} part */
export function percent(part) {
  if (part === null || part === undefined || Number.isNaN(part)) return '–';
  const value = 100 * part;
  return `${value === 0 || Math.abs(value) >= 9.95 ? Math.round(value) : value.toFixed(1)} %`;
}

/** A change against the period before: `+12 %`, `−3.0 %`. @param {number | null | undefined} change */
export function changeOf(change) {
  if (change === null || change === undefined) return '';
  if (Math.abs(change) < 0.0005) return 'as before';
  return `${change > 0 ? '+' : '−'}${percent(Math.abs(change))}`;
}
