// The timeline of a task: one row a step, one bar a run; queue wait, run and back-off told apart.
// @ts-check
import { html, useMemo, useRef, useState } from '../html.mjs';
import { all } from '../api.mjs';
import { useResource } from '../live.mjs';
import { count, countdown, duration, plural, tickLabel, tickOf } from '../format.mjs';
import { density, isDense, lanesOf, sorted } from '../timeline.mjs';
import { ENDED, stepLook } from '../words.mjs';
import { href, join } from '../route.mjs';
import { can } from '../session.mjs';
import { neverOf, stateOf } from '../graph.mjs';
import { useScroll, windowOf } from '../virtual.mjs';
import { Glyph, Icon } from './basics.mjs';
import { Loading, Trouble } from './states.mjs';

const ROW = 36;
const HEAD = 30;
const NAME = 224;
const FIGURES = 150;
const MOST = 20000;

export function Timeline({ task, graph, due, chosen, choose, now }) {
  const ended = ENDED.includes(task.status);
  const found = useResource(`timeline:${task.task_id}`, (stop) => all(`v1/tasks/${task.task_id}/timeline`, { limit: 1000 }, MOST, stop), {
    every: ended ? 0 : task.steps.total > 500 ? 8000 : 2000,
  });
  const [by, setBy] = useState(/** @type {'start' | 'duration'} */ ('start'));
  const [zoom, setZoom] = useState(1);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scroll = useScroll(box, Boolean(found.data));
  const end = task.completed_at ? Date.parse(task.completed_at) : now;
  const lanes = useMemo(() => (found.data ? sorted(lanesOf(graph, found.data.items, end), by, graph) : []), [found.data, graph, by]);
  const never = useMemo(() => neverOf(graph), [graph]);
  if (found.error && !found.data) return html`<${Trouble} error=${found.error} />`;
  if (!found.data) return html`<section class="tl"><${Loading} /></section>`;
  const from = Date.parse(task.created_at);
  const last = Math.max(
    end,
    ...Object.values(due)
      .filter(Boolean)
      .map((at) => Date.parse(/** @type {string} */ (at))),
  );
  const span = Math.max(1, (last - from) * 1.02);
  const outer = Math.max(720, (box.current?.clientWidth ?? 1100) - 40);
  const inner = (outer - NAME - FIGURES) * zoom;
  const x = (/** @type {number} */ time) => NAME + ((time - from) / span) * inner;
  const tick = tickOf(span, Math.max(3, Math.floor(inner / 90)));
  const ticks = Array.from({ length: Math.floor(span / tick) + 1 }, (_, i) => i * tick);
  const critical = new Set(graph.analysis.critical_path);
  const view = windowOf({ count: lanes.length, row: ROW, ...scroll });
  const width = NAME + inner + FIGURES;
  const height = HEAD + lanes.length * ROW;
  const tail = graph.analysis.critical_path.at(-1);
  const share = graph.analysis.critical_path_seconds
    ? Math.min(100, Math.round((graph.analysis.critical_path_seconds * 100000) / Math.max(1, end - from)))
    : 0;
  const nowX = x(now);
  return html`<section class="tl" aria-label="Timeline">
    <div class="tlbar"><span class="lg"><i class="kw"></i>waited in queue</span><span class="lg"><i class="kr"></i>ran</span><span class="lg"><i class="kf"></i>ran and failed</span><span class="lg"><i class="ky"></i>backed off</span><span class="lg"><i class="kc"></i>critical path</span><span class="grow"></span>${tail ? html`<span class="small dim clip hide-s">Critical path ends in <b class="strong">${tail}</b>, ${share} % of the time</span>` : ''}${can('system:analytics_read', task.namespace) ? html`<a class="small soft hide-s" href=${href(join('compare', task.task_id, 'typical'))}>Compare with the typical run</a>` : ''}<div class="group"><button class="btn sm" type="button" aria-pressed=${by === 'start'} onClick=${() => setBy('start')}>By start</button><button class="btn sm" type="button" aria-pressed=${by === 'duration'} onClick=${() => setBy('duration')}>By duration</button></div><div class="group"><button class="btn sm icon" type="button" aria-label="Zoom out" onClick=${() => setZoom(Math.max(1, zoom / 1.5))}><${Icon} name="minus" small /></button><button class="btn sm icon" type="button" aria-label="Zoom in" onClick=${() => setZoom(Math.min(40, zoom * 1.5))}><${Icon} name="plus" small /></button></div><button class="btn sm icon" type="button" aria-label="Fit" title="Fit" onClick=${() => setZoom(1)}><${Icon} name="fit" small /></button></div>
    <div class="tlscroll" ref=${box} tabindex="0" role="region" aria-label="Bars of ${plural(lanes.length, 'step')}"><svg class="gantt chart" width=${width} height=${height + 12} role="img" aria-label="Runs of ${plural(lanes.length, 'step')} over ${duration(span)}">
      <text x="0" y="20">Step</text>${ticks.map((t) => html`<g key=${t}><path class="grid" d="M${x(from + t)} ${HEAD}V${height}" />${!ended && Math.abs(x(from + t) - nowX) < 46 ? '' : html`<text x=${x(from + t)} y="20" text-anchor=${t ? 'middle' : 'start'}>${tickLabel(t, tick)}</text>`}</g>`)}<text x=${width - 70} y="20" text-anchor="end">Ran</text><text x=${width} y="20" text-anchor="end">Waited</text><path class="axis" d="M0 ${HEAD}H${width}" />
      ${lanes.slice(view.first, view.last).map((lane, i) => html`<${Lane} key=${lane.id} lane=${lane} y=${HEAD + (view.first + i) * ROW} x=${x} width=${width} now=${end} due=${due[lane.id]} never=${never} critical=${critical.has(lane.id)} chosen=${chosen === lane.id} choose=${choose} range=${[from, from + span, inner]} clockNow=${now} />`)}
      ${ended ? '' : html`<path class="cpath" d="M${nowX} ${HEAD}V${height}" /><rect class="ink" x=${nowX - 28} y="4" width="56" height="20" rx="3" /><text class="in" x=${nowX} y="18" text-anchor="middle">now ${countdown(now - from)}</text>`}
    </svg></div>${found.data.more ? html`<p class="small dim table-foot">The first ${count(MOST)} runs are shown.</p>` : ''}</section>`;
}

function Lane({ lane, y, x, width, now, due, never, critical, chosen, choose, range, clockNow }) {
  const node = lane.node;
  const look = stepLook(node ? (node.created ? stateOf(node) : never.has(node.id) ? 'not_created' : 'pending') : lane.runs.at(-1)?.state);
  const middle = y + ROW / 2;
  const [from, to, inner] = range;
  const note = node?.group
    ? `${count(node.group.total)} in a batch`
    : look.glyph === 'failed'
      ? `Failed, ${node?.attempt} of ${node?.max_attempts}`
      : due
        ? `Retry in ${countdown(Date.parse(due) - clockNow)}`
        : look.glyph === 'pending' || look.glyph === 'skipped'
          ? look.word
          : '';
  const dense = isDense(lane);
  const bars = dense ? density(lane, from, to, Math.max(20, Math.min(240, Math.floor(inner / 5))), now) : [];
  const tallest = Math.max(1, ...bars.map((bar) => bar.running + bar.queued));
  const slice = inner / Math.max(1, bars.length);
  const begin = lane.runs.length ? Math.min(...lane.runs.map((run) => run.started ?? run.enqueued)) : 0;
  const end = lane.runs.length ? Math.max(...lane.runs.map((run) => run.finished ?? now)) : 0;
  return html`<g class="lane ${chosen ? 'chosen' : ''}" onClick=${() => choose(lane.id)}><rect class="hit" x="-20" y=${y} width=${width + 40} height=${ROW} /><path class="grid" d="M0 ${y + ROW}H${width}" />
    <svg class="g ${look.hue}" x="0" y=${middle - 8} width="16" height="16"><use href="#g-${look.glyph}" /></svg><text class="nm ${lane.runs.length ? '' : 'off'}" x="26" y=${middle + 4}>${lane.id.length > 20 ? `${lane.id.slice(0, 19)}…` : lane.id}<title>${lane.id}</title></text>${lane.id.length < 15 ? html`<text class="note ${look.hue}" x="212" y=${middle + 4} text-anchor="end">${note}</text>` : ''}
    ${
      dense
        ? bars.map((bar, i) => {
            const h = (bar.running / tallest) * (ROW - 8);
            const q = (bar.queued / tallest) * (ROW - 8);
            return html`<g key=${i}>${h ? html`<rect class="bar-work" x=${x(from) + i * slice} y=${y + ROW - 4 - h} width=${Math.max(1, slice - 1)} height=${h} />` : ''}${q ? html`<rect class="bar-queued" x=${x(from) + i * slice} y=${y + ROW - 4 - h - q} width=${Math.max(1, slice - 1)} height=${q} />` : ''}${bar.failed ? html`<rect class="bar-failed" x=${x(from) + i * slice} y=${y + ROW - 4 - h - q - 3} width=${Math.max(1, slice - 1)} height="3" />` : ''}</g>`;
          })
        : lane.runs.map(
            (run, i) => html`<${Bar} key=${i} run=${run} next=${lane.runs[i + 1]} x=${x} y=${middle - 8} now=${now} due=${due} />`,
          )
    }
    ${critical && dense ? html`<path class="cpath" d="M${x(begin)} ${y + ROW - 2}H${x(end)}" />` : critical && lane.runs.length ? html`<rect class="crit" x=${x(begin) - 3} y=${middle - 11.5} width=${Math.max(6, x(end) - x(begin) + 6)} height="23" rx="5" />` : ''}
    <text class="v" x=${width - 70} y=${middle + 4} text-anchor="end">${lane.runs.some((run) => run.started) ? duration(lane.ran) : '–'}</text><text class="v" x=${width} y=${middle + 4} text-anchor="end">${lane.runs.length ? duration(lane.waited) : '–'}</text></g>`;
}

function Bar({ run, next, x, y, now, due }) {
  const start = run.started ?? run.finished ?? now;
  const end = run.finished ?? now;
  const until = next ? next.enqueued : due ? Date.parse(due) : 0;
  const w = Math.max(2, x(end) - x(start));
  const text = `${run.attempt}${run.error ? ` ${run.error}` : ''}`;
  return html`<g><title>attempt ${run.attempt}: waited ${duration(start - run.enqueued)}, ran ${duration(end - start)}${run.error ? `, ${run.error}` : ''}</title>
    ${start > run.enqueued ? html`<rect x=${x(run.enqueued)} y=${y} width=${Math.max(1, x(start) - x(run.enqueued))} height="16" fill="url(#hatch)" />` : ''}
    ${run.started ? html`<rect class=${run.failed ? 'bar-failed' : run.finished ? 'bar-done' : 'bar-work'} x=${x(start)} y=${y} width=${w} height="16" rx="2" />` : ''}
    ${run.failed && w > text.length * 6.5 + 12 ? html`<text class="in" x=${x(start) + 7} y=${y + 12}>${text}</text>` : ''}
    ${until > end ? html`<path class="back-off" d="M${x(end) + 3} ${y + 8}H${Math.max(x(end) + 3, x(until) - 2)}" />` : ''}</g>`;
}
