// Makes a source map small: keeps the places in the package's own files.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Returns the sources that `isKept` accepts, and the mappings to them.
 * @param {{ sources: string[], mappings: string }} map @param {(source: string) => boolean} isKept
 */
export function reduced({ sources, mappings }, isKept) {
  const kept = sources.map(isKept);
  const numbers = kept.map((is, index) => (is ? kept.slice(0, index).filter(Boolean).length : -1));
  const from = { source: 0, line: 0, column: 0 };
  const to = { source: 0, line: 0, column: 0 };
  const lines = mappings.split(";").map((line) => {
    const segments = [];
    let at = 0;
    let written = 0;
    let wasKept = true;
    for (const segment of line.split(",").filter(Boolean)) {
      const [move, source, lines_, column] = decode(segment);
      at += move;
      if (source === undefined) continue;
      from.source += source;
      from.line += lines_;
      from.column += column;
      const number = numbers[from.source];
      if (number >= 0) {
        segments.push([at - written, number - to.source, from.line - to.line, from.column - to.column]);
        [to.source, to.line, to.column] = [number, from.line, from.column];
        written = at;
      } else if (wasKept) {
        // What follows is in no kept file.
        segments.push([at - written]);
        written = at;
      }
      wasKept = number >= 0;
    }
    return segments.map((segment) => segment.map(encode).join("")).join(",");
  });
  return { sources: sources.filter((_, index) => kept[index]), mappings: lines.join(";").replace(/;+$/, "") };
}

/** @param {string} segment */
function decode(segment) {
  const numbers = [];
  let [shift, value] = [0, 0];
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value += (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
    } else {
      numbers.push(value & 1 ? -(value >> 1) : value >> 1);
      [shift, value] = [0, 0];
    }
  }
  return numbers;
}

/** @param {number} number */
function encode(number) {
  let value = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const digit = value & 31;
    value >>>= 5;
    text += DIGITS[value > 0 ? digit | 32 : digit];
  } while (value > 0);
  return text;
}
