// Why a task is not moving, or what it does: sentences, the failed steps first. Pure.
// @ts-check
import { ENDED, stepLook } from './words.mjs';
import { count, countdown, duration, listed, plural } from './format.mjs';
import { reach, stateOf } from './graph.mjs';

/** @typedef {{ step?: string, look: import('./words.mjs').Look, text: string, aside?: string, action?: 'reset' }} Line */

/**
 * @param {any} task @param {any} graph
 * @param {{ now: number, due: Record<string, string | null>, waits?: Record<string, string> }} about when steps are due again
 * @returns {{ title: string, lines: Line[] }}
 */
export function why(task, graph, { now, due }) {
  const nodes = new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  /** @type {Line[]} */
  const lines = [];
  for (const { step, because } of graph.analysis.blocked_by) {
    const node = nodes.get(step);
    const behind = [...reach(graph, step, 'from')].filter((id) => {
      const other = nodes.get(id);
      return other && (!other.created || stateOf(other) === 'pending');
    });
    const wait = behind.length ? `: ${listed(behind, 2)} cannot start` : '';
    const kind = /\(([^)]+)\)$/.exec(because)?.[1] ?? '';
    const text = node?.group
      ? because.replace(/ \([^)]+\)$/, '')
      : `failed for good, attempt ${node?.attempt ?? '?'} of ${node?.max_attempts ?? '?'}`;
    lines.push({ step, look: stepLook('error'), text: text + wait, aside: kind, action: node?.group ? undefined : 'reset' });
  }
  const has = (/** @type {any} */ node, /** @type {string} */ state) =>
    node.group ? (node.group.by_state[state] ?? 0) : Number(node.state === state);
  for (const node of graph.nodes) {
    if (!has(node, 'waiting_for_retry')) continue;
    const at = due[node.id];
    const text = node.group
      ? `${plural(has(node, 'waiting_for_retry'), 'worker')} of ${count(node.group.total)} ${has(node, 'waiting_for_retry') === 1 ? 'waits' : 'wait'} for a retry`
      : `${at ? `tries again in ${countdown(Date.parse(at) - now)}` : 'waits for its next attempt'}, attempt ${node.attempt} of ${node.max_attempts} failed`;
    lines.push({ step: node.id, look: stepLook('waiting_for_retry'), text });
  }
  for (const node of graph.nodes) {
    const running = has(node, 'in_progress');
    const queued = has(node, 'enqueued');
    if (running && node.group)
      lines.push({
        step: node.id,
        look: stepLook('in_progress'),
        text: `is working: ${count(node.group.by_state.complete ?? 0)} of ${count(node.group.total)} done, ${count(running)} running`,
      });
    else if (running)
      lines.push({
        step: node.id,
        look: stepLook('in_progress'),
        text: `is working for ${duration(now - Date.parse(node.started_at))}, attempt ${node.attempt} of ${node.max_attempts}`,
      });
    else if (queued)
      lines.push({
        step: node.id,
        look: stepLook('enqueued'),
        text: node.group ? `${plural(queued, 'worker')} wait in the queue` : 'waits in the queue for a worker',
      });
  }
  const took = duration((task.completed_at ? Date.parse(task.completed_at) : now) - Date.parse(task.created_at));
  if (ENDED.includes(task.status)) {
    const words = {
      complete: [
        'How it ended',
        {
          look: stepLook('complete'),
          text: `${task.steps.satisfied === 1 ? 'The step is' : `All ${count(task.steps.satisfied)} steps are`} complete. It took ${took}.`,
        },
      ],
      error: ['How it ended', { look: stepLook('error'), text: `The task failed after ${took}.` }],
      cancelled: ['How it ended', { look: stepLook('cancelled'), text: `The task was cancelled after ${took}.` }],
      resolved_manually: ['How it ended', { look: stepLook('resolved_manually'), text: `The task was resolved by hand after ${took}.` }],
    };
    const [title, line] = /** @type {any} */ (words)[task.status];
    return { title, lines: [line, ...lines.filter((one) => one.look.hue === 'failed').map((one) => ({ ...one, action: undefined }))] };
  }
  if (task.paused_at)
    lines.unshift({
      look: { word: 'Paused', hue: 'waiting', glyph: 'pause' },
      text: `It is paused for ${duration(now - Date.parse(task.paused_at))}: no further step starts until it is resumed.`,
    });
  if (!lines.length)
    lines.push({
      look: stepLook('pending'),
      text:
        task.status === 'waiting_for_dependencies'
          ? 'No step is ready: it waits for what its steps depend on.'
          : 'The next steps are being enqueued.',
    });
  const stuck = task.paused_at || graph.analysis.blocked_by.length || !lines.some((line) => line.look.hue === 'work');
  return { title: stuck ? 'Why it is not moving' : 'What it is doing', lines };
}
