// Bulk operations: what runs, how far it is, what it could not do; stop.
// @ts-check
import { html } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, href, join } from '../route.mjs';
import { can } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { count, plural, shortId } from '../format.mjs';
import { ACTIONS, sentence } from '../words.mjs';
import { Ago, CopyId, Facts, Segments, StateWord, Stamp } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { confirm, notify } from '../parts/dialog.mjs';
import { List, Plain } from '../parts/list.mjs';

/** @type {Record<string, import('../words.mjs').Look>} */
const LOOKS = {
  previewed: { word: 'Previewed', hue: 'waiting', glyph: 'pending' },
  running: { word: 'Running', hue: 'work', glyph: 'running', turns: true },
  stopped: { word: 'Stopped', hue: 'waiting', glyph: 'cancelled' },
  complete: { word: 'Complete', hue: 'done', glyph: 'done' },
};
const lookOf = (/** @type {any} */ one) =>
  one.state === 'complete' && one.failed
    ? { word: 'Complete, with failures', hue: /** @type {'retry'} */ ('retry'), glyph: 'blocked' }
    : (LOOKS[one.state] ?? { word: sentence(one.state), hue: /** @type {'waiting'} */ ('waiting'), glyph: 'pending' });
const label = (/** @type {string} */ action) => ACTIONS[/** @type {'redrive'} */ (action)]?.label ?? sentence(action);
const permission = (/** @type {any} */ one) =>
  one.action === 'cancel' ? 'tasks:cancel' : one.action === 'clone' ? 'tasks:create' : 'tasks:operate';
const Progress = ({ one }) =>
  html`<div class="row"><${Segments} parts=${[
    ['done', 'done', one.done],
    ['failed', 'could not be', one.failed],
    ['waiting', 'to do', Math.max(0, one.matching.count - one.done - one.failed)],
  ]} /><span class="small dim num">${count(one.done + one.failed)}/${count(one.matching.count)}</span></div>`;

export default function Bulk({ id }) {
  crumbs.value = id ? [['Bulk', href('bulk')], [shortId(id)]] : [['Bulk']];
  if (id) return html`<${Operation} key=${id} id=${id} />`;
  return html`<${Plain} title="Bulk" note="actions on many tasks"><section class="panel"><${List} path="v1/bulk" every=${2000} id=${(/** @type {any} */ one) => one.bulk_id} open=${(/** @type {any} */ one) => go(join('bulk', one.bulk_id))} widths=${['c200', 'c140', 'c200', '', 'c180', 'c100']} columns=${[
    ['State', (/** @type {any} */ one) => html`<${StateWord} look=${lookOf(one)} />`],
    ['Action', (/** @type {any} */ one) => html`<a class="strong" href=${href(join('bulk', one.bulk_id))}>${label(one.action)}</a>`],
    ['Progress', (/** @type {any} */ one) => html`<${Progress} one=${one} />`],
    ['Reason', (/** @type {any} */ one) => one.reason ?? '', 'soft'],
    ['By', (/** @type {any} */ one) => one.actor, 'soft'],
    ['Begun', (/** @type {any} */ one) => html`<${Ago} at=${one.confirmed_at ?? one.created_at} suffix=" ago" />`, 'num soft'],
  ]} empty=${html`<${Empty} icon="bulk" title="No bulk operations yet" action=${html`<a class="btn sm" href=${href('tasks')}>Go to the tasks</a>`}>Select tasks in their list to act on many at once.<//>`} /></section><//>`;
}

function Operation({ id }) {
  const found = useResource(`bulk:${id}`, (stop) => ask(`v1/bulk/${encodeURIComponent(id)}`, { signal: stop }), { every: 1500 });
  const one = found.data;
  const stop = () =>
    confirm({
      title: 'Stop this operation?',
      body: 'What it has done stays. The rest is left as it is.',
      reason: 'none',
      label: 'Stop',
      keep: 'Let it go on',
      danger: true,
      act: async () => {
        await send(`v1/bulk/${encodeURIComponent(id)}`, 'DELETE');
        notify({ title: 'Stopped.', hue: 'waiting', glyph: 'cancelled' });
      },
    });
  return html`<${Plain} title=${one ? `${label(one.action)} ${plural(one.matching.count, 'task')}` : 'Bulk operation'} actions=${one?.state === 'running' && can(permission(one)) ? html`<button class="btn danger" type="button" onClick=${stop}>Stop…</button>` : ''}><${Shown} of=${found}>${(
    /** @type {any} */ data,
  ) => html`<section class="panel"><div class="section"><${Progress} one=${data} /></div><div class="section"><${Facts} pairs=${[
    ['State', html`<${StateWord} look=${lookOf(data)} />`],
    ['Done', count(data.done)],
    ['Could not be', count(data.failed)],
    ['Reason', data.reason],
    ['By', data.actor],
    ['Begun', data.confirmed_at ? html`<${Stamp} at=${data.confirmed_at} />` : null],
    ['Ended', data.ended_at ? html`<${Stamp} at=${data.ended_at} />` : null],
    ['Filter', data.filter ? html`<span class="mono">${JSON.stringify(data.filter)}</span>` : null],
    ['Operation', html`<${CopyId} id=${data.bulk_id} label="id of the operation" />`],
  ]} /></div></section>
    <section class="panel"><header><h2>What could not be done</h2></header><${List} path=${`v1/bulk/${encodeURIComponent(id)}/failures`} id=${(/** @type {any} */ row) => row.task_id} every=${data.state === 'running' ? 2000 : 0} widths=${['c140', 'c180', '']} columns=${[
      ['Task', (/** @type {any} */ row) => html`<a class="mono" href=${href(join('tasks', row.task_id))}>${shortId(row.task_id)}</a>`],
      ['Problem', (/** @type {any} */ row) => sentence(row.code), 'failed'],
      ['Message', (/** @type {any} */ row) => row.message, 'soft'],
    ]} empty=${html`<div class="section small soft">Nothing.</div>`} /></section>`}<//><//>`;
}
