// Lines of logs: filters, and text without control sequences. Pure.
// @ts-check

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];

// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** A message without colour codes. @param {string} text */
export const plain = (text) => text.replace(ANSI, '');

/** A filter of text: a part, or a pattern between slashes. @param {string} text @returns {(line: string) => boolean} */
export function finder(text) {
  const pattern = /^\/(.+)\/(i?)$/.exec(text);
  if (pattern) {
    try {
      const shape = new RegExp(pattern[1], pattern[2]);
      return (line) => shape.test(line);
    } catch {
      return () => true;
    }
  }
  const part = text.toLowerCase();
  return (line) => line.toLowerCase().includes(part);
}

/** Lines in the order of their times. @param {any[]} lines */
export const byTime = (lines) =>
  [...lines].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.audit_id - b.audit_id || a.position - b.position));

/** Lines as text. @param {any[]} lines */
export const asText = (lines) =>
  lines.map((line) => `${line.at} ${line.level.padEnd(8)} ${line.step}#${line.attempt} ${plain(line.message)}`).join('\n');
