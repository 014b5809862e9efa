// The templates that are published, each with its newest version.
// @ts-check
import { html, useRef, useState } from '../html.mjs';
import { all, ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, href, join } from '../route.mjs';
import { can, namespace as scope } from '../session.mjs';
import { count } from '../format.mjs';
import { crumbs } from '../shell.mjs';
import { useKeys } from '../keys.mjs';
import { Ago, Icon } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { validateDialog } from '../parts/validate.mjs';
import { newest } from '../versions.mjs';

/** The number of tasks of the last day and of open ones, by template. @param {AbortSignal} stop */
async function counts(stop) {
  if (!can('tasks:list')) return { day: {}, open: {}, failed: {} };
  const by = async (/** @type {any} */ query) =>
    Object.fromEntries(
      (await ask('v1/tasks/count', { query: { ...query, by: 'template' }, signal: stop })).groups.map((/** @type {any} */ group) => [
        group.key,
        group.count,
      ]),
    );
  const [day, open, failed] = await Promise.all([
    by({ created_after: '24h' }),
    by({ open: true }),
    by({ state: ['blocked_by_failures', 'error'], created_after: '24h' }),
  ]);
  return { day, open, failed };
}
const of = (/** @type {Record<string, number>} */ group, /** @type {any} */ one) =>
  group[`${one.namespace}/${one.name}`] ?? group[`${one.namespace}.${one.name}`] ?? group[one.name] ?? 0;

export default function Templates() {
  const [text, set] = useState('');
  const [at, setAt] = useState(-1);
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const found = useResource('templates', (stop) => all('v1/templates', { limit: 1000 }, 5000, stop), { every: 10000 });
  const numbers = useResource('templates:counts', counts, { every: 8000 }).data;
  crumbs.value = [['Templates']];
  const list = newest(found.data?.items ?? []).filter(
    (one) =>
      (!scope.value || one.namespace === scope.value) &&
      `${one.namespace}/${one.name} ${one.description ?? ''}`.toLowerCase().includes(text.trim().toLowerCase()),
  );
  useKeys({
    j: ['Next template', () => setAt(Math.min(list.length - 1, at + 1))],
    k: ['Previous template', () => setAt(Math.max(0, at - 1))],
    Enter: [
      'Open it',
      () => {
        if (list[at]) go(join('templates', list[at].namespace, list[at].name));
      },
    ],
  });
  return html`<main class="main plain" id="main" tabindex="-1"><div class="wrapper"><header class="row"><h1>Templates</h1><span class="dim small">${found.data ? count(list.length) : ''}</span><span class="grow"></span>${can('templates:validate') ? html`<button class="btn" type="button" onClick=${() => validateDialog()}>Validate YAML…</button>` : ''}${can('tasks:create') ? html`<a class="btn primary" href=${href('start')}><${Icon} name="plus" small />Start a task</a>` : ''}</header>
    <label class="search list-search"><${Icon} name="search" small /><input ref=${box} type="search" aria-label="Find a template" placeholder="Name or description" value=${text} onInput=${(/** @type {any} */ e) => set(e.target.value)} /></label>
    <section class="panel"><${Shown} of=${found}>${() =>
      list.length
        ? html`<table class="table stack"><colgroup><col class="c200" /><col /><col class="c80" /><col class="c80" /><col class="c100" /><col class="c100" /><col class="c100" /><col class="c100" /></colgroup><thead><tr><th>Template</th><th>Description</th><th>Newest</th><th class="num">Versions</th><th class="num">Tasks, 24 h</th><th class="num">Failed, 24 h</th><th class="num">Open now</th><th class="num">Published</th></tr></thead><tbody>${list.map(
            (one, i) => {
              const failed = numbers ? of(numbers.failed, one) : 0;
              return html`<tr key=${`${one.namespace}/${one.name}`} class=${i === at ? 'cursor' : ''}><td data-h="Template"><a class="strong" href=${href(join('templates', one.namespace, one.name))}>${one.name}</a> <span class="dim small">${one.namespace}</span></td><td class="soft" data-h="Description" title=${one.description ?? ''}>${one.description ?? ''}</td><td data-h="Newest">${one.version}</td><td class="num soft" data-h="Versions">${one.versions}</td><td class="num" data-h="Tasks, 24 h">${numbers ? html`<a href=${href('tasks', { namespace: one.namespace, name: one.name, created_after: '24h' })}>${count(of(numbers.day, one))}</a>` : ''}</td><td class="num" data-h="Failed, 24 h">${numbers ? html`<a class=${failed ? 'failed strong' : 'dim'} href=${href('tasks', { namespace: one.namespace, name: one.name, created_after: '24h', state: ['blocked_by_failures', 'error'] })}>${count(failed)}</a>` : ''}</td><td class="num" data-h="Open now">${numbers ? html`<a href=${href('tasks', { namespace: one.namespace, name: one.name, open: true })}>${count(of(numbers.open, one))}</a>` : ''}</td><td class="num soft" data-h="Published"><${Ago} at=${one.published_at} suffix=" ago" /></td></tr>`;
            },
          )}</tbody></table>`
        : html`<${Empty} icon="template" title=${text ? 'No template matches' : 'No templates yet'} command=${text ? undefined : 'tasker deploy'}>${text ? 'Change the text above.' : 'They appear when a project is published.'}<//>`}<//></section></div></main>`;
}
