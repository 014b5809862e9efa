// The handlers of steps: which version runs, its history, and the way forward and back.
// @ts-check
import { html } from '../html.mjs';
import { all, ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, href, join } from '../route.mjs';
import { can } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { nodeOf, print } from '../json.mjs';
import { Ago, Copy, Facts } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { confirm, notify } from '../parts/dialog.mjs';
import { Document } from '../parts/json-tree.mjs';
import { List, Plain } from '../parts/list.mjs';

export default function Handlers({ callable }) {
  crumbs.value = callable ? [['Handlers', href('handlers')], [callable]] : [['Handlers']];
  if (callable) return html`<${Handler} key=${callable} callable=${callable} />`;
  return html`<${Plain} title="Handlers" note="what steps run, each a function of a component"><section class="panel"><${List} path="v1/callables" limit=${200} every=${15000} id=${(/** @type {any} */ one) => one.callable} open=${(/** @type {any} */ one) => go(join('handlers', one.callable))} widths=${['c200', '', 'c80', 'c180', 'c140', 'c100']}
    columns=${[
      ['Handler', (/** @type {any} */ one) => html`<a class="strong" href=${href(join('handlers', one.callable))}>${one.callable}</a>`],
      ['Description', (/** @type {any} */ one) => one.description, 'soft'],
      ['Version', (/** @type {any} */ one) => one.version, 'num'],
      ['Function', (/** @type {any} */ one) => one.function, 'mono soft'],
      ['Component', (/** @type {any} */ one) => html`<span title=${one.component}>${one.component.slice(0, 12)}</span>`, 'mono soft'],
      ['Published', (/** @type {any} */ one) => html`<${Ago} at=${one.published_at} suffix=" ago" />`, 'num soft'],
    ]}
    empty=${html`<${Empty} icon="handler" title="No handlers yet" command="tasker deploy">They appear when a project is published.<//>`} /></section><//>`;
}

/** A handler, its versions, and the templates that use it. @param {string} callable @param {AbortSignal} stop */
async function read(callable, stop) {
  const path = `v1/callables/${encodeURIComponent(callable)}/versions`;
  const [versions, list] = await Promise.all([all(path, { limit: 200 }, 400, stop), all('v1/callables', { limit: 1000 }, 4000, stop)]);
  return { versions: versions.items, handler: list.items.find((one) => one.callable === callable) };
}

/** The templates whose newest version uses it. @param {string} callable @param {AbortSignal} stop */
async function users(callable, stop) {
  if (!can('system:handlers_read')) return [];
  const { namespaces } = await ask('v1/handlers', { signal: stop });
  const found = [];
  for (const space of namespaces.slice(0, 50)) {
    for (const name of space.handlers.slice(0, 50)) {
      const { handler } = await ask(`v1/handlers/${join(space.name, name)}`, { signal: stop });
      const steps = handler.step_templates
        .filter((/** @type {any} */ step) => step.handler === callable)
        .map((/** @type {any} */ step) => step.name);
      if (steps.length) found.push({ namespace: space.name, name, version: handler.version, steps });
    }
  }
  return found;
}

function Handler({ callable }) {
  const found = useResource(`handler:${callable}`, (stop) => read(callable, stop), { every: 8000 });
  const used = useResource(`handler:users:${callable}`, (stop) => users(callable, stop), { every: 0 });
  const path = `v1/callables/${encodeURIComponent(callable)}/versions`;
  const change = (/** @type {any} */ body, /** @type {string} */ title, /** @type {string} */ text) =>
    confirm({
      title,
      body: text,
      reason: 'none',
      label: body.action === 'promote' ? 'Promote' : 'Roll back',
      act: async () => {
        const now = await send(path, 'PATCH', body);
        notify({ title: `${callable} runs version ${now.version} now.` });
      },
    });
  return html`<${Plain} title=${callable}><${Shown} of=${found}>${(/** @type {any} */ { versions, handler }) => {
    const current = versions.find((/** @type {any} */ one) => one.is_current);
    const before = versions
      .filter((/** @type {any} */ one) => current && one.version < current.version)
      .sort((/** @type {any} */ a, /** @type {any} */ b) => b.version - a.version)[0];
    return html`
    <section class="panel"><div class="section"><${Facts} pairs=${[
      ['Does', handler?.description],
      ['Function', current?.function],
      ['Runs version', current ? String(current.version) : 'none'],
      [
        'Component',
        current
          ? html`<span class="mono">${current.component.slice(0, 24)}…</span><${Copy} text=${current.component} label="Copy the digest" />`
          : null,
      ],
      [
        'Used by',
        used.data?.length
          ? html`${used.data.map((/** @type {any} */ one, /** @type {number} */ i) => html`${i ? ', ' : ''}<a class="link" key=${one.name} href=${href(join('templates', one.namespace, one.name))} title=${one.steps.join(', ')}>${one.name}</a>`)}`
          : used.data
            ? 'no template’s newest version'
            : null,
      ],
    ]} /></div></section>
    <section class="panel"><header><h2>Versions</h2><span class="dim small">the newest first</span>${can('handlers:promote') && before ? html`<button class="btn sm right" type="button" onClick=${() => change({ action: 'roll_back' }, `Roll ${callable} back?`, `Version ${before.version} runs instead of version ${current.version}. Tasks that begin from now on use it; runs that have begun end as they are.`)}>Roll back…</button>` : ''}</header><table class="table stack"><colgroup><col class="c100" /><col class="c180" /><col /><col class="c140" /><col class="c140" /></colgroup><thead><tr><th>Version</th><th>Function</th><th>Component</th><th class="num">Published</th><th><span class="hidden">Action</span></th></tr></thead><tbody>${[...versions].sort((a, b) => b.version - a.version).map((one) => html`<tr key=${one.version}><td data-h="Version"><span class="strong">${one.version}</span> ${one.is_current ? html`<span class="tag">runs</span>` : ''}</td><td class="mono soft" data-h="Function">${one.function}</td><td class="mono soft" data-h="Component" title=${one.component}>${one.component.slice(0, 16)}${current && !one.is_current && one.component === current.component ? html` <span class="dim">the same bytes</span>` : ''}</td><td class="num soft" data-h="Published"><${Ago} at=${one.published_at} suffix=" ago" /></td><td class="num">${can('handlers:promote') && !one.is_current ? html`<button class="btn sm" type="button" onClick=${() => change({ action: 'promote', version: one.version }, `Promote version ${one.version} of ${callable}?`, `It runs instead of version ${current?.version ?? 'none'}${current?.component === one.component ? '; the component is the same' : '; the component is another'}. Tasks that begin from now on use it.`)}>Promote…</button>` : ''}</td></tr>`)}</tbody></table></section>
    ${handler?.input_schema ? html`<${Document} title="Input schema" text=${print(nodeOf(handler.input_schema))} />` : ''}${handler?.result_schema ? html`<${Document} title="Result schema" text=${print(nodeOf(handler.result_schema))} />` : ''}`;
  }}<//><//>`;
}
