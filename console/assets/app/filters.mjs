// The filters of the list of tasks: query, chips, views. Pure.
// @ts-check

/** What each filter is called, in the order of the chips. @type {Record<string, string>} */
export const NAMES = {
  q: 'Finds',
  state: 'State',
  open: 'Open',
  namespace: 'Namespace',
  name: 'Template',
  version: 'Version',
  tag: 'Tag',
  tag_any: 'Any tag',
  attribute: 'Attribute',
  failed_step: 'Failed step',
  error_type: 'Error',
  paused: 'Paused',
  has_dlq_entry: 'In the DLQ',
  initiator: 'Initiator',
  source_system: 'Source',
  correlation_id: 'Correlation',
  parent_correlation_id: 'Parent correlation',
  created_after: 'Created',
  created_before: 'Created before',
  ended_after: 'Ended',
  ended_before: 'Ended before',
};
/** Those that may be there several times. */
export const MANY = ['state', 'tag', 'tag_any', 'attribute'];

/** The filters in an address. @param {URLSearchParams} query @returns {Record<string, any>} */
export function filtersOf(query) {
  /** @type {Record<string, any>} */
  const out = {};
  for (const name of Object.keys(NAMES)) {
    const values = query.getAll(name).filter(Boolean);
    if (!values.length) continue;
    out[name] = MANY.includes(name) ? values : values[0];
  }
  const order = query.get('order');
  if (order === 'asc') out.order = 'asc';
  return out;
}

/** Filters as the body of a bulk operation wants them. @param {Record<string, any>} filters */
export function bodyOf(filters) {
  /** @type {Record<string, any>} */
  const out = {};
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'order') continue;
    out[name] = ['open', 'paused', 'has_dlq_entry'].includes(name) ? value === 'true' || value === true : value;
  }
  return out;
}

/** A value in words. @param {string} name @param {any} value @param {(state: string) => string} stateWord */
export function valueWord(name, value, stateWord) {
  if (name === 'state') return value.map(stateWord).join(' or ');
  if (Array.isArray(value)) return value.join(name === 'tag_any' ? ' or ' : ' and ');
  if (['open', 'paused', 'has_dlq_entry'].includes(name)) return value === 'true' ? 'yes' : 'no';
  if (name === 'created_after' || name === 'ended_after') return /^\d+[smhd]$/.test(value) ? `last ${spelled(value)}` : `after ${value}`;
  return String(value);
}

/** `24h` as `24 h`. @param {string} text */
export const spelled = (text) =>
  text.replace(/^(\d+)([smhd])$/, (_, n, unit) => `${n} ${{ s: 's', m: 'min', h: 'h', d: 'd' }[/** @type {'s'} */ (unit)]}`);

/** The views that are always there. @type {[string, Record<string, any>, string?][]} name, filters, hue of its count */
export const VIEWS = [
  ['All', {}],
  ['Open', { open: 'true' }],
  ['Needs attention', { state: ['blocked_by_failures'] }, 'failed'],
  ['Retrying', { state: ['waiting_for_retry'] }],
  ['Failed today', { state: ['error'], created_after: '24h' }, 'failed'],
];

/** Whether two sets of filters are the same. @param {Record<string, any>} a @param {Record<string, any>} b */
export function same(a, b) {
  const text = (/** @type {Record<string, any>} */ one) =>
    JSON.stringify(
      Object.entries(one)
        .sort()
        .map(([key, value]) => [key, Array.isArray(value) ? [...value].sort() : value]),
    );
  return text(a) === text(b);
}

/** What text means as one filter: an id, `name=value`, a tag. @param {string} text @returns {[string, string]} */
export function guess(text) {
  const pair = /^([a-z_]+)\s*[=:]\s*(.+)$/.exec(text.trim());
  if (pair && pair[1] in NAMES) return [pair[1], pair[2]];
  if (pair) return ['attribute', `${pair[1]}=${pair[2]}`];
  return ['q', text.trim()];
}

/**
 * Joins rows that are shown with what was read: rows in their places take new values, and new rows wait.
 * @template {{ task_id: string }} T
 * @param {T[]} shown @param {T[]} read newest first @param {boolean} ascending
 */
export function merge(shown, read, ascending = false) {
  const byId = new Map(read.map((row) => [row.task_id, row]));
  const known = new Set(shown.map((row) => row.task_id));
  const rows = shown.map((row) => byId.get(row.task_id) ?? row);
  // Only rows before the first that is shown are new; later ones come with their page.
  const first = shown[0]?.task_id;
  const fresh = ascending ? [] : read.filter((row) => !known.has(row.task_id) && (first === undefined || row.task_id > first));
  const last = read[read.length - 1]?.task_id;
  const gone = ascending
    ? []
    : shown.filter((row) => last !== undefined && row.task_id >= last && !byId.has(row.task_id)).map((row) => row.task_id);
  return { rows, fresh, gone };
}
