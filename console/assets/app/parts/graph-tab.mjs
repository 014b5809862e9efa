// The graph of a task, now or as it stood at an earlier moment.
// @ts-check
import { html, useMemo, useState } from '../html.mjs';
import { all } from '../api.mjs';
import { useResource } from '../live.mjs';
import { graphAt, momentsOf } from '../past.mjs';
import { zone } from '../session.mjs';
import { clockMs, duration } from '../format.mjs';
import { ENDED } from '../words.mjs';
import { GraphView } from './graph-view.mjs';
import { Icon } from './basics.mjs';

/** Above, the audit is too long to be read for a slider. */
const MOST = 2000;

export function GraphTab({ task, graph, due, chosen, choose, now }) {
  const [at, set] = useState(/** @type {number | null} */ (null));
  const [open, setOpen] = useState(false);
  const audit = useResource(
    open ? `past:${task.task_id}:${task.status}` : null,
    (stop) => all(`v1/tasks/${task.task_id}/audit`, { limit: 1000 }, MOST, stop),
    { every: ENDED.includes(task.status) ? 0 : 4000 },
  ).data;
  const moments = useMemo(() => (audit ? momentsOf(audit.items) : []), [audit]);
  const shown = useMemo(
    () => (at === null || !audit || !moments.length ? graph : graphAt(graph, audit.items, moments[Math.min(at, moments.length - 1)])),
    [graph, audit, at, moments],
  );
  const i = at === null ? moments.length - 1 : Math.min(at, moments.length - 1);
  const moment = moments[i];
  return html`<section class="graph-pane" aria-label="Graph"><${GraphView} graph=${shown} selected=${chosen} choose=${choose} now=${at === null ? now : Date.parse(moment)} due=${at === null ? due : undefined} />
    <div class="past">${
      open && moments.length
        ? html`<button class="btn sm icon" type="button" aria-label="A moment earlier" onClick=${() => set(Math.max(0, i - 1))}><${Icon} name="right" small class="back" /></button><input type="range" min="0" max=${moments.length - 1} value=${i} aria-label="Moment" aria-valuetext=${clockMs(moment, zone.value)} onInput=${(/** @type {any} */ e) => set(Number(e.target.value) === moments.length - 1 ? null : Number(e.target.value))} /><button class="btn sm icon" type="button" aria-label="A moment later" onClick=${() => set(i + 1 >= moments.length - 1 ? null : i + 1)}><${Icon} name="right" small /></button><span class="small"><b class="strong">${at === null ? 'now' : clockMs(moment, zone.value)}</b> <span class="dim">${duration(Date.parse(moment) - Date.parse(task.created_at))} after its start</span></span><button class="btn ghost sm" type="button" onClick=${() => {
            setOpen(false);
            set(null);
          }}>Close</button>`
        : html`<button class="btn sm" type="button" title="The graph as it stood at any moment" onClick=${() => setOpen(true)}><${Icon} name="clock" small />${open ? 'Reading…' : 'Past'}</button>`
    }</div></section>`;
}
