// The audit of a task: what changed, when, by whom and why; read page by page.
// @ts-check
import { html, useMemo, useRef } from '../html.mjs';
import { all } from '../api.mjs';
import { useResource } from '../live.mjs';
import { clockMs, count, stamp } from '../format.mjs';
import { zone } from '../session.mjs';
import { stepLook, taskStateLook, sentence } from '../words.mjs';
import { useScroll, windowOf } from '../virtual.mjs';
import { StateWord } from './basics.mjs';
import { Shown } from './states.mjs';

const ROW = 34;
const MOST = 20000;

export function Audit({ task, chosen, choose }) {
  const found = useResource(
    `audit:${task.task_id}:${JSON.stringify(task.steps)}:${task.status}:${task.paused_at}`,
    (stop) => all(`v1/tasks/${task.task_id}/audit`, { limit: 1000 }, MOST, stop),
    { every: 0 },
  );
  return html`<section class="tl" aria-label="Audit"><${Shown} of=${found}>${(/** @type {any} */ data) => html`<${Rows} data=${data} chosen=${chosen} choose=${choose} />`}<//></section>`;
}

function Rows({ data, chosen, choose }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scroll = useScroll(box);
  const rows = useMemo(
    () => [...data.items].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : b.audit_id - a.audit_id || b.position - a.position)),
    [data],
  );
  const view = windowOf({ count: rows.length, row: ROW, ...scroll });
  return html`<div class="tlscroll flat" ref=${box} tabindex="0" role="region" aria-label="Changes, the newest first"><table class="table"><colgroup><col class="w-time" /><col class="w-steps" /><col class="w-stepstate" /><col class="w-event" /><col class="w-actor" /><col /></colgroup><thead><tr><th>Time</th><th>Of</th><th>Became</th><th>Event</th><th>By</th><th>Reason</th></tr></thead><tbody>${view.before ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.before}px` }}><td colspan="6"></td></tr>` : ''}${rows.slice(view.first, view.last).map((one) => html`<tr key=${`${one.audit_id}.${one.position}.${one.step_index ?? ''}`} aria-selected=${one.step && one.step === chosen ? 'true' : undefined}><td class="mono soft" title=${stamp(one.at, zone.value)}>${clockMs(one.at, zone.value)}</td><td>${one.step ? html`<button type="button" class="plain-link" onClick=${() => choose(one.step)}>${one.step}${one.attempt ? html` <span class="dim">#${one.attempt}</span>` : ''}</button>` : html`<span class="strong">the task</span>`}</td><td><${StateWord} look=${one.step ? stepLook(one.to_state) : taskStateLook(one.to_state)} /></td><td class="soft" title=${`from ${one.from_state}`}>${sentence(one.event)}</td><td class="soft" title=${one.actor}>${one.actor}</td><td class="soft" title=${one.reason ?? ''}>${one.reason ?? ''}</td></tr>`)}${view.after ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.after}px` }}><td colspan="6"></td></tr>` : ''}</tbody></table>${data.more ? html`<p class="small dim table-foot">The first ${count(MOST)} changes are shown.</p>` : ''}</div>`;
}
