// JSON that keeps its digits, schemas as forms, patches, versions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, nodeOf, parse, print } from '../../assets/app/json.mjs';
import { check, columnsOf, fieldsOf, firstValue, kindOf, put } from '../../assets/app/schema.mjs';
import { patchOf } from '../../assets/app/merge-patch.mjs';
import { compareVersions, newest } from '../../assets/app/versions.mjs';

test('numbers keep their digits', () => {
  const text = '{"n":12345678901234567890.123456789,"e":1e400,"z":-0}';
  assert.deepEqual(
    parse(text).v.map(([, one]) => one.v),
    ['12345678901234567890.123456789', '1e400', '-0'],
  );
  assert.equal(print(parse(text)), '{\n  "n": 12345678901234567890.123456789,\n  "e": 1e400,\n  "z": -0\n}');
});

test('what is no JSON is refused with its place', () => {
  for (const [text, place] of [
    ['{', 'line 1, column 2'],
    ['{"a":1,}', 'a name in double quotes'],
    ['[1 2]', 'a comma or ]'],
    ['"\n"', 'a value is expected'],
    ['01', 'something follows'],
    ['{\n "a": nul }', 'line 2, column 7'],
    ['', 'a value is expected'],
    ['[1,]', 'a value'],
  ]) {
    assert.throws(
      () => parse(text),
      (error) => error.message.includes(place),
      text,
    );
  }
});

test('the parser agrees with the browser on what both can hold', () => {
  for (const value of [null, true, [], {}, [[], {}], { a: { b: [1, 'x', null] } }, '\u0000\ud83d\ude00"\\', -1.5e-7, { '': 0, '/': '~' }]) {
    const text = JSON.stringify(value);
    assert.deepEqual(JSON.parse(print(parse(text))), value);
    assert.deepEqual(JSON.parse(print(nodeOf(value))), value);
  }
});

test('deep nesting ends in an error, not in a crash', () => {
  assert.throws(() => parse('['.repeat(100000)), /nested too deeply/);
});

test('differences are named by JSON Pointers', () => {
  const of = (a, b) => differences(nodeOf(a), nodeOf(b)).map((one) => one.path);
  assert.deepEqual(of({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3, 4], c: 0 }), ['/b/1', '/b/2', '/c']);
  assert.deepEqual(of({ 'a/b': 1 }, { 'a/b': 2 }), ['/a~1b']);
  assert.deepEqual(of([1], { 0: 1 }), ['']);
  assert.deepEqual(of({}, {}), []);
});

const ORDER = {
  type: 'object',
  required: ['order_id', 'customer', 'items', 'payment'],
  properties: {
    order_id: { type: 'string', pattern: '^[A-Z]{2}-[0-9]{4,}$' },
    customer: { type: 'object', required: ['name', 'country'], properties: { country: { type: 'string', minLength: 2, maxLength: 2 } } },
    items: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', required: ['sku', 'quantity'], properties: { quantity: { type: 'integer', minimum: 1 } } },
    },
    payment: { type: 'object', required: ['token'] },
  },
};

test('a form begins with what is required', () => {
  assert.deepEqual(firstValue(ORDER, ORDER), { customer: {}, items: [{}], payment: {} });
  assert.deepEqual(
    fieldsOf(ORDER.properties.customer).map(([name, , required]) => [name, required]),
    [
      ['name', true],
      ['country', true],
    ],
  );
  assert.deepEqual(
    columnsOf(ORDER.properties.items, ORDER).map(([name]) => name),
    ['sku', 'quantity'],
  );
  assert.equal(columnsOf({ items: { type: 'string' } }, {}), null);
  assert.equal(firstValue({ default: 0 }, {}), 0);
  assert.deepEqual(firstValue({ $ref: '#/$defs/a' }, { $defs: { a: { const: 5 } } }), 5);
  assert.deepEqual([{ enum: [1] }, { const: 1 }, { oneOf: [] }, { type: ['string', 'null'] }, {}, { type: 'object' }].map(kindOf), [
    'enum',
    'const',
    'choice',
    'string',
    'json',
    'json',
  ]);
});

test('what is wrong is said at its place', () => {
  const value = { order_id: 'DE-1', customer: { name: 'Ada', country: 'DEU' }, items: [{ sku: 'a', quantity: 0 }, {}] };
  assert.deepEqual(check(ORDER, value, ORDER), {
    '/order_id': 'must match ^[A-Z]{2}-[0-9]{4,}$',
    '/customer/country': 'at most 2 characters',
    '/items/0/quantity': 'at least 1',
    '/items/1/sku': 'is required',
    '/items/1/quantity': 'is required',
    '/payment': 'is required',
  });
  assert.deepEqual(check({ type: ['integer', 'null'] }, null, {}), {});
  assert.deepEqual(check({ type: 'integer' }, 1.5, {}), { '': 'must be an integer' });
  assert.deepEqual(check({ type: 'number' }, 1, {}), {});
  assert.deepEqual(check({ type: 'object', additionalProperties: false }, { x: 1 }, {}), { '/x': 'is not expected' });
  assert.deepEqual(check({ type: 'array', minItems: 1 }, [], {}), { '': 'at least 1 item' });
});

test('a value is put in its place without touching others', () => {
  const before = { a: [{ b: 1 }, { b: 2 }] };
  assert.deepEqual(put(before, ['a', 1, 'b'], 3), { a: [{ b: 1 }, { b: 3 }] });
  assert.deepEqual(put(before, ['a', 0], undefined), { a: [{ b: 2 }] });
  assert.deepEqual(put(before, ['c', 'd'], 1), { ...before, c: { d: 1 } });
  assert.deepEqual(put(before, ['a'], undefined), {});
  assert.deepEqual(before, { a: [{ b: 1 }, { b: 2 }] });
});

test('a patch makes one value of another', () => {
  const apply = (target, patch) => {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
    const out = { ...(target && typeof target === 'object' && !Array.isArray(target) ? target : {}) };
    for (const [key, value] of Object.entries(patch))
      if (value === null) delete out[key];
      else out[key] = apply(out[key], value);
    return out;
  };
  for (const [a, b] of [
    [{ x: 1, y: { z: 2 } }, { y: { z: 3, w: [1] } }],
    [{ a: [1] }, { a: [1, 2] }],
    [{}, { b: {} }],
    [{ a: { b: 1 } }, { a: 5 }],
  ])
    assert.deepEqual(apply(a, patchOf(a, b)), b);
  assert.deepEqual(patchOf({ a: 1 }, { a: 1 }), {});
});

test('versions are in the order of their numbers', () => {
  assert.deepEqual(['1.10.0', '1.9.0', '2.0.0-rc.1', '2.0.0', '1.9.0'].sort(compareVersions), [
    '1.9.0',
    '1.9.0',
    '1.10.0',
    '2.0.0-rc.1',
    '2.0.0',
  ]);
  const list = newest([
    { namespace: 'a', name: 'x', version: '1.2.0' },
    { namespace: 'a', name: 'x', version: '1.10.0' },
    { namespace: 'a', name: 'b', version: '1.0.0' },
  ]);
  assert.deepEqual(
    list.map((one) => [one.name, one.version, one.versions]),
    [
      ['b', '1.0.0', 1],
      ['x', '1.10.0', 2],
    ],
  );
});
