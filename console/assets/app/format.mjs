// Figures for people: durations, ages, times, sizes, ids. Pure.
// @ts-check

/** Thousands by a thin space. @param {number} n */
export const count = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009');

/** `01b977d9…9c41`. @param {string} id */
export const shortId = (id) => (id && id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : (id ?? ''));

/** A duration. @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms == null || Number.isNaN(ms)) return '–';
  if (ms < 0) ms = 0;
  if (ms < 1) return '< 1 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const whole = Math.round(s);
  const [d, h, m] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (d) return h ? `${d} d ${h} h` : `${d} d`;
  if (h) return `${h} h ${String(m).padStart(2, '0')} m`;
  return `${m} m ${String(whole % 60).padStart(2, '0')} s`;
}

/** How long ago, in one unit. @param {number} ms */
export function age(ms) {
  const s = Math.max(0, ms / 1000);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

/** A countdown: `0:12`, `1:03:20`. @param {number} ms */
export function countdown(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** @param {number | null | undefined} n */
export function bytes(n) {
  if (n == null) return '–';
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = n / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const two = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** Parts of a time in local time or UTC. @param {string | number} at @param {'UTC' | 'local'} zone */
function parts(at, zone) {
  const d = new Date(at);
  return zone === 'UTC'
    ? {
        y: d.getUTCFullYear(),
        mo: d.getUTCMonth() + 1,
        d: d.getUTCDate(),
        h: d.getUTCHours(),
        mi: d.getUTCMinutes(),
        s: d.getUTCSeconds(),
        ms: d.getUTCMilliseconds(),
      }
    : {
        y: d.getFullYear(),
        mo: d.getMonth() + 1,
        d: d.getDate(),
        h: d.getHours(),
        mi: d.getMinutes(),
        s: d.getSeconds(),
        ms: d.getMilliseconds(),
      };
}

/** `12:04:16`. @param {string | number} at @param {'UTC' | 'local'} zone */
export function clock(at, zone) {
  const p = parts(at, zone);
  return `${two(p.h)}:${two(p.mi)}:${two(p.s)}`;
}

/** `12:04:16.123`. @param {string | number} at @param {'UTC' | 'local'} zone */
export function clockMs(at, zone) {
  return `${clock(at, zone)}.${String(parts(at, zone).ms).padStart(3, '0')}`;
}

/** `2026-11-30 12:04:16`. @param {string | number} at @param {'UTC' | 'local'} zone */
export function stamp(at, zone) {
  const p = parts(at, zone);
  return `${p.y}-${two(p.mo)}-${two(p.d)} ${clock(at, zone)}${zone === 'UTC' ? ' UTC' : ''}`;
}

/** `3 steps`, `1 step`. @param {number} n @param {string} noun @param {string} [many] */
export const plural = (n, noun, many) => `${count(n)} ${n === 1 ? noun : (many ?? `${noun}s`)}`;

/** Names as a list of at most `most`. @param {string[]} names @param {number} [most] */
export function listed(names, most = 3) {
  if (names.length <= 1) return names.join('');
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

/** Steps for an axis: a round number of milliseconds that fits `most` times into `span`. @param {number} span @param {number} most */
export function tickOf(span, most) {
  const units = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 216e5, 432e5,
    864e5,
  ];
  for (const unit of units) if (span / unit <= most) return unit;
  return Math.ceil(span / most / 864e5) * 864e5;
}

/** A label of an axis that starts at 0. @param {number} ms @param {number} tick */
export function tickLabel(ms, tick) {
  if (tick < 1000) return ms === 0 ? '0' : ms < 1000 ? `${ms} ms` : `${+(ms / 1000).toFixed(3)} s`;
  const s = Math.round(ms / 1000);
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** The parts of a text that somebody has typed. A tag may have spaces. @param {string} text @param {string} separator */
export const listOf = (text, separator) =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);
