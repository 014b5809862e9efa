// Where the time of a task went: rows and bars from its timeline. Pure.
// @ts-check

/**
 * @typedef {{ attempt: number, enqueued: number, started: number | null, finished: number | null, failed: boolean, error: string, due: number | null, state: string }} Run
 * @typedef {{ id: string, node?: any, runs: Run[], begin: number, ran: number, waited: number, batch?: { total: number, lanes: number } }} Lane
 */

/** Whether an entry is not a run but the wait for the next. @param {any} entry */
export const isWait = (entry) => entry.state === 'waiting_for_retry' && (entry.audit_id === null || entry.audit_id === undefined);

/** One lane a step; the workers of a batch share one. @param {any} graph @param {any[]} entries @param {number} now @returns {Lane[]} */
export function lanesOf(graph, entries, now) {
  const nodes = new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const workers = graph.nodes.filter((/** @type {any} */ node) => node.group);
  /** @type {Map<string, Lane>} */
  const lanes = new Map();
  for (const entry of entries) {
    // What waits for its next attempt stands there as its last run, too.
    if ((!entry.enqueued_at && !entry.started_at) || isWait(entry)) continue;
    const id = nodes.has(entry.step)
      ? entry.step
      : (workers.find((/** @type {any} */ node) => entry.step.startsWith(node.id))?.id ?? entry.step);
    /** @type {Lane} */
    const lane = lanes.get(id) ?? { id, node: nodes.get(id), runs: [], begin: Infinity, ran: 0, waited: 0 };
    const enqueued = Date.parse(entry.enqueued_at ?? entry.started_at);
    const started = entry.started_at ? Date.parse(entry.started_at) : null;
    const finished = entry.finished_at ? Date.parse(entry.finished_at) : null;
    lane.runs.push({
      attempt: entry.attempt,
      enqueued,
      started,
      finished,
      failed: Boolean(entry.error_type),
      error: entry.error_type ?? '',
      due: entry.next_retry_at ? Date.parse(entry.next_retry_at) : null,
      state: entry.state,
    });
    lane.begin = Math.min(lane.begin, enqueued);
    if (started !== null) {
      lane.ran += (finished ?? now) - started;
      lane.waited += Math.max(0, started - enqueued);
    } else if (!finished) lane.waited += now - enqueued;
    lanes.set(id, lane);
  }
  for (const node of graph.nodes)
    if (!lanes.has(node.id)) lanes.set(node.id, { id: node.id, node, runs: [], begin: Infinity, ran: 0, waited: 0 });
  for (const lane of lanes.values()) lane.runs.sort((a, b) => a.enqueued - b.enqueued);
  return [...lanes.values()];
}

/** Lanes in order. @param {Lane[]} lanes @param {'start' | 'duration'} by @param {any} graph */
export function sorted(lanes, by, graph) {
  const order = new Map(graph.analysis.execution_order.map((/** @type {string} */ id, /** @type {number} */ i) => [id, i]));
  const place = (/** @type {Lane} */ lane) => order.get(lane.id) ?? 1e9;
  return [...lanes].sort(
    (a, b) => (by === 'duration' ? b.ran - a.ran : a.begin === b.begin ? 0 : a.begin - b.begin) || place(a) - place(b),
  );
}

/** How many runs of a lane ran, waited and failed in each of `n` slices of time. @param {Lane} lane @param {number} from @param {number} to @param {number} n @param {number} now */
export function density(lane, from, to, n, now) {
  const slices = Array.from({ length: n }, () => ({ running: 0, queued: 0, failed: 0 }));
  const width = (to - from) / n || 1;
  const clamp = (/** @type {number} */ i) => Math.max(0, Math.min(n - 1, i));
  for (const run of lane.runs) {
    const start = run.started ?? run.finished ?? now;
    const end = run.finished ?? now;
    for (let i = clamp(Math.floor((run.enqueued - from) / width)); i <= clamp(Math.floor((end - from) / width)); i += 1) {
      const at = from + (i + 0.5) * width;
      if (at >= start && at <= end) slices[i].running += 1;
      else if (at >= run.enqueued && at < start) slices[i].queued += 1;
    }
    if (run.failed && run.finished) slices[clamp(Math.floor((run.finished - from) / width))].failed += 1;
  }
  return slices;
}

/** Lanes for `limit` bars at most: a batch with more runs is drawn as a density. */
export const isDense = (/** @type {Lane} */ lane) => Boolean(lane.node?.group) || lane.runs.length > 60;
