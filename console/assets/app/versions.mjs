// The order of versions, and the newest of each template. Pure.
// @ts-check

/** The newest version of each template. @param {any[]} items */
export function newest(items) {
  const seen = new Map();
  for (const one of items) {
    const key = `${one.namespace}/${one.name}`;
    const known = seen.get(key);
    if (!known || compareVersions(one.version, known.version) > 0) seen.set(key, { ...one, versions: (known?.versions ?? 0) + 1 });
    else known.versions += 1;
  }
  return [...seen.values()].sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}
/** @param {string} a @param {string} b */
export function compareVersions(a, b) {
  const parts = (/** @type {string} */ text) => text.split(/[.+-]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i += 1) {
    if (x[i] === y[i]) continue;
    if (x[i] === undefined) return typeof y[i] === 'string' ? 1 : -1;
    if (y[i] === undefined) return typeof x[i] === 'string' ? -1 : 1;
    return x[i] > y[i] ? 1 : -1;
  }
  return 0;
}
