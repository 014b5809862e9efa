// Two tasks side by side: their path, durations, inputs and results.
// @ts-check
import { html } from '../html.mjs';
import { ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join } from '../route.mjs';
import { can } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { duration, shortId } from '../format.mjs';
import { differences, parse, print } from '../json.mjs';
import { stepLook, taskLook } from '../words.mjs';
import { neverOf, stateOf } from '../graph.mjs';
import { StateWord } from '../parts/basics.mjs';
import { Shown } from '../parts/states.mjs';
import { Plain } from '../parts/list.mjs';

/** @param {string} id @param {AbortSignal} stop */
async function read(id, stop) {
  const [task, graph] = await Promise.all([
    ask(`v1/tasks/${encodeURIComponent(id)}`, { signal: stop }),
    ask(`v1/tasks/${encodeURIComponent(id)}/graph`, { signal: stop }),
  ]);
  delete task.context;
  const text = can('tasks:context_read', task.namespace)
    ? await ask(`v1/tasks/${task.task_id}/context`, { as: 'text', signal: stop }).catch(() => null)
    : null;
  return { task, graph, text: text && text.length < 1 << 20 ? text : null };
}

const ran = (/** @type {any} */ node) =>
  node?.started_at && node.finished_at ? Date.parse(node.finished_at) - Date.parse(node.started_at) : null;
const took = (/** @type {any} */ task) => (task.completed_at ? Date.parse(task.completed_at) - Date.parse(task.created_at) : null);
const keyOf = (/** @type {any} */ task) => Object.values(task.attributes ?? {})[0] ?? shortId(task.task_id);

export default function Compare({ a, b }) {
  crumbs.value = [['Tasks', href('tasks')], ['Compare']];
  const found = useResource(`compare:${a}:${b}`, async (stop) => Promise.all([read(a, stop), read(b, stop)]), { every: 5000 });
  return html`<${Plain} title="Compare two tasks"><${Shown} of=${found}>${(/** @type {any} */ pair) => html`<${Both} left=${pair[0]} right=${pair[1]} />`}<//><//>`;
}

function Both({ left, right }) {
  const nodes = (/** @type {any} */ one) => new Map(one.graph.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const [l, r] = [nodes(left), nodes(right)];
  const names = [...new Set([...left.graph.analysis.execution_order, ...right.graph.analysis.execution_order])];
  const longest = Math.max(1, ...names.flatMap((name) => [ran(l.get(name)) ?? 0, ran(r.get(name)) ?? 0]));
  const head = (/** @type {any} */ one) =>
    html`<th><a class="strong" href=${href(join('tasks', one.task.task_id))}>${keyOf(one.task)}</a> <span class="dim">${one.task.name} ${one.task.version}</span></th>`;
  const step = (/** @type {any} */ one, /** @type {any} */ node) => {
    if (!node) return html`<span class="dim">not in its template</span>`;
    const look = stepLook(node.created ? stateOf(node) : neverOf(one.graph).has(node.id) ? 'not_created' : 'pending');
    const ms = ran(node);
    return html`<div class="row"><span class="c180"><${StateWord} look=${look} /></span><span class="meter grow"><i class=${look.hue} style=${{ width: `${((ms ?? 0) / longest) * 100}%` }}></i></span><span class="small num c80">${duration(ms)}${node.attempt > 1 ? html` <span class="dim">#${node.attempt}</span>` : ''}</span></div>`;
  };
  const changes =
    left.text && right.text ? differences(parse(left.text), parse(right.text)).filter((one) => one.path !== '/task_id') : null;
  /** @type {[string, (one: any) => any][]} */
  const facts = [
    ['State', (/** @type {any} */ one) => html`<${StateWord} look=${taskLook(one.task)} />`],
    ['Took', (/** @type {any} */ one) => duration(took(one.task))],
    ['Steps', (/** @type {any} */ one) => `${one.task.steps.satisfied} of ${one.task.steps.total}`],
    ['Tags', (/** @type {any} */ one) => one.task.tags.join(', ') || '–'],
  ];
  return html`<section class="panel compare scroll-x"><table class="table"><colgroup><col class="c200" /><col /><col /></colgroup><thead><tr><th>Task</th>${head(left)}${head(right)}</tr></thead><tbody>${facts.map(([name, cell]) => html`<tr key=${name}><td class="soft">${name}</td><td>${cell(left)}</td><td>${cell(right)}</td></tr>`)}${names.map((name) => html`<tr key=${name} class=${stateOf(l.get(name) ?? {}) !== stateOf(r.get(name) ?? {}) ? 'chg' : ''}><td class="strong">${name}</td><td>${step(left, l.get(name))}</td><td>${step(right, r.get(name))}</td></tr>`)}</tbody></table></section>
    ${changes ? html`<section class="panel"><header><h2>Input and results that differ</h2><span class="dim small">${changes.length}</span></header>${changes.length ? html`<table class="table"><thead><tr><th>Field</th><th>${keyOf(left.task)}</th><th>${keyOf(right.task)}</th></tr></thead><tbody>${changes.slice(0, 300).map((one) => html`<tr key=${one.path}><td class="mono wrap-text">${one.path}</td><td class="mono soft wrap-text">${one.a ? print(one.a, 0).replaceAll('\n', ' ') : '–'}</td><td class="mono wrap-text">${one.b ? print(one.b, 0).replaceAll('\n', ' ') : '–'}</td></tr>`)}</tbody></table>` : html`<div class="section small soft">They are the same.</div>`}</section>` : ''}`;
}
