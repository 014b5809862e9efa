// Starting a task: first the template, then its form with its graph beside it.
// @ts-check
import { html, useState } from '../html.mjs';
import { all, ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join } from '../route.mjs';
import { can, namespace as scope, now } from '../session.mjs';
import { newest } from '../versions.mjs';
import { crumbs } from '../shell.mjs';
import { Icon } from '../parts/basics.mjs';
import { Empty, Loading, Shown, Trouble } from '../parts/states.mjs';
import { StartForm } from '../parts/start-form.mjs';
import { GraphView } from '../parts/graph-view.mjs';

export default function Start({ namespace, name, version }) {
  return name
    ? html`<${Form} key=${`${namespace}/${name}/${version}`} namespace=${namespace} name=${name} version=${version} />`
    : html`<${Pick} />`;
}

function Pick() {
  const [text, set] = useState('');
  const found = useResource('start:templates', (stop) => all('v1/templates', { limit: 1000 }, 5000, stop), { every: 15000 });
  crumbs.value = [['Tasks', href('tasks')], ['Start a task']];
  const may = (/** @type {any} */ one) => can('tasks:create', one.namespace) && (!scope.value || one.namespace === scope.value);
  return html`<main class="main plain" id="main" tabindex="-1"><div class="wrapper narrow"><h1>Start a task</h1><p class="soft">Choose a template.</p>
    <label class="search wide-search"><${Icon} name="search" /><input type="search" autofocus aria-label="Find a template" placeholder="Name of a template" value=${text} onInput=${(/** @type {any} */ e) => set(e.target.value)} /></label>
    <${Shown} of=${found}>${(/** @type {any} */ data) => {
      const list = newest(data.items).filter((one) => may(one) && `${one.namespace}/${one.name}`.includes(text.trim().toLowerCase()));
      return list.length
        ? html`<ul class="panel picks">${list.map((one) => html`<li key=${`${one.namespace}/${one.name}`}><a href=${href(join('start', one.namespace, one.name))}><${Icon} name="template" /><span class="grow"><span class="strong">${one.name}</span> <span class="dim small">${one.namespace} · ${one.version} · ${one.steps} ${one.steps === 1 ? 'step' : 'steps'}</span><span class="small soft clip desc">${one.description ?? ''}</span></span><${Icon} name="right" small class="dim" /></a></li>`)}</ul>`
        : html`<section class="panel"><${Empty} icon="template" title=${text ? 'No template matches' : 'No templates yet'} command=${text ? undefined : 'tasker deploy'}>${text ? 'Change the text above.' : 'They appear when a project is published.'}<//></section>`;
    }}<//></div></main>`;
}

/** The definition that a version stands for. @param {string} namespace @param {string} name @param {string | undefined} version @param {AbortSignal} stop */
async function read(namespace, name, version, stop) {
  const detail = await ask(`v1/handlers/${join(namespace, name)}`, { query: { version }, signal: stop });
  const is = version ?? detail.handler.version;
  const graph = can('templates:read', namespace)
    ? await ask(`v1/templates/${join(namespace, name, is)}/graph`, { signal: stop }).catch(() => null)
    : null;
  return { handler: detail.handler, graph };
}

function Form({ namespace, name, version }) {
  const found = useResource(`start:${namespace}/${name}/${version ?? ''}`, (stop) => read(namespace, name, version, stop), { every: 0 });
  crumbs.value = [['Tasks', href('tasks')], ['Start a task', href('start')], [name]];
  if (found.error) return html`<main class="main" id="main" tabindex="-1"><${Trouble} error=${found.error} /></main>`;
  if (!found.data) return html`<main class="main" id="main" tabindex="-1"><${Loading} /></main>`;
  const { handler, graph } = found.data;
  return html`<main class="main p-template p-start" id="main" tabindex="-1"><header class="head"><div class="row ttl"><h1>${name}</h1><a class="chip plain" href=${href(join('templates', namespace, name, handler.version))}>${handler.version}</a><span class="small dim clip">${handler.description ?? ''}</span></div></header>
    <div class="work-area start-area">${graph ? html`<section class="graph-pane" aria-label="Graph"><${GraphView} graph=${graph} selected=${null} choose=${() => {}} now=${now.value} /></section>` : html`<section></section>`}<${StartForm} namespace=${namespace} name=${name} version=${version} schema=${handler.input_schema} /></div></main>`;
}
