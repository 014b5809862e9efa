// JSON Schema for forms: kinds of fields, first values, and what is wrong with a value. Pure.
// @ts-check

/** Follows `$ref` within the schema. @param {any} schema @param {any} root @returns {any} */
export function resolve(schema, root, depth = 0) {
  if (!schema || typeof schema !== 'object' || depth > 20) return {};
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) {
    let at = root;
    for (const part of schema.$ref.slice(1).split('/').filter(Boolean))
      at = at?.[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')];
    return resolve(at, root, depth + 1);
  }
  return schema;
}

/** What a field is drawn as. @param {any} schema @returns {'object' | 'array' | 'enum' | 'const' | 'boolean' | 'integer' | 'number' | 'string' | 'text' | 'choice' | 'json'} */
export function kindOf(schema) {
  if ('const' in schema) return 'const';
  if (Array.isArray(schema.enum)) return 'enum';
  if (Array.isArray(schema.oneOf) || Array.isArray(schema.anyOf)) return 'choice';
  const type = Array.isArray(schema.type) ? schema.type.find((/** @type {string} */ one) => one !== 'null') : schema.type;
  if (type === 'object' || (!type && schema.properties))
    return schema.properties && Object.keys(schema.properties).length ? 'object' : schema.required?.length ? 'object' : 'json';
  if (type === 'array') return 'array';
  if (type === 'boolean' || type === 'integer' || type === 'number') return type;
  if (type === 'string') return (schema.maxLength ?? 0) > 300 ? 'text' : 'string';
  return 'json';
}

/** The fields of an object: those that the schema names, and those that it only requires. @param {any} schema @returns {[string, any, boolean][]} name, schema, required */
export function fieldsOf(schema) {
  const required = new Set(schema.required ?? []);
  const named = Object.entries(schema.properties ?? {});
  const bare = [...required].filter((name) => !(name in (schema.properties ?? {})));
  const all = new Map(/** @type {[string, any][]} */ ([...bare.map((name) => [name, {}]), ...named]));
  const order = [...(schema.required ?? []), ...named.map(([name]) => name)];
  return [...new Set(order)].map((name) => [name, all.get(name), required.has(name)]);
}

/** A first value: defaults, examples, and what is required. @param {any} schema @param {any} root @returns {any} */
export function firstValue(schema, root, depth = 0) {
  const is = resolve(schema, root);
  if ('default' in is) return is.default;
  if (Array.isArray(is.examples) && is.examples.length) return is.examples[0];
  if (depth > 6) return undefined;
  switch (kindOf(is)) {
    case 'const':
      return is.const;
    case 'enum':
      return is.enum[0];
    case 'choice':
      return firstValue((is.oneOf ?? is.anyOf)[0], root, depth + 1);
    case 'object':
      return Object.fromEntries(
        fieldsOf(is)
          .filter(([, , required]) => required)
          .map(([name, one]) => [name, firstValue(one, root, depth + 1)])
          .filter(([, value]) => value !== undefined),
      );
    case 'array':
      return Array.from({ length: is.minItems ?? 0 }, () => firstValue(is.items ?? {}, root, depth + 1));
    case 'boolean':
      return false;
    default:
      return undefined;
  }
}

/** The items of an array as columns, when each is a flat object. @param {any} schema @param {any} root @returns {[string, any, boolean][] | null} */
export function columnsOf(schema, root) {
  const items = resolve(schema.items ?? {}, root);
  if (kindOf(items) !== 'object') return null;
  const fields = fieldsOf(items);
  return fields.length <= 4 &&
    fields.every(([, one]) => ['enum', 'boolean', 'integer', 'number', 'string', 'json'].includes(kindOf(resolve(one, root))))
    ? fields
    : null;
}

/** The label of a choice. @param {any} schema @param {number} i */
export const choiceLabel = (schema, i) =>
  schema.title ?? schema.const ?? schema.description ?? (schema.required ? schema.required.join(', ') : (schema.type ?? `Choice ${i + 1}`));

/** What is wrong, by JSON Pointer. The server has the last word. @param {any} schema @param {any} value @param {any} root @param {string} [path] @returns {Record<string, string>} */
export function check(schema, value, root, path = '') {
  const is = resolve(schema, root);
  /** @type {Record<string, string>} */
  const wrong = {};
  const say = (/** @type {string} */ text) => {
    wrong[path] ??= text;
    return wrong;
  };
  if (value === undefined) return say('is required');
  const types = is.type === undefined ? [] : Array.isArray(is.type) ? is.type : [is.type];
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  const actual =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'number'
          ? Number.isInteger(value)
            ? 'integer'
            : 'number'
          : typeof value;
  if (types.length && !types.includes(actual) && !(actual === 'integer' && types.includes('number')))
    return say(
      `must be ${types.map((/** @type {string} */ one) => (/^[aio]/.test(one) ? `an ${one}` : one === 'null' ? one : `a ${one}`)).join(' or ')}`,
    );
  if ('const' in is && JSON.stringify(is.const) !== JSON.stringify(value)) return say(`must be ${JSON.stringify(is.const)}`);
  if (is.enum && !is.enum.some((/** @type {any} */ one) => JSON.stringify(one) === JSON.stringify(value)))
    return say(`must be one of ${is.enum.join(', ')}`);
  if (typeof value === 'string') {
    const length = [...value].length;
    if (is.minLength !== undefined && length < is.minLength) return say(`at least ${is.minLength} characters`);
    if (is.maxLength !== undefined && length > is.maxLength) return say(`at most ${is.maxLength} characters`);
    if (is.pattern !== undefined) {
      try {
        if (!new RegExp(is.pattern, 'u').test(value)) return say(`must match ${is.pattern}`);
      } catch {
        /* The server knows the pattern. */
      }
    }
    if (is.format === 'email' && !/^\S+@\S+$/.test(value)) return say('must be an email address');
    if ((is.format === 'date-time' || is.format === 'date') && Number.isNaN(Date.parse(value))) return say('must be a date');
  }
  if (typeof value === 'number') {
    if (is.minimum !== undefined && value < is.minimum) return say(`at least ${is.minimum}`);
    if (is.maximum !== undefined && value > is.maximum) return say(`at most ${is.maximum}`);
    if (is.exclusiveMinimum !== undefined && value <= is.exclusiveMinimum) return say(`more than ${is.exclusiveMinimum}`);
    if (is.exclusiveMaximum !== undefined && value >= is.exclusiveMaximum) return say(`less than ${is.exclusiveMaximum}`);
    if (is.multipleOf && Math.abs(value / is.multipleOf - Math.round(value / is.multipleOf)) > 1e-9)
      return say(`a multiple of ${is.multipleOf}`);
  }
  if (Array.isArray(value)) {
    if (is.minItems !== undefined && value.length < is.minItems) say(`at least ${is.minItems} ${is.minItems === 1 ? 'item' : 'items'}`);
    if (is.maxItems !== undefined && value.length > is.maxItems) say(`at most ${is.maxItems} items`);
    if (is.items) for (const [i, one] of value.entries()) Object.assign(wrong, check(is.items, one, root, `${path}/${i}`));
  }
  if (isObject) {
    for (const name of is.required ?? []) if (!(name in value) || value[name] === undefined) wrong[`${path}/${name}`] ??= 'is required';
    for (const [name, one] of Object.entries(is.properties ?? {}))
      if (value[name] !== undefined) Object.assign(wrong, check(one, value[name], root, `${path}/${name}`));
    if (is.additionalProperties === false)
      for (const name of Object.keys(value)) if (!(name in (is.properties ?? {}))) wrong[`${path}/${name}`] ??= 'is not expected';
  }
  return wrong;
}

/** Puts a value in its place; undefined removes it. @param {any} whole @param {(string | number)[]} path @param {any} value @returns {any} */
export function put(whole, path, value) {
  if (!path.length) return value;
  const [name, ...rest] = path;
  if (Array.isArray(whole)) {
    const copy = [...whole];
    if (value === undefined && !rest.length) copy.splice(Number(name), 1);
    else copy[Number(name)] = put(copy[Number(name)], rest, value);
    return copy;
  }
  const copy = { ...(whole ?? {}) };
  const next = put(copy[name], rest, value);
  if (next === undefined) delete copy[name];
  else copy[name] = next;
  return copy;
}
