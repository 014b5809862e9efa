// The attempts of a step on one time axis: hatched wait, solid run, dotted back-off.
// @ts-check
import { html } from '../html.mjs';
import { now } from '../session.mjs';
import { isWait } from '../timeline.mjs';
import { duration, tickLabel, tickOf } from '../format.mjs';

const W = 366;
const LEFT = 18;
const RIGHT = 246;

/** The runs of a step, oldest first, each with its wait, run and back-off. @param {any} step @param {any[]} attempts @param {any[]} timeline */
export function runsOf(step, attempts, timeline) {
  const open = ['enqueued', 'in_progress', 'enqueued_for_orchestration', 'enqueued_as_error_for_orchestration'].includes(step.state);
  let runs = timeline
    .filter((one) => !isWait(one))
    .map((one) => ({
      attempt: one.attempt,
      enqueued: one.enqueued_at,
      started: one.started_at,
      finished: one.finished_at,
      failed: Boolean(one.error_type),
      error: one.error_type ?? '',
      due: one.next_retry_at,
    }));
  if (!runs.length) {
    runs = attempts.map((one) => {
      const wall = one.detail?.usage?.wall_us ?? 0;
      return {
        attempt: one.attempt,
        enqueued: null,
        started: new Date(Date.parse(one.at) - wall / 1000).toISOString(),
        finished: one.at,
        failed: Boolean(one.detail?.failure),
        error: one.detail?.failure?.error_type ?? '',
        due: null,
      };
    });
    if (open && step.enqueued_at)
      runs.push({
        attempt: step.attempt,
        enqueued: step.enqueued_at,
        started: step.started_at,
        finished: null,
        failed: false,
        error: '',
        due: null,
      });
  }
  return runs
    .filter((one) => one.enqueued || one.started)
    .sort((a, b) => Date.parse(a.enqueued ?? a.started) - Date.parse(b.enqueued ?? b.started));
}

/** @param {{ step: any, attempts: any[], timeline: any[] }} props */
export function Attempts({ step, attempts, timeline }) {
  const runs = runsOf(step, attempts, timeline).slice(-12);
  if (!runs.length) return null;
  const at = (/** @type {string | null} */ text) => (text ? Date.parse(text) : now.value);
  const from = at(runs[0].enqueued ?? runs[0].started);
  const due = step.state === 'waiting_for_retry' && step.next_retry_at ? Date.parse(step.next_retry_at) : 0;
  const to = Math.max(due, ...runs.map((run) => at(run.finished)), from + 1);
  const x = (/** @type {number} */ time) => LEFT + ((time - from) / (to - from)) * (RIGHT - LEFT);
  const tick = tickOf(to - from, 5);
  const ticks = Array.from({ length: Math.floor((to - from) / tick) + 1 }, (_, i) => i * tick);
  let [waited, ran, backed] = [0, 0, 0];
  const height = runs.length * 22;
  const rows = runs.map((run, i) => {
    const begin = at(run.enqueued ?? run.started);
    const start = run.started ? at(run.started) : run.finished ? at(run.finished) : now.value;
    const end = at(run.finished);
    const next = runs[i + 1] ? at(runs[i + 1].enqueued ?? runs[i + 1].started) : due;
    waited += Math.max(0, start - begin);
    ran += Math.max(0, end - start);
    if (next > end) backed += next - end;
    const y = i * 22 + 3;
    return html`<g key=${i}><text class="ink" x="2" y=${y + 11}>${run.attempt}</text>
      ${start > begin ? html`<rect x=${x(begin)} y=${y} width=${Math.max(1, x(start) - x(begin))} height="15" fill="url(#hatch)" />` : ''}
      ${run.started ? html`<rect class=${run.failed ? 'bar-failed' : run.finished ? 'bar-done' : 'bar-work'} x=${x(start)} y=${y} width=${Math.max(2, x(end) - x(start))} height="15" rx="2" />` : ''}
      ${next > end ? html`<path class="back-off" d="M${x(end) + 3} ${y + 7.5}H${Math.max(x(end) + 3, x(next) - 3)}" />` : ''}
      <text x="322" y=${y + 11} text-anchor="end">${run.error.length > 12 ? `${run.error.slice(0, 11)}…` : run.error}<title>${run.error}</title></text><text class="ink" x="364" y=${y + 11} text-anchor="end">${run.started ? duration(end - start) : 'waits'}</text></g>`;
  });
  return html`<div class="section"><h3>Attempts <span class="right key"><i class="kw"></i>waited ${duration(waited)} <i class=${runs.some((run) => run.failed) ? 'kr' : 'kr ok'}></i>ran ${duration(ran)}${backed ? html` <i class="ky"></i>backed off ${duration(backed)}` : ''}</span></h3>
    <svg class="chart" width=${W} height=${height + 20} viewBox="0 0 ${W} ${height + 20}" role="img" aria-label="${runs.length} runs on one time axis">${ticks.map((t) => html`<g key=${t}><path class="grid" d="M${x(from + t)} 0V${height}" /><text x=${x(from + t)} y=${height + 15} text-anchor=${t ? 'middle' : 'start'}>${tickLabel(t, tick)}</text></g>`)}${rows}</svg></div>`;
}
