// A task's graph as it stood at an earlier moment, from its audit. Pure.
// @ts-check

/** The moments at which something changed, oldest first. @param {any[]} transitions @returns {string[]} */
export const momentsOf = (transitions) => [...new Set(transitions.map((one) => one.at))].sort();

/** @param {any} graph @param {any[]} transitions @param {string} moment */
export function graphAt(graph, transitions, moment) {
  const byName = new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const workers = graph.nodes.filter((/** @type {any} */ node) => node.group);
  /** @type {Map<string, { state: string, attempt: number, started?: string, finished?: string, of: string }>} */
  const steps = new Map();
  const sorted = transitions
    .filter((one) => one.step && one.at <= moment)
    .sort((a, b) => a.audit_id - b.audit_id || a.position - b.position);
  for (const one of sorted) {
    const of = byName.has(one.step) ? one.step : workers.find((/** @type {any} */ node) => one.step.startsWith(node.id))?.id;
    if (!of) continue;
    const known = steps.get(one.step) ?? { state: 'pending', attempt: 0, of, started: undefined };
    steps.set(one.step, {
      of,
      state: one.to_state,
      attempt: one.attempt ?? known.attempt,
      started: one.to_state === 'in_progress' ? one.at : known.started,
      finished: ['complete', 'error', 'waiting_for_retry', 'resolved_manually', 'cancelled'].includes(one.to_state) ? one.at : undefined,
    });
  }
  const nodes = graph.nodes.map((/** @type {any} */ node) => {
    if (node.group) {
      /** @type {Record<string, number>} */
      const by = {};
      for (const step of steps.values()) if (step.of === node.id) by[step.state] = (by[step.state] ?? 0) + 1;
      const total = Object.values(by).reduce((sum, n) => sum + n, 0);
      return { ...node, created: total > 0, group: { total, by_state: by } };
    }
    const step = steps.get(node.id);
    if (!step) return { ...node, state: 'pending', attempt: 0, started_at: null, finished_at: null };
    return {
      ...node,
      created: true,
      state: step.state,
      attempt: step.attempt,
      started_at: step.started ?? null,
      finished_at: step.finished ?? null,
    };
  });
  return { ...graph, nodes };
}
