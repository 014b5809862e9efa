// A task beside the typical run of its template: where it was slower than usual.
// @ts-check
import { html } from '../html.mjs';
import { ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join } from '../route.mjs';
import { crumbs } from '../shell.mjs';
import { percent } from '../chart.mjs';
import { count, duration, plural, shortId } from '../format.mjs';
import { stepLook, taskLook } from '../words.mjs';
import { neverOf, stateOf } from '../graph.mjs';
import { usualOf, verdict } from '../typical.mjs';
import { StateWord } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { Plain } from '../parts/list.mjs';

/** What is usual is that of the last thirty days. */
const HOURS = 720;

/** @param {string} id @param {AbortSignal} stop */
async function read(id, stop) {
  const path = `v1/tasks/${encodeURIComponent(id)}`;
  const [task, graph] = await Promise.all([ask(path, { signal: stop }), ask(`${path}/graph`, { signal: stop })]);
  const query = { namespace: task.namespace, name: task.name, hours: HOURS, limit: 1000 };
  const [steps, tasks] = await Promise.all([
    ask('v1/analytics/steps', { query, signal: stop }),
    ask('v1/analytics/tasks', { query, signal: stop }),
  ]);
  delete task.context;
  return { task, graph, steps: steps.items, all: tasks.items[0] ?? null };
}

export default function Typical({ id }) {
  const found = useResource(`typical:${id}`, (stop) => read(id, stop), { every: 10_000 });
  crumbs.value = [['Tasks', href('tasks')], [shortId(id), href(join('tasks', id))], ['Typical run']];
  return html`<${Plain} title="Beside the typical run" note="of the last 30 days, all versions"><${Shown} of=${found}>${(/** @type {any} */ data) => html`<${View} ...${data} />`}<//><//>`;
}

const Judged = ({ ms, usual }) => {
  const { word, hue } = verdict(ms, usual);
  return html`<span class=${hue === 'done' ? 'soft' : hue === 'waiting' ? 'dim' : `${hue} strong`}>${word}</span>`;
};

function View({ task, graph, steps, all }) {
  const nodes = new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const usual = usualOf(steps);
  const never = neverOf(graph);
  const ran = (/** @type {any} */ node) =>
    node?.started_at && node.finished_at ? Date.parse(node.finished_at) - Date.parse(node.started_at) : null;
  const took = task.completed_at ? Date.parse(task.completed_at) - Date.parse(task.created_at) : null;
  const whole = all?.duration ? { p50: all.duration.p50 * 1000, p95: all.duration.p95 * 1000 } : null;
  const names = graph.analysis.execution_order.filter((/** @type {string} */ name) => nodes.has(name));
  const longest = Math.max(1, ...names.map((/** @type {string} */ name) => Math.max(ran(nodes.get(name)) ?? 0, usual.get(name)?.usual?.p95 ?? 0)));
  if (!all) return html`<section class="panel"><${Empty} icon="analytics" title="Nothing to compare with">No task of ${task.name} has ended in the last 30 days.<//></section>`;
  return html`<section class="panel typical scroll-x"><table class="table"><colgroup><col class="c200" /><col class="c180" /><col /><col class="c100" /><col class="c100" /><col class="c100" /><col class="c80" /><col class="c200" /></colgroup>
    <thead><tr><th>Step</th><th>State</th><th>This task, and the usual p95</th><th class="num">Ran</th><th class="num">Usual p50</th><th class="num">Usual p95</th><th class="num">Fail</th><th>Compared</th></tr></thead>
    <tbody><tr><td><a class="strong" href=${href(join('tasks', task.task_id))}>The whole task</a></td><td><${StateWord} look=${taskLook(task)} /></td><td class="small dim">${count(all.completed)} completed</td><td class="num strong">${duration(took)}</td><td class="num soft">${duration(whole?.p50)}</td><td class="num soft">${duration(whole?.p95)}</td><td class="num soft">${percent(all.error_rate)}</td><td><${Judged} ms=${took} usual=${whole} /></td></tr>
    ${names.map((/** @type {string} */ name) => {
      const node = nodes.get(name);
      const known = usual.get(name);
      const ms = node.group ? null : ran(node);
      const look = stepLook(node.created ? stateOf(node) : never.has(node.id) ? 'not_created' : 'pending');
      return html`<tr key=${name} class=${['retry', 'failed'].includes(verdict(ms, known?.usual).hue) ? 'chg' : ''}><td class="strong">${name}</td><td><${StateWord} look=${look} /></td><td><div class="beside"><i class=${look.hue} style=${{ width: `${(100 * (ms ?? 0)) / longest}%` }}></i>${known?.usual ? html`<b style=${{ left: `${(100 * known.usual.p95) / longest}%` }} title="p95"></b>` : ''}</div></td><td class="num">${duration(ms)}</td><td class="num soft">${duration(known?.usual?.p50)}</td><td class="num soft">${duration(known?.usual?.p95)}</td><td class="num soft" title=${known ? `of ${plural(known.executions, 'attempt')}` : ''}>${percent(known?.failures)}</td><td>${node.group ? html`<span class="dim">a batch of ${count(node.group.total)}</span>` : html`<${Judged} ms=${ms} usual=${known?.usual} />`}</td></tr>`;
    })}</tbody></table></section>`;
}
