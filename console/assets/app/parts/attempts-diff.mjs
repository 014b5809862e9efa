// Two attempts of a step side by side: what differs between them.
// @ts-check
import { html, useState } from '../html.mjs';
import { differences, nodeOf, print } from '../json.mjs';
import { clock } from '../format.mjs';
import { zone } from '../session.mjs';
import { Icon } from './basics.mjs';

/** Where an attempt stands in the audit, which always differs. */
const PLACE = ['/at', '/audit_id', '/attempt', '/position'];
const MOST = 60;

/** @param {{ attempts: any[] }} props */
export function AttemptsDiff({ attempts }) {
  const sorted = [...attempts].sort((a, b) => a.audit_id - b.audit_id);
  const [pair, setPair] = useState(/** @type {[number, number]} */ ([-2, -1]));
  if (sorted.length < 2) return null;
  const [left, right] = pair.map((at) => (at < 0 ? Math.max(0, sorted.length + at) : at));
  const changes = differences(nodeOf(sorted[left]), nodeOf(sorted[right])).filter((one) => !PLACE.includes(one.path));
  const choice = (/** @type {number} */ side, /** @type {number} */ chosen) =>
    html`<select class="chip-select" aria-label=${side ? 'The second attempt' : 'The first attempt'} value=${chosen} onChange=${(
      /** @type {any} */ e,
    ) => {
      const at = Number(e.target.value);
      setPair(side ? [left, at] : [at, right]);
    }}>${sorted.map((one, i) => html`<option key=${i} value=${i}>attempt ${one.attempt}, ${clock(one.at, zone.value)}</option>`)}</select>`;
  const text = (/** @type {any} */ node) => (node ? print(node, 0).replaceAll('\n', ' ') : '–');
  return html`<details class="section between"><summary><${Icon} name="right" small />What differs between attempts</summary><div class="row">${choice(0, left)}<span class="dim">and</span>${choice(1, right)}</div>
    ${changes.length ? html`<dl class="changes">${changes.slice(0, MOST).map((one) => html`<div key=${one.path}><dt class="mono small">${one.path.slice(1).replaceAll('/', ' › ')}</dt><dd class="mono small"><span class="soft">${text(one.a)}</span><span>${text(one.b)}</span></dd></div>`)}</dl>` : html`<p class="small soft">Nothing but when they ran.</p>`}</details>`;
}
