// Maps places in the built file to places in the user's own files, by the source map that the build adds to it.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Replaces places such as `/handlers.js:10:67` in a text. @param {string} text */
export function mapped(text) {
  /** @type {{ file: string, sources: string[], mappings: string } | undefined} */
  const map = /** @type {any} */ (globalThis).__taskerSourceMap;
  if (map === undefined || !text.includes(map.file)) return text;
  const lines = map.mappings.split(";");
  const starts = startsOfLines(lines);
  const pattern = new RegExp(`${map.file.replace(/[.]/g, "\\.")}:(\\d+):(\\d+)`, "g");
  return text.replace(pattern, (place, line, column) => {
    const found = place_(lines[line - 1], starts[line - 1], column - 1);
    return found === undefined ? place : `${map.sources[found.source]}:${found.line + 1}:${found.column + 1}`;
  });
}

/** The state of the decoder at the start of each line. @param {string[]} lines */
function startsOfLines(lines) {
  const state = { source: 0, line: 0, column: 0 };
  return lines.map((line) => {
    const start = { ...state };
    for (const segment of line.split(",")) if (segment !== "") advance(state, decode(segment));
    return start;
  });
}

/** @param {string | undefined} line @param {any} start @param {number} column */
function place_(line, start, column) {
  if (line === undefined) return undefined;
  const state = { ...start };
  let at = 0;
  let found;
  for (const segment of line.split(",")) {
    if (segment === "") continue;
    const numbers = decode(segment);
    at += numbers[0];
    if (at > column) break;
    advance(state, numbers);
    found = numbers.length > 1 ? { ...state } : undefined;
  }
  return found;
}

/** @param {any} state @param {number[]} numbers */
function advance(state, [, source = 0, line = 0, column = 0]) {
  state.source += source;
  state.line += line;
  state.column += column;
}

/** Decodes base64 VLQ numbers. @param {string} segment */
function decode(segment) {
  const numbers = [];
  let shift = 0;
  let value = 0;
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value += (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
      continue;
    }
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [shift, value] = [0, 0];
  }
  return numbers;
}
