// Dead letters: groups by what failed, and what has changed since. Pure.
// @ts-check

/** The steps of a snapshot that failed. @param {any} snapshot @returns {any[]} */
export const failedIn = (snapshot) => (snapshot?.steps ?? []).filter((/** @type {any} */ step) => step.state === 'error');

/** The step and error of an entry, from its snapshot. @param {any} entry */
export function causeOf(entry) {
  const steps = failedIn(entry.snapshot);
  const step =
    (entry.step_index !== null && entry.step_index !== undefined
      ? (entry.snapshot?.steps ?? []).find((/** @type {any} */ one) => one.step_index === entry.step_index)
      : null) ??
    steps[0] ??
    null;
  return { step: step?.name ?? null, failure: step?.last_failure ?? step?.failure ?? null, more: Math.max(0, steps.length - 1) };
}

/** Entries of one cause together, in the order of their most urgent one. @param {any[]} entries @returns {{ key: string, step: string | null, error: string, name: string, namespace: string, entries: any[] }[]} */
export function groupsOf(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const { step, failure } = causeOf(entry);
    const error = failure?.error_type ?? '';
    const key = [entry.namespace, entry.name, step, error, step ? '' : entry.dlq_reason].join(' ');
    const group = groups.get(key) ?? { key, step, error, name: entry.name, namespace: entry.namespace, entries: [] };
    group.entries.push(entry);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The urgency of an entry as 0 to 3. @param {number} score */
export const urgency = (score) => (score >= 100 ? 3 : score >= 65 ? 2 : score >= 50 ? 1 : 0);

/** Rows of then and now that tell whether trying again may help. @param {any} entry @param {any} task @param {any[]} steps as they are now @returns {{ thing: string, then: any, now: any, changed: boolean, kind: 'task' | 'step' | 'text' }[]} */
export function thenAndNow(entry, task, steps) {
  /** @type {any[]} */
  const rows = [{ thing: 'Task', then: entry.task_state, now: task.status, kind: 'task' }];
  const { step, failure } = causeOf(entry);
  const was = (entry.snapshot?.steps ?? []).find((/** @type {any} */ one) => one.name === step);
  const is = steps.find((one) => one.name === step);
  if (was && is) {
    rows.push({ thing: step, then: was.state, now: is.state, kind: 'step' });
    rows.push({ thing: 'Attempts', then: String(was.attempt ?? '–'), now: String(is.attempt), kind: 'text' });
    rows.push({ thing: 'Failure', then: failure?.error_type ?? '–', now: is.last_failure?.error_type ?? '–', kind: 'text' });
    if (was.component && is.component)
      rows.push({ thing: 'Component', then: was.component.slice(0, 12), now: is.component.slice(0, 12), kind: 'text' });
  }
  return rows.map((row) => ({ ...row, changed: row.then !== row.now }));
}
