// States in words, hues and glyphs. A state is never a colour alone.
// @ts-check

/** @typedef {{ word: string, hue: 'waiting'|'work'|'retry'|'done'|'failed', glyph: string, turns?: boolean }} Look */

/** @type {Record<string, Look>} */
const STEP = {
  pending: { word: 'Pending', hue: 'waiting', glyph: 'pending' },
  enqueued: { word: 'Enqueued', hue: 'work', glyph: 'queued' },
  in_progress: { word: 'In progress', hue: 'work', glyph: 'running', turns: true },
  enqueued_for_orchestration: { word: 'Report on its way', hue: 'work', glyph: 'running', turns: true },
  enqueued_as_error_for_orchestration: { word: 'Failure on its way', hue: 'work', glyph: 'running', turns: true },
  waiting_for_retry: { word: 'Waiting for retry', hue: 'retry', glyph: 'retry' },
  complete: { word: 'Complete', hue: 'done', glyph: 'done' },
  resolved_manually: { word: 'Resolved manually', hue: 'done', glyph: 'manual' },
  error: { word: 'Failed', hue: 'failed', glyph: 'failed' },
  isolated: { word: 'Isolated', hue: 'failed', glyph: 'isolated' },
  cancelled: { word: 'Cancelled', hue: 'waiting', glyph: 'cancelled' },
  not_created: { word: 'Branch not taken', hue: 'waiting', glyph: 'skipped' },
};

/** @type {Record<string, Look>} */
const TASK = {
  pending: { word: 'Pending', hue: 'waiting', glyph: 'pending' },
  initializing: { word: 'Beginning', hue: 'work', glyph: 'queued' },
  enqueuing_steps: { word: 'Enqueuing steps', hue: 'work', glyph: 'queued' },
  steps_in_process: { word: 'In process', hue: 'work', glyph: 'running', turns: true },
  evaluating_results: { word: 'Evaluating results', hue: 'work', glyph: 'queued' },
  waiting_for_dependencies: { word: 'Waiting for dependencies', hue: 'waiting', glyph: 'pending' },
  waiting_for_retry: { word: 'Waiting for retry', hue: 'retry', glyph: 'retry' },
  blocked_by_failures: { word: 'Blocked by failures', hue: 'failed', glyph: 'blocked' },
  complete: { word: 'Complete', hue: 'done', glyph: 'done' },
  error: { word: 'Failed', hue: 'failed', glyph: 'failed' },
  cancelled: { word: 'Cancelled', hue: 'waiting', glyph: 'cancelled' },
  resolved_manually: { word: 'Resolved manually', hue: 'done', glyph: 'manual' },
};

/** The states in which a task stays for good. */
export const ENDED = ['complete', 'error', 'cancelled', 'resolved_manually'];
/** The states that lists can be filtered by. */
export const TASK_STATES = ['steps_in_process', 'waiting_for_dependencies', 'waiting_for_retry', 'blocked_by_failures', ...ENDED];

/** @param {string} state @returns {Look} */
const unknown = (state) => ({ word: sentence(state), hue: 'waiting', glyph: 'pending' });

/** How a step looks. @param {string | null | undefined} state @param {boolean} [isolated] @returns {Look} */
export function stepLook(state, isolated) {
  if (isolated) return STEP.isolated;
  return STEP[state ?? 'not_created'] ?? unknown(state ?? '');
}

/** How a task looks. @param {{ status: string, paused_at?: string | null }} task @returns {Look} */
export function taskLook(task) {
  if (task.paused_at && !ENDED.includes(task.status)) return { word: 'Paused', hue: 'waiting', glyph: 'pause' };
  return TASK[task.status] ?? unknown(task.status);
}

/** How a state of a task looks. @param {string} state */
export const taskStateLook = (state) => TASK[state] ?? unknown(state);

/** `max_retries_exceeded` as words. @param {string} name */
export function sentence(name) {
  const text = String(name ?? '')
    .replaceAll('_', ' ')
    .replace(/^dlq$/, 'DLQ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The reasons of the dead-letter queue in words. @type {Record<string, Look>} */
const REASON = {
  max_retries_exceeded: { word: 'Retries used up', hue: 'failed', glyph: 'failed' },
  dependency_cycle_detected: { word: 'Dependency cycle', hue: 'failed', glyph: 'isolated' },
  worker_unavailable: { word: 'Worker unavailable', hue: 'failed', glyph: 'isolated' },
  staleness_timeout: { word: 'Stale', hue: 'retry', glyph: 'blocked' },
  manual_dlq: { word: 'Added by hand', hue: 'waiting', glyph: 'manual' },
};
/** @param {string} reason @returns {Look} */
export const reasonLook = (reason) => REASON[reason] ?? { word: sentence(reason), hue: 'failed', glyph: 'blocked' };

/** What each action does, in words for its button and its dialog. */
export const ACTIONS = {
  pause: { label: 'Pause', icon: 'pause', consequence: 'No further step starts until the task is resumed. Running steps end.' },
  resume: { label: 'Resume', icon: 'start', consequence: 'Steps that are ready start again.' },
  redrive: { label: 'Redrive', icon: 'redrive', consequence: 'Each failed step runs again with all its attempts. What is complete stays.' },
  give_up: { label: 'Give up', icon: 'x', danger: true, consequence: 'The task ends as failed. It can’t be redriven afterwards.' },
  resolve_manually: { label: 'Resolve', icon: 'hand', consequence: 'The task ends as resolved by hand. No further step runs.' },
  cancel: { label: 'Cancel', icon: 'x', danger: true, consequence: 'Open steps stop. This can’t be undone.' },
  clone: { label: 'Clone', icon: 'copy', consequence: 'A new task starts with the same input.' },
  upgrade: { label: 'Upgrade', icon: 'stack', consequence: 'The task goes on with another version of its template.' },
  set_priority: { label: 'Set priority', icon: 'note', consequence: 'Steps that become ready from now on are sent in the order of this priority.' },
  set_tags: { label: 'Set tags', icon: 'note', consequence: 'These tags take the place of those that are there.' },
  rerun: { label: 'Rerun from a step', icon: 'redrive', consequence: 'This step and all after it run again.' },
};

/** What a task is called after an action. @type {Record<string, string>} */
export const DONE_WORDS = {
  pause: 'paused',
  resume: 'resumed',
  redrive: 'redriven',
  give_up: 'given up',
  resolve_manually: 'resolved',
  cancel: 'cancelled',
  clone: 'cloned',
  upgrade: 'upgraded',
  rerun: 'running again',
  set_priority: 'given a priority',
  set_tags: 'tagged',
};
