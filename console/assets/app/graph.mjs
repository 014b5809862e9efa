// The graph of a task or template as lines and words: pure, from the server's coordinates.
// @ts-check
import { stepLook } from './words.mjs';
import { count, countdown, duration } from './format.mjs';

/** The state of a node's box. @param {any} node @param {boolean} isTemplate @param {Set<string>} never */
export function nodeClass(node, isTemplate, never) {
  if (isTemplate) return 'n-tpl';
  if (!node.created) return never.has(node.id) ? 'n-skipped' : 'n-pending';
  const state = stateOf(node);
  return (
    {
      pending: 'n-pending',
      enqueued: 'n-queued',
      in_progress: 'n-work',
      waiting_for_retry: 'n-retry',
      error: 'n-failed',
      cancelled: 'n-pending',
    }[/** @type {'error'} */ (state)] ?? (/orchestration/.test(state) ? 'n-work' : 'n-done')
  );
}

/** The state of a node; of a batch, the one that matters most. @param {any} node */
export function stateOf(node) {
  if (!node.group) return node.state ?? 'pending';
  const by = node.group.by_state;
  for (const state of ['error', 'in_progress', 'enqueued', 'waiting_for_retry', 'pending']) if (by[state]) return state;
  return by.complete ? 'complete' : (Object.keys(by)[0] ?? 'pending');
}

/** The nodes of branches that were not taken. @param {any} graph */
export function neverOf(graph) {
  const never = new Set();
  for (const node of graph.nodes) {
    if (node.created) continue;
    const incoming = graph.edges.filter((/** @type {any} */ edge) => edge.to === node.id);
    if (incoming.length && incoming.every((/** @type {any} */ edge) => edge.taken === false)) never.add(node.id);
  }
  return never;
}

const TYPES = { decision: 'Decision', deferred_convergence: 'After what ran', batchable: 'Batch', batch_worker: 'Batch worker' };

/** The second line of a node, and what stands at its right. @param {any} node @param {{ isTemplate: boolean, never: Set<string>, now: number, due?: string | null }} about @returns {[string, string]} */
export function nodeWords(node, { isTemplate, never, now, due }) {
  if (isTemplate)
    return [TYPES[/** @type {'decision'} */ (node.type)] ?? (node.max_attempts === 1 ? '1 attempt' : `${node.max_attempts} attempts`), ''];
  if (!node.created)
    return [never.has(node.id) ? 'Branch not taken' : node.type === 'batch_worker' ? 'Not created yet' : 'Not decided yet', ''];
  if (node.group) {
    const done = (node.group.by_state.complete ?? 0) + (node.group.by_state.resolved_manually ?? 0);
    return [`${count(node.group.total)} in a batch`, `${Math.round((100 * done) / Math.max(1, node.group.total))} %`];
  }
  const attempts = node.max_attempts > 1 && node.attempt > 1 ? `${node.attempt} of ${node.max_attempts}` : '';
  const ran = node.started_at ? duration((node.finished_at ? Date.parse(node.finished_at) : now) - Date.parse(node.started_at)) : '';
  switch (node.state) {
    case 'waiting_for_retry':
      return [due ? `Retry in ${countdown(Date.parse(due) - now)}` : 'Waits for retry', `${node.attempt} of ${node.max_attempts}`];
    case 'error':
      return ['Failed', `${node.attempt} of ${node.max_attempts}`];
    case 'in_progress':
      return ['In progress', attempts || ran];
    case 'complete':
      return ['Complete', ran];
    case 'pending':
      return ['Pending', ''];
    default:
      return [stepLook(node.state).word, attempts];
  }
}

/** The class of an edge. @param {any} edge @param {Map<string, any>} nodes @param {Set<string>} critical @param {boolean} isTemplate */
export function edgeClass(edge, nodes, critical, isTemplate) {
  if (isTemplate) return '';
  if (edge.taken === false) return 'never';
  const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
  if (critical.has(`${edge.from} ${edge.to}`)) return 'crit';
  const state = from ? stateOf(from) : 'pending';
  if (state === 'error' && to && stateOf(to) === 'pending') return 'block';
  return ['complete', 'resolved_manually'].includes(state) && from.created ? '' : 'wait';
}

/** The edges of the critical path as `from to`. @param {string[]} path */
export const criticalEdges = (path) => new Set(path.slice(1).map((to, i) => `${path[i]} ${to}`));

/** All that comes after, or before, a step. @param {any} graph @param {string} id @param {'from' | 'to'} side */
export function reach(graph, id, side) {
  const other = side === 'from' ? 'to' : 'from';
  const seen = new Set();
  const open = [id];
  while (open.length) {
    const at = open.pop();
    for (const edge of graph.edges) {
      if (edge[side] === at && !seen.has(edge[other])) {
        seen.add(edge[other]);
        open.push(edge[other]);
      }
    }
  }
  return seen;
}

/** The step that an arrow key leads to. @param {any} graph @param {string | null} id @param {string} key */
export function neighbour(graph, id, key) {
  const at = graph.nodes.find((/** @type {any} */ node) => node.id === id);
  if (!at) return graph.analysis.roots[0] ?? graph.nodes[0]?.id ?? null;
  // What leads down in one drawing leads right in the other.
  if (graph.flow === 'right')
    key =
      { ArrowDown: 'ArrowRight', ArrowUp: 'ArrowLeft', ArrowRight: 'ArrowDown', ArrowLeft: 'ArrowUp' }[/** @type {'ArrowUp'} */ (key)] ??
      key;
  const side = graph.flow === 'right' ? 'y' : 'x';
  const near = (/** @type {any[]} */ nodes) =>
    nodes.sort((a, b) => Math.abs(a[side] - at[side]) - Math.abs(b[side] - at[side]))[0]?.id ?? id;
  const byId = new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  if (key === 'ArrowDown')
    return near(graph.edges.filter((/** @type {any} */ e) => e.from === id).map((/** @type {any} */ e) => byId.get(e.to)));
  if (key === 'ArrowUp')
    return near(graph.edges.filter((/** @type {any} */ e) => e.to === id).map((/** @type {any} */ e) => byId.get(e.from)));
  const level = graph.nodes
    .filter((/** @type {any} */ node) => node.level === at.level)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => a[side] - b[side]);
  const i = level.findIndex((/** @type {any} */ node) => node.id === id) + (key === 'ArrowRight' ? 1 : -1);
  return level[i]?.id ?? id;
}

/** The number of steps by what is drawn. @param {any} graph @returns {[string, string, number, string][]} hue, word, number, glyph */
export function tally(graph) {
  /** @type {Record<string, number>} */
  const by = {};
  const never = neverOf(graph);
  for (const node of graph.nodes) {
    if (node.group) for (const [state, n] of Object.entries(node.group.by_state)) by[state] = (by[state] ?? 0) + /** @type {number} */ (n);
    else if (!node.created)
      by[never.has(node.id) ? 'not_created' : 'pending'] =
        (by[never.has(node.id) ? 'not_created' : 'pending'] ?? 0) + (node.type === 'batch_worker' ? 0 : 1);
    else by[node.state ?? 'pending'] = (by[node.state ?? 'pending'] ?? 0) + 1;
  }
  const sum = (/** @type {string[]} */ ...states) => states.reduce((n, state) => n + (by[state] ?? 0), 0);
  return [
    ['done', 'done', sum('complete', 'resolved_manually'), 'done'],
    ['work', 'in progress', sum('in_progress', 'enqueued_for_orchestration', 'enqueued_as_error_for_orchestration'), 'running'],
    ['queued', 'enqueued', sum('enqueued'), 'queued'],
    ['retry', 'wait for retry', sum('waiting_for_retry'), 'retry'],
    ['failed', 'failed', sum('error'), 'failed'],
    ['waiting', 'pending', sum('pending', 'cancelled'), 'pending'],
    ['never', 'not taken', sum('not_created'), 'skipped'],
  ];
}
