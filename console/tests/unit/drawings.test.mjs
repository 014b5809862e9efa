// Graphs, reasons, timelines, the past, dead letters: what is drawn and said of a task.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrange, between } from '../../assets/app/arrange.mjs';
import { criticalEdges, edgeClass, neighbour, neverOf, nodeWords, reach, stateOf, tally } from '../../assets/app/graph.mjs';
import { why } from '../../assets/app/why.mjs';
import { density, lanesOf, sorted } from '../../assets/app/timeline.mjs';
import { graphAt, momentsOf } from '../../assets/app/past.mjs';
import { mostPressing } from '../../assets/app/pressing.mjs';
import { causeOf, groupsOf, thenAndNow, urgency } from '../../assets/app/dead-letters.mjs';

const AT = Date.parse('2026-01-01T00:01:00Z');
const node = (id, level, y, more = {}) => ({
  id,
  name: id,
  type: 'standard',
  handler: 'h',
  level,
  x: level * 200,
  y,
  width: 120,
  height: 44,
  created: true,
  state: 'complete',
  attempt: 1,
  max_attempts: 3,
  started_at: '2026-01-01T00:00:00Z',
  finished_at: '2026-01-01T00:00:01Z',
  group: null,
  ...more,
});
const edge = (from, to, points, taken = true) => ({ from, to, kind: 'dependency', taken, points });
const open = { state: 'pending', started_at: null, finished_at: null, attempt: 0 };
/** a → b → d, a → c → d, and e, a branch not taken. */
const graph = (more = {}) => ({
  kind: 'task',
  width: 720,
  height: 180,
  mode: 'layered',
  nodes: [
    node('a', 0, 34),
    node('b', 1, 0),
    node('c', 1, 68, { state: 'error', attempt: 3 }),
    node('d', 2, 34, open),
    node('e', 1, 136, { ...open, created: false, state: null }),
  ],
  edges: [
    edge('a', 'b', [
      [120, 56],
      [200, 22],
    ]),
    edge('a', 'c', [
      [120, 56],
      [200, 90],
    ]),
    edge('b', 'd', [
      [320, 22],
      [400, 56],
    ]),
    edge('c', 'd', [
      [320, 90],
      [400, 56],
    ]),
    edge(
      'a',
      'e',
      [
        [120, 56],
        [200, 158],
      ],
      false,
    ),
  ],
  analysis: {
    roots: ['a'],
    leaves: ['d'],
    execution_order: ['a', 'b', 'c', 'e', 'd'],
    critical_path: ['a', 'b'],
    critical_path_seconds: 2,
    blocked_by: [{ step: 'c', because: 'it failed for good in attempt 3 (Refused)' }],
    ready: [],
  },
  ...more,
});
const TASK = {
  status: 'blocked_by_failures',
  created_at: '2026-01-01T00:00:00Z',
  paused_at: null,
  steps: { total: 4, satisfied: 2, failed: 1 },
};

test('a drawing flows down, without overlaps, and its lines end at their nodes', () => {
  const drawn = arrange(graph());
  assert.equal(drawn.flow, 'down');
  const by = new Map(drawn.nodes.map((one) => [one.id, one]));
  assert.ok(by.get('a').y < by.get('b').y && by.get('b').y === by.get('c').y && by.get('c').y < by.get('d').y);
  for (const one of drawn.nodes)
    for (const other of drawn.nodes)
      if (one !== other && one.y === other.y)
        assert.ok(one.x + one.width <= other.x || other.x + other.width <= one.x, `${one.id} ${other.id}`);
  for (const line of drawn.edges) {
    const [from, to] = [by.get(line.from), by.get(line.to)];
    assert.ok(line.d.startsWith(`M${Math.round((from.x + from.width / 2) * 10) / 10} ${from.y + from.height}`), line.d);
    assert.ok(line.d.endsWith(`V${to.y}`), line.d);
    assert.ok(!/NaN|undefined/.test(line.d + line.head));
  }
});

test('a wide graph flows to the right', () => {
  const nodes = [node('a', 0, 0), ...Array.from({ length: 20 }, (_, i) => node(`n${i}`, 1, i * 68))];
  const drawn = arrange({
    ...graph(),
    nodes,
    edges: nodes.slice(1).map((one) =>
      edge('a', one.id, [
        [120, 22],
        [200, one.y + 22],
      ]),
    ),
  });
  assert.equal(drawn.flow, 'right');
  assert.ok(drawn.edges.every((line) => !/NaN/.test(line.d)));
  assert.equal(
    between(
      [
        [0, 0],
        [10, 100],
      ],
      5,
    ),
    50,
  );
});

test('what a node and an edge say', () => {
  const g = graph();
  const never = neverOf(g);
  const about = { isTemplate: false, never, now: AT };
  assert.deepEqual([...never], ['e']);
  assert.deepEqual(
    g.nodes.map((one) => nodeWords(one, about)[0]),
    ['Complete', 'Complete', 'Failed', 'Pending', 'Branch not taken'],
  );
  assert.deepEqual(
    nodeWords(node('x', 0, 0, { state: 'waiting_for_retry', attempt: 2, max_attempts: 5 }), { ...about, due: '2026-01-01T00:01:12Z' }),
    ['Retry in 0:12', '2 of 5'],
  );
  assert.deepEqual(nodeWords(node('x', 0, 0, { group: { total: 480, by_state: { complete: 402, in_progress: 78 } } }), about), [
    '480 in a batch',
    '84 %',
  ]);
  const by = new Map(g.nodes.map((one) => [one.id, one]));
  assert.deepEqual(
    g.edges.map((one) => edgeClass(one, by, criticalEdges(['a', 'b']), false)),
    ['crit', '', '', 'block', 'never'],
  );
  assert.equal(stateOf({ group: { by_state: { complete: 5, error: 1 } } }), 'error');
  assert.deepEqual([...reach(g, 'a', 'from')].sort(), ['b', 'c', 'd', 'e']);
  assert.deepEqual(
    tally(g).map(([, , n]) => n),
    [2, 0, 0, 0, 1, 1, 1],
  );
});

test('arrow keys walk along the edges', () => {
  const g = arrange(graph());
  assert.equal(neighbour(g, null, 'ArrowDown'), 'a');
  assert.equal(neighbour(g, 'b', 'ArrowDown'), 'd');
  assert.equal(neighbour(g, 'b', 'ArrowUp'), 'a');
  assert.equal(neighbour(g, 'b', 'ArrowRight'), 'c');
  assert.equal(neighbour(g, 'b', 'ArrowLeft'), 'b');
});

test('a blocked task says which step, why, and what waits behind it', () => {
  const { title, lines } = why(TASK, graph(), { now: AT, due: {} });
  assert.equal(title, 'Why it is not moving');
  assert.deepEqual(
    [lines[0].step, lines[0].text, lines[0].aside, lines[0].action],
    ['c', 'failed for good, attempt 3 of 3: d cannot start', 'Refused', 'reset'],
  );
});

test('each cause of standing still has its sentence', () => {
  const of = (state, more = {}, task = {}) =>
    why(
      { ...TASK, status: 'steps_in_process', ...task },
      graph({ nodes: [node('a', 0, 0, { state, ...more })], edges: [], analysis: { ...graph().analysis, blocked_by: [] } }),
      { now: AT, due: { a: '2026-01-01T00:01:12Z' } },
    );
  assert.match(of('waiting_for_retry').lines[0].text, /^tries again in 0:12, attempt 1 of 3 failed/);
  assert.equal(of('waiting_for_retry').title, 'Why it is not moving');
  assert.match(of('in_progress').lines[0].text, /^is working for 1 m 00 s/);
  assert.equal(of('in_progress').title, 'What it is doing');
  assert.match(of('enqueued').lines[0].text, /waits in the queue for a worker/);
  assert.match(of('complete', {}, { paused_at: '2026-01-01T00:00:50Z' }).lines[0].text, /paused for 10 s/);
  assert.match(of('complete', {}, { status: 'waiting_for_dependencies' }).lines[0].text, /No step is ready/);
  for (const status of ['complete', 'error', 'cancelled', 'resolved_manually'])
    assert.equal(of('complete', {}, { status }).title, 'How it ended');
});

test('a timeline has a lane for each step, one for a batch, and no run for a wait', () => {
  const at = (s) => new Date(Date.parse('2026-01-01T00:00:00Z') + s * 1000).toISOString();
  const run = (step, enqueued, started, finished, more = {}) => ({
    step,
    attempt: 1,
    audit_id: 1,
    state: 'complete',
    enqueued_at: at(enqueued),
    started_at: at(started),
    finished_at: finished === null ? null : at(finished),
    error_type: null,
    next_retry_at: null,
    ...more,
  });
  const g = graph({
    nodes: [node('a', 0, 0), node('pick', 1, 0, { group: { total: 2, by_state: { complete: 2 } } }), node('z', 2, 0, open)],
    analysis: { ...graph().analysis, execution_order: ['a', 'pick', 'z'] },
  });
  const lanes = lanesOf(
    g,
    [
      run('a', 0, 1, 3),
      run('a', 3, 3, null, { audit_id: null, state: 'waiting_for_retry' }),
      run('pick_001', 3, 4, 5),
      run('pick_002', 3, 5, 6, { error_type: 'Bad' }),
    ],
    Date.parse(at(10)),
  );
  assert.deepEqual(
    lanes.map((one) => [one.id, one.runs.length, one.ran, one.waited]),
    [
      ['a', 1, 2000, 1000],
      ['pick', 2, 2000, 3000],
      ['z', 0, 0, 0],
    ],
  );
  assert.deepEqual(
    sorted(lanes, 'start', g).map((one) => one.id),
    ['a', 'pick', 'z'],
  );
  const slices = density(lanes[1], Date.parse(at(3)), Date.parse(at(6)), 3, Date.parse(at(10)));
  assert.deepEqual(
    slices.map((one) => [one.running, one.queued, one.failed]),
    [
      [0, 2, 0],
      [1, 1, 0],
      [1, 0, 1],
    ],
  );
});

test('the past of a task is read from its audit', () => {
  const change = (audit_id, at, step, to_state) => ({ audit_id, position: 1, at, step, attempt: 1, to_state });
  const list = [change(1, '1', 'a', 'enqueued'), change(2, '2', 'a', 'complete'), change(3, '3', 'c', 'error')];
  assert.deepEqual(momentsOf(list), ['1', '2', '3']);
  const states = (moment) => graphAt(graph(), list, moment).nodes.map((one) => one.state);
  assert.deepEqual(states('1'), ['enqueued', 'pending', 'pending', 'pending', 'pending']);
  assert.deepEqual(states('3').slice(0, 3), ['complete', 'pending', 'error']);
});

test('dead letters of one cause stand together, and say what has changed', () => {
  const entry = (id, error) => ({
    dlq_entry_id: id,
    namespace: 'shop',
    name: 'order',
    dlq_reason: 'max_retries_exceeded',
    step_index: null,
    task_state: 'blocked_by_failures',
    snapshot: {
      steps: [
        { name: 'price', state: 'complete', step_index: 0 },
        { name: 'charge', state: 'error', step_index: 1, attempt: 3, last_failure: { error_type: error, message: 'm' } },
      ],
    },
  });
  const groups = groupsOf([entry('1', 'Refused'), entry('2', 'Away'), entry('3', 'Refused')]);
  assert.deepEqual(
    groups.map((group) => [group.step, group.error, group.entries.length]),
    [
      ['charge', 'Refused', 2],
      ['charge', 'Away', 1],
    ],
  );
  assert.equal(causeOf({ ...entry('1', 'x'), snapshot: null }).step, null);
  assert.deepEqual([100, 80, 61, 40].map(urgency), [3, 2, 1, 0]);
  const rows = thenAndNow(entry('1', 'Refused'), { status: 'steps_in_process' }, [
    { name: 'charge', state: 'in_progress', attempt: 4, last_failure: { error_type: 'Refused' } },
  ]);
  assert.deepEqual(
    rows.map((row) => [row.thing, row.changed]),
    [
      ['Task', true],
      ['charge', true],
      ['Attempts', true],
      ['Failure', false],
    ],
  );
});

test('the step that matters most is the failed one, then the one that waits for a retry', () => {
  const step = (name, by_state, more = {}) => ({ name, by_state, attempt: 1, max_attempts: 3, error_type: null, ...more });
  assert.deepEqual(
    mostPressing([
      step('a', { complete: 1 }),
      step('b', { in_progress: 1 }, { attempt: 2 }),
      step('c', { error: 1 }, { error_type: 'Refused' }),
    ]),
    { name: 'c', state: 'error', note: 'Refused' },
  );
  assert.deepEqual(mostPressing([step('b', { in_progress: 1 }, { attempt: 2 })]), {
    name: 'b',
    state: 'in_progress',
    note: 'attempt 2 of 3',
  });
  assert.deepEqual(mostPressing([step('b', { in_progress: 8, complete: 32 })]), { name: 'b', state: 'in_progress', note: '8 of 40' });
  assert.equal(mostPressing([step('a', { complete: 1 })]), null);
});
