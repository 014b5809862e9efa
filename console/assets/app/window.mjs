// Which rows of a long list are seen. Pure.
// @ts-check

/**
 * The rows to draw, with some around them.
 * @param {{ count: number, row: number, top: number, height: number, around?: number }} list
 */
export function windowOf({ count, row, top, height, around = 12 }) {
  const first = Math.max(0, Math.min(count, Math.floor(top / row) - around));
  const last = Math.min(count, Math.ceil((top + height) / row) + around);
  return { first, last: Math.max(first, last), before: first * row, after: Math.max(0, (count - Math.max(first, last)) * row) };
}
