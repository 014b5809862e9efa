// The processes that run steps: whether they are there, what they run, what they use.
// @ts-check
import { html } from '../html.mjs';
import { href } from '../route.mjs';
import { crumbs } from '../shell.mjs';
import { bytes, duration } from '../format.mjs';
import { Ago, CopyId, StateWord } from '../parts/basics.mjs';
import { Empty } from '../parts/states.mjs';
import { List, Plain } from '../parts/list.mjs';

/** @type {Record<string, import('../words.mjs').Look>} */
const LOOKS = {
  present: { word: 'Present', hue: 'done', glyph: 'done' },
  silent: { word: 'Silent', hue: 'retry', glyph: 'blocked' },
  left: { word: 'Left', hue: 'waiting', glyph: 'skipped' },
};

export default function Workers() {
  crumbs.value = [['Workers']];
  return html`<${Plain} title="Workers" note="the processes that ran steps in the last day"><section class="panel"><${List} path="v1/workers" limit=${200} every=${5000} id=${(/** @type {any} */ one) => one.instance} widths=${['c140', 'c180', 'c180', 'c100', 'c140', 'c100', 'c100', 'c100', 'c180']}
    columns=${[
      [
        'State',
        (/** @type {any} */ one) =>
          html`<${StateWord} look=${LOOKS[one.status] ?? { word: one.status, hue: 'waiting', glyph: 'pending' }} />`,
      ],
      [
        'Worker',
        (/** @type {any} */ one) =>
          html`<a class="strong" href=${href('tasks', { state: 'steps_in_process' })} title="Tasks in process">${one.name}</a>`,
      ],
      [
        'Runs',
        (/** @type {any} */ one) =>
          html`<div class="row"><span class="meter grow"><i style=${{ width: `${(100 * one.running) / Math.max(1, one.capacity)}%` }}></i></span><span class="small num">${one.running} of ${one.capacity}</span></div>`,
      ],
      ['Version', (/** @type {any} */ one) => one.release, 'soft'],
      ['Platform', (/** @type {any} */ one) => one.platform, 'soft'],
      ['CPU time', (/** @type {any} */ one) => (one.cpu_ms === null || one.cpu_ms === undefined ? '–' : duration(one.cpu_ms)), 'num soft'],
      ['Memory', (/** @type {any} */ one) => bytes(one.memory_bytes), 'num soft'],
      ['Seen', (/** @type {any} */ one) => html`<${Ago} at=${one.seen_at} suffix=" ago" />`, 'num soft'],
      ['Process', (/** @type {any} */ one) => html`<${CopyId} id=${one.instance} label="id of the process" />`],
    ]}
    empty=${html`<${Empty} icon="worker" title="No workers yet" command="tasker worker">Steps wait in the queue until one is there.<//>`} /></section><//>`;
}
