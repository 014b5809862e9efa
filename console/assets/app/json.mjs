// JSON that keeps its digits: a tokenizer whose numbers stay text, a printer, and differences. Pure.
// @ts-check

/** @typedef {{ t: 'object', v: [string, Node][] } | { t: 'array', v: Node[] } | { t: 'string', v: string } | { t: 'number' | 'word', v: string }} Node */

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Reads JSON. @param {string} text @returns {Node} */
export function parse(text) {
  let at = 0;
  const take = (/** @type {RegExp} */ shape) => {
    shape.lastIndex = at;
    const found = shape.exec(text);
    if (found) at += found[0].length;
    return found?.[0];
  };
  const fail = (/** @type {string} */ what) => {
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    return new SyntaxError(`line ${line}, column ${at - before.lastIndexOf('\n')}: ${what}`);
  };
  /** @returns {Node} */
  const value = (/** @type {number} */ depth) => {
    if (depth > 2000) throw fail('it is nested too deeply');
    take(SPACE);
    const letter = text[at];
    if (letter === '{') {
      at += 1;
      /** @type {[string, Node][]} */
      const fields = [];
      take(SPACE);
      if (text[at] === '}') {
        at += 1;
        return { t: 'object', v: fields };
      }
      for (;;) {
        take(SPACE);
        const key = take(STRING);
        if (key === undefined) throw fail('a name in double quotes is expected');
        take(SPACE);
        if (text[at] !== ':') throw fail('a colon is expected');
        at += 1;
        fields.push([JSON.parse(key), value(depth + 1)]);
        take(SPACE);
        if (text[at] === ',') {
          at += 1;
          continue;
        }
        if (text[at] !== '}') throw fail('a comma or } is expected');
        at += 1;
        return { t: 'object', v: fields };
      }
    }
    if (letter === '[') {
      at += 1;
      /** @type {Node[]} */
      const items = [];
      take(SPACE);
      if (text[at] === ']') {
        at += 1;
        return { t: 'array', v: items };
      }
      for (;;) {
        items.push(value(depth + 1));
        take(SPACE);
        if (text[at] === ',') {
          at += 1;
          continue;
        }
        if (text[at] !== ']') throw fail('a comma or ] is expected');
        at += 1;
        return { t: 'array', v: items };
      }
    }
    const string = take(STRING);
    if (string !== undefined) return { t: 'string', v: JSON.parse(string) };
    const number = take(NUMBER);
    if (number !== undefined) return { t: 'number', v: number };
    const word = take(WORD);
    if (word !== undefined) return { t: 'word', v: word };
    throw fail('a value is expected');
  };
  const read = value(0);
  take(SPACE);
  if (at < text.length) throw fail('something follows the value');
  return read;
}

/** A value that was read by the browser, as a node. @param {any} value @returns {Node} */
export function nodeOf(value) {
  if (Array.isArray(value)) return { t: 'array', v: value.map(nodeOf) };
  if (value && typeof value === 'object') return { t: 'object', v: Object.entries(value).map(([key, one]) => [key, nodeOf(one)]) };
  if (typeof value === 'string') return { t: 'string', v: value };
  if (typeof value === 'number') return { t: 'number', v: String(value) };
  return { t: 'word', v: String(value ?? null) };
}

/** Prints a node. @param {Node} node @param {number | undefined} [indent] @param {string} [margin] @returns {string} */
export function print(node, indent = 2, margin = '') {
  if (node.t === 'string') return JSON.stringify(node.v);
  if (node.t !== 'object' && node.t !== 'array') return node.v;
  if (!node.v.length) return node.t === 'object' ? '{}' : '[]';
  const inner = margin + ' '.repeat(indent);
  const lines =
    node.t === 'object'
      ? node.v.map(([key, one]) => `${inner}${JSON.stringify(key)}: ${print(one, indent, inner)}`)
      : node.v.map((one) => inner + print(one, indent, inner));
  const [open, close] = node.t === 'object' ? '{}' : '[]';
  return `${open}\n${lines.join(',\n')}\n${margin}${close}`;
}

/** Fields or items, with their names. @param {Node} node @returns {[string, Node][]} */
export const children = (node) => (node.t === 'object' ? node.v : node.t === 'array' ? node.v.map((one, i) => [String(i), one]) : []);

/** JSON Pointers of what differs. @param {Node | undefined} a @param {Node | undefined} b @param {string} [path] @returns {{ path: string, a?: Node, b?: Node }[]} */
export function differences(a, b, path = '') {
  if (!a || !b || a.t !== b.t) return a || b ? [{ path, a, b }] : [];
  if (a.t !== 'object' && a.t !== 'array') return a.v === b.v ? [] : [{ path, a, b }];
  const [left, right] = [new Map(children(a)), new Map(children(b))];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.flatMap((name) =>
    differences(left.get(name), right.get(name), `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}
