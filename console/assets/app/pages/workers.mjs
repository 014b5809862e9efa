// The hosts that run steps, when the server knows them.
// @ts-check
import { html } from '../html.mjs';
import { ask, isMissingRoute } from '../api.mjs';
import { useResource } from '../live.mjs';
import { crumbs } from '../shell.mjs';
import { sentence } from '../words.mjs';
import { bytes } from '../format.mjs';
import { Ago } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { Plain } from '../parts/list.mjs';

/** A field of any kind. @param {string} name @param {any} value */
function cell(name, value) {
  if (value === null || value === undefined) return html`<span class="dim">–</span>`;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return html`<${Ago} at=${value} suffix=" ago" />`;
  if (typeof value === 'number' && /bytes|memory|rss/.test(name)) return bytes(value);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** Rows whose fields the server names. @param {{ path: string, title: string, note: string, icon: string, none: string, first: string[] }} props */
export function Rows({ path, title, note, icon, none, first }) {
  crumbs.value = [[title]];
  const found = useResource(`rows:${path}`, (stop) => ask(path, { signal: stop }), { every: 3000 });
  if (found.error && isMissingRoute(found.error)) return html`<${Plain} title=${title} note=${note}><section class="panel"><${Empty} icon=${icon} title="This server does not list them">${none}<//></section><//>`;
  return html`<${Plain} title=${title} note=${note}><section class="panel"><${Shown} of=${found}>${(/** @type {any} */ data) => {
    const items = Array.isArray(data) ? data : data.items ?? [];
    if (!items.length) return html`<${Empty} icon=${icon} title="There are none now">${none}<//>`;
    const names = [...first.filter((name) => name in items[0]), ...Object.keys(items[0]).filter((name) => !first.includes(name))].slice(0, 9);
    return html`<div class="scroll-x"><table class="table stack"><thead><tr>${names.map((name) => html`<th key=${name} class=${typeof items[0][name] === 'number' ? 'num' : ''}>${sentence(name)}</th>`)}</tr></thead><tbody>${items.map((/** @type {any} */ row, /** @type {number} */ i) => html`<tr key=${row.name ?? i}>${names.map((name, j) => html`<td key=${name} data-h=${sentence(name)} class=${`${typeof row[name] === 'number' ? 'num' : ''} ${j ? 'soft' : 'strong'}`}>${cell(name, row[name])}</td>`)}</tr>`)}</tbody></table></div>`;
  }}<//></section><//>`;
}

export default () => html`<${Rows} path="v1/workers" title="Workers" note="the hosts that run steps" icon="worker" none="Hosts say that they are there when they start." first=${['name', 'status', 'version', 'running', 'capacity']} />`;
