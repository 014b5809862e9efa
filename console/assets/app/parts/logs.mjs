// The logs of a task: all steps merged by time, filtered, followed, downloaded.
// @ts-check
import { html, useEffect, useMemo, useRef, useState } from '../html.mjs';
import { all } from '../api.mjs';
import { useResource } from '../live.mjs';
import { here, root, setQuery } from '../route.mjs';
import { count, stamp, clockMs } from '../format.mjs';
import { zone } from '../session.mjs';
import { asText, byTime, finder, LEVELS, plain } from '../log-lines.mjs';
import { useScroll, windowOf } from '../virtual.mjs';
import { Icon } from './basics.mjs';
import { Empty, Loading, Trouble } from './states.mjs';

const ROW = 20;
const MOST = 20000;

export function Logs({ task, graph, choose }) {
  const query = here.value.query;
  const level = query.get('level') ?? '';
  const step = query.get('logstep') ?? '';
  const text = query.get('find') ?? '';
  const [follow, setFollow] = useState(true);
  const [isWrapped, setWrapped] = useState(false);
  const found = useResource(
    `logs:${task.task_id}:${level}:${step}`,
    (stop) => all(`v1/tasks/${task.task_id}/logs`, { limit: 1000, level, step }, MOST, stop),
    { every: task.completed_at ? 0 : 2000 },
  );
  const lines = useMemo(() => byTime(found.data?.items ?? []), [found.data]);
  const shown = useMemo(() => {
    const fits = finder(text);
    return text ? lines.filter((line) => fits(line.message) || fits(line.step)) : lines;
  }, [lines, text]);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scroll = useScroll(box, Boolean(found.data));
  const view = isWrapped
    ? { first: Math.max(0, shown.length - 2000), last: shown.length, before: 0, after: 0 }
    : windowOf({ count: shown.length, row: ROW, around: 30, ...scroll });
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, follow, isWrapped]);
  const url = (/** @type {string} */ format) => {
    const to = new URL(`v1/tasks/${task.task_id}/logs`, root);
    to.searchParams.set('format', format);
    return to.href;
  };
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([asText(shown)], { type: 'text/plain' }));
    link.download = `${task.task_id}-view.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  if (found.error && !found.data) return html`<${Trouble} error=${found.error} />`;
  const steps = graph.nodes.filter((/** @type {any} */ node) => node.created && !node.group).map((/** @type {any} */ node) => node.id);
  return html`<section class="tl" aria-label="Logs"><div class="tlbar"><label class="search steps-search"><${Icon} name="search" small /><input type="search" aria-label="Find in the logs" placeholder="Text, or /pattern/" value=${text} onInput=${(/** @type {any} */ e) => setQuery({ find: e.target.value })} /></label><select class="btn sm" aria-label="Level" value=${level} onChange=${(/** @type {any} */ e) => setQuery({ level: e.target.value })}><option value="">All levels</option>${LEVELS.slice(1).map((one) => html`<option key=${one} value=${one}>${one} or worse</option>`)}</select><select class="btn sm" aria-label="Step" value=${step} onChange=${(/** @type {any} */ e) => setQuery({ logstep: e.target.value })}><option value="">All steps</option>${steps.map((/** @type {string} */ one) => html`<option key=${one} value=${one}>${one}</option>`)}</select><span class="grow"></span><span class="small dim hide-s">${count(shown.length)}${found.data?.more ? '+' : ''} lines</span><button class="btn sm" type="button" aria-pressed=${follow} onClick=${() => setFollow(!follow)}>Follow</button><button class="btn sm" type="button" aria-pressed=${isWrapped} onClick=${() => setWrapped(!isWrapped)}>Wrap</button><button class="btn sm" type="button" title="Download the lines that are shown" onClick=${save}><${Icon} name="save" small />This view</button><a class="btn sm" href=${url('text')} download="${task.task_id}.log" title="Download all lines"><${Icon} name="save" small />Everything</a></div>
    <div class="tlscroll flat logbox" ref=${box} tabindex="0" role="region" aria-label="Lines of the logs" onWheel=${(
      /** @type {WheelEvent} */ e,
    ) => {
      if (e.deltaY < 0) setFollow(false);
    }}>${!found.data ? html`<${Loading} />` : shown.length ? html`<ol class="logs big ${isWrapped ? 'wrapped' : ''}"><li class="space" aria-hidden="true" style=${{ height: `${view.before}px` }}></li>${shown.slice(view.first, view.last).map((line) => html`<li key=${`${line.audit_id}.${line.position}`} class=${line.level === 'error' || line.level === 'critical' ? 'error' : line.level === 'warn' ? 'warn' : ''}><time title=${stamp(line.at, zone.value)}>${clockMs(line.at, zone.value)}</time><b>${line.level}</b><button type="button" class="plain-link dim clip" title="${line.step}, attempt ${line.attempt}" onClick=${() => choose(line.step)}>${line.step}${line.attempt > 1 ? ` #${line.attempt}` : ''}</button><span title=${line.message}>${plain(line.message)}</span></li>`)}<li class="space" aria-hidden="true" style=${{ height: `${view.after}px` }}></li></ol>` : html`<${Empty} icon="note" title=${text || level || step ? 'No line matches' : 'No lines yet'}>${text || level || step ? 'Change the filters above.' : 'Lines are stored when a run ends.'}<//>`}</div></section>`;
}
