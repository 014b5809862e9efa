// Which step of a task matters most. Pure.
// @ts-check

const ORDER = ['error', 'waiting_for_retry', 'in_progress', 'enqueued'];

/** @param {{ name: string, by_state: Record<string, number>, attempt: number, max_attempts: number, error_type?: string | null }[]} steps @returns {{ name: string, state: string, note: string } | null} */
export function mostPressing(steps) {
  for (const state of ORDER) {
    const step = steps.find((one) => one.by_state[state]);
    if (!step) continue;
    const total = Object.values(step.by_state).reduce((sum, n) => sum + n, 0);
    const failed = state === 'error' || state === 'waiting_for_retry';
    const note =
      failed && step.error_type
        ? step.error_type
        : total > 1
          ? `${step.by_state[state]} of ${total}`
          : step.attempt > 1
            ? `attempt ${step.attempt} of ${step.max_attempts}`
            : '';
    return { name: step.name, state, note };
  }
  return null;
}
