// Where each task of a list is stuck: the step that matters most, read for the rows in sight.
// @ts-check
import { signal } from '@preact/signals';
import { ask } from './api.mjs';
import { mostPressing } from './pressing.mjs';

/** How many are asked for at once, beside what the page itself asks. */
const AT_ONCE = 2;
/** How many are remembered. */
const MOST = 500;

/** @type {Map<string, { version: string, step: any }>} */
const known = new Map();
/** @type {any[]} */
let waiting = [];
let running = 0;
/** Grows when one has arrived. */
export const arrived = signal(0);

const versionOf = (/** @type {any} */ task) => `${task.status} ${JSON.stringify(task.steps)}`;

/** The step of a task, as far as it is known. @param {any} task */
export const standingOf = (task) => known.get(task.task_id)?.step;

/** Asks for tasks that have changed since; those asked for before, and not in sight any more, are left out. @param {any[]} tasks */
export function want(tasks) {
  waiting = tasks.filter((task) => known.get(task.task_id)?.version !== versionOf(task));
  while (running < AT_ONCE && waiting.length) next();
}

async function next() {
  const task = waiting.shift();
  if (!task) return;
  running += 1;
  const version = versionOf(task);
  known.set(task.task_id, { version, step: known.get(task.task_id)?.step });
  try {
    const { steps } = await ask(`v1/tasks/${task.task_id}/summary`);
    known.set(task.task_id, { version, step: mostPressing(steps) });
    if (known.size > MOST) known.delete(/** @type {string} */ (known.keys().next().value));
    arrived.value += 1;
  } catch {
    /* The counts of its steps say enough. */
  }
  running -= 1;
  if (waiting.length) next();
}
