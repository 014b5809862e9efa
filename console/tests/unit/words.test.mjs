// Words, figures, filters, lists that are merged, windows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  age,
  bytes,
  clockMs,
  count,
  countdown,
  duration,
  listed,
  plural,
  shortId,
  stamp,
  tickLabel,
  tickOf,
} from '../../assets/app/format.mjs';
import { reasonLook, stepLook, taskLook, TASK_STATES } from '../../assets/app/words.mjs';
import { bodyOf, filtersOf, guess, merge, same, valueWord } from '../../assets/app/filters.mjs';
import { axisOf, changeOf, labelled, lineOf, nearest, percent, placeOf } from '../../assets/app/chart.mjs';
import { usualOf, verdict } from '../../assets/app/typical.mjs';
import { windowOf } from '../../assets/app/window.mjs';
import { asText, byTime, finder, plain } from '../../assets/app/log-lines.mjs';

test('durations have two figures that matter', () => {
  assert.deepEqual([null, -5, 0.2, 84, 999.4, 1800, 9960, 10_000, 59_400, 144_000, 3_780_000, 100_000_000].map(duration), [
    '–',
    '< 1 ms',
    '< 1 ms',
    '84 ms',
    '999 ms',
    '1.8 s',
    '10 s',
    '10 s',
    '59 s',
    '2 m 24 s',
    '1 h 03 m',
    '1 d 3 h',
  ]);
  assert.deepEqual([0, 59_000, 61_000, 3_600_000, 90_000_000].map(age), ['0 s', '59 s', '1 min', '1 h', '1 d']);
  assert.deepEqual([-1, 11_200, 200_000, 3_661_000].map(countdown), ['0:00', '0:12', '3:20', '1:01:01']);
});

test('figures and ids', () => {
  assert.deepEqual([999, 1284, 1234567].map(count), ['999', '1\u2009284', '1\u2009234\u2009567']);
  assert.deepEqual([0, 1023, 1536, 64 << 20, 3e11].map(bytes), ['0 B', '1023 B', '1.5 KiB', '64.0 MiB', '279 GiB']);
  assert.equal(shortId('01b977d9-0000-7000-8000-00000000009c41'), '01b977d9…9c41');
  assert.deepEqual(
    [plural(1, 'step'), plural(2, 'entry', 'entries'), listed(['a', 'b', 'c', 'd'], 2), listed(['a', 'b'])],
    ['1 step', '2 entries', 'a, b and 2 more', 'a and b'],
  );
  assert.equal(stamp('2026-01-02T03:04:05.678Z', 'UTC'), '2026-01-02 03:04:05 UTC');
  assert.equal(clockMs('2026-01-02T03:04:05.678Z', 'UTC'), '03:04:05.678');
});

test('a chart has a round axis above its highest value', () => {
  assert.deepEqual(
    [0, 1, 5, 6, 80, 101, 1234].map((most) => axisOf(most)),
    [
      { step: 1, top: 1 },
      { step: 1, top: 1 },
      { step: 1, top: 5 },
      { step: 2, top: 6 },
      { step: 20, top: 80 },
      { step: 50, top: 150 },
      { step: 500, top: 1500 },
    ],
  );
  const box = { left: 0, right: 10, bottom: 100, height: 50, top: 5 };
  assert.equal(lineOf([0, 5, 1], box), 'M0.0 100.0L5.0 50.0L10.0 90.0');
  assert.deepEqual([placeOf(0, 1, 0, 10), nearest(-3, 3, 0, 10), nearest(6, 3, 0, 10), nearest(99, 3, 0, 10)], [5, 0, 1, 2]);
  assert.deepEqual([labelled(3, 5), labelled(61, 5)], [[0, 1, 2], [0, 15, 30, 45, 60]]);
});

test('a time is compared with what is usual', () => {
  const usual = { p50: 100, p95: 200 };
  assert.deepEqual(
    [80, 150, 300, 500, 5000].map((ms) => verdict(ms, usual).word),
    ['as usual', 'slower than half', 'slower than 95 of 100', '2.5 times the p95', '25 times the p95'],
  );
  assert.deepEqual([verdict(null, usual).hue, verdict(5, null).hue, verdict(15, { p50: 1, p95: 2 }).hue], ['waiting', 'waiting', 'done']);
  const rows = [{ step: 'a', duration: { p50: 0.1, p95: 0.2 }, error_rate: 0, execution_count: 3 }];
  assert.deepEqual(usualOf(rows).get('a')?.usual, usual);
});

test('parts and changes in percent', () => {
  assert.deepEqual([null, 0, 0.004, 0.0996, 0.12, 3.48].map(percent), ['–', '0 %', '0.4 %', '10 %', '12 %', '348 %']);
  assert.deepEqual([null, 0, 0.12, -0.03].map(changeOf), ['', 'as before', '+12 %', '−3.0 %']);
});

test('axes have round steps', () => {
  assert.deepEqual(
    [
      [6, 5],
      [30, 5],
      [26_000, 6],
      [300_000, 6],
      [86_400_000 * 40, 6],
    ].map(([span, most]) => tickOf(span, most)),
    [2, 10, 5000, 60_000, 86_400_000 * 7],
  );
  assert.deepEqual(
    [
      [0, 2],
      [4, 2],
      [1500, 500],
      [60_000, 15_000],
      [3_660_000, 60_000],
    ].map(([ms, tick]) => tickLabel(ms, tick)),
    ['0', '4 ms', '1.5 s', '1:00', '1:01:00'],
  );
});

test('no two states of a kind look and read the same', () => {
  const looks = TASK_STATES.map((state) => taskLook({ status: state }));
  assert.equal(new Set(looks.map((one) => one.word)).size, looks.length);
  assert.equal(new Set(looks.map((one) => one.glyph + one.hue)).size, looks.length);
  assert.equal(stepLook('error', true).word, 'Isolated');
  assert.equal(stepLook(null).word, 'Branch not taken');
  assert.equal(stepLook('new_state').word, 'New state');
  assert.equal(taskLook({ status: 'steps_in_process', paused_at: 'x' }).word, 'Paused');
  assert.equal(taskLook({ status: 'complete', paused_at: 'x' }).word, 'Complete');
  assert.equal(reasonLook('staleness_timeout').word, 'Stale');
});

test('filters go to the address and back', () => {
  const filters = filtersOf(new URLSearchParams('state=error&state=complete&tag=a&q=x&unknown=1&open=true&order=asc&name='));
  assert.deepEqual(filters, { q: 'x', state: ['error', 'complete'], open: 'true', tag: ['a'], order: 'asc' });
  assert.deepEqual(bodyOf(filters), { q: 'x', state: ['error', 'complete'], open: true, tag: ['a'] });
  assert.ok(same({ a: ['1', '2'], b: 1 }, { b: 1, a: ['2', '1'] }));
  assert.ok(!same({}, { a: 1 }));
  assert.equal(valueWord('created_after', '24h', String), 'last 24 h');
  assert.equal(valueWord('tag', ['a', 'b'], String), 'a and b');
  assert.deepEqual(['tag=web', 'order_id=DE-1', 'order: 5', 'shop'].map(guess), [
    ['tag', 'web'],
    ['attribute', 'order_id=DE-1'],
    ['attribute', 'order=5'],
    ['q', 'shop'],
  ]);
});

test('rows stay where they are: new ones wait, changed ones change, missing ones are told', () => {
  const row = (task_id, v) => ({ task_id, v });
  const { rows, fresh, gone } = merge(
    [row('5', 1), row('4', 1), row('3', 1), row('1', 1)],
    [row('7', 2), row('6', 2), row('5', 2), row('3', 2)],
  );
  assert.deepEqual(rows, [row('5', 2), row('4', 1), row('3', 2), row('1', 1)]);
  assert.deepEqual(
    fresh.map((one) => one.task_id),
    ['7', '6'],
  );
  assert.deepEqual(gone, ['4']);
  assert.deepEqual(merge([row('1', 1)], [row('0', 1), row('1', 2)], true), { rows: [row('1', 2)], fresh: [], gone: [] });
});

test('only rows in sight are drawn', () => {
  assert.deepEqual(windowOf({ count: 10_000, row: 34, top: 34_000, height: 680, around: 10 }), {
    first: 990,
    last: 1030,
    before: 990 * 34,
    after: 8970 * 34,
  });
  assert.deepEqual(windowOf({ count: 3, row: 34, top: 0, height: 800 }), { first: 0, last: 3, before: 0, after: 0 });
  assert.deepEqual(windowOf({ count: 0, row: 34, top: 500, height: 800 }), { first: 0, last: 0, before: 0, after: 0 });
  const { first, last } = windowOf({ count: 5, row: 34, top: 99_999, height: 800 });
  assert.ok(first <= last && last === 5);
});

test('lines of logs are merged by time and found by text or pattern', () => {
  const line = (at, message, position = 1) => ({ at, message, level: 'info', step: 's', attempt: 1, audit_id: 1, position });
  assert.deepEqual(
    byTime([line('2', 'b'), line('1', 'a2', 2), line('1', 'a1')]).map((one) => one.message),
    ['a1', 'a2', 'b'],
  );
  assert.equal(plain('\u001b[31mred\u001b[0m'), 'red');
  assert.ok(finder('ERR')('an error'));
  assert.ok(finder('/^a.c$/')('abc') && !finder('/^a.c$/')('abcd'));
  assert.ok(finder('/(/')('anything'));
  assert.equal(asText([line('1', '\u001b[1mx')]), '1 info     s#1 x');
});
