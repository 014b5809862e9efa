// The queues between orchestrators and hosts: how much waits, and for how long.
// @ts-check
import { html } from '../html.mjs';
import { crumbs } from '../shell.mjs';
import { count, duration } from '../format.mjs';
import { sentence } from '../words.mjs';
import { Empty } from '../parts/states.mjs';
import { List, Plain } from '../parts/list.mjs';

/** @type {Record<string, string>} */
const WHAT = { steps: 'work for hosts', reports: 'what comes back from them' };

export default function Queues() {
  crumbs.value = [['Queues']];
  return html`<${Plain} title="Queues" note="approximate numbers of messages"><section class="panel"><${List} path="v1/queues" limit=${50} every=${2000} id=${(/** @type {any} */ one) => one.name} widths=${['c180', '', 'c100', 'c100', 'c100', 'c140']}
    columns=${[
      ['Queue', (/** @type {any} */ one) => html`<span class="strong">${sentence(one.name)}</span>`],
      ['Holds', (/** @type {any} */ one) => WHAT[one.name] ?? '', 'soft'],
      ['Ready', (/** @type {any} */ one) => count(one.ready), 'num'],
      ['Delayed', (/** @type {any} */ one) => count(one.delayed), 'num soft'],
      ['In flight', (/** @type {any} */ one) => count(one.in_flight), 'num soft'],
      [
        'Oldest',
        (/** @type {any} */ one) =>
          one.oldest_seconds === null || one.oldest_seconds === undefined ? '–' : duration(one.oldest_seconds * 1000),
        'num',
      ],
    ]}
    empty=${html`<${Empty} icon="queue" title="There are no queues" />`} /></section><//>`;
}
