// The JSON Merge Patch (RFC 7396) between two values. Pure.
// @ts-check

/** The JSON Merge Patch that makes `after` of `before`. @param {any} before @param {any} after @returns {any} */
export function patchOf(before, after) {
  const isObject = (/** @type {any} */ one) => one !== null && typeof one === 'object' && !Array.isArray(one);
  if (!isObject(before) || !isObject(after)) return after;
  /** @type {Record<string, any>} */
  const patch = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (JSON.stringify(before[key]) !== JSON.stringify(value)) patch[key] = key in before ? patchOf(before[key], value) : value;
  }
  return patch;
}
