// A template: what runs, its versions and how they behaved, its fields in words, and a form to start it.
// @ts-check
import { html, useMemo } from '../html.mjs';
import { all, ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, here, href, join, setQuery } from '../route.mjs';
import { can, now } from '../session.mjs';
import { count } from '../format.mjs';
import { nodeOf, differences, print } from '../json.mjs';
import { crumbs } from '../shell.mjs';
import { Ago, Icon, Facts } from '../parts/basics.mjs';
import { Empty, Loading, Trouble } from '../parts/states.mjs';
import { Document } from '../parts/json-tree.mjs';
import { GraphView } from '../parts/graph-view.mjs';
import { StartForm } from '../parts/start-form.mjs';
import { compareVersions } from '../versions.mjs';

/** Everything of a version. @param {string} namespace @param {string} name @param {string | undefined} version @param {AbortSignal} stop */
async function read(namespace, name, version, stop) {
  const versions = (await all('v1/templates', { namespace, name, limit: 1000 }, 5000, stop)).items
    .filter((one) => one.name === name)
    .sort((a, b) => compareVersions(b.version, a.version));
  const is = version && version !== 'latest' ? version : (versions[0]?.version ?? 'latest');
  const path = `v1/templates/${join(namespace, name, is)}`;
  const [definition, graph] = await Promise.all([ask(path, { signal: stop }), ask(`${path}/graph`, { signal: stop })]);
  return { versions, version: is, definition, graph };
}

const TABS = [
  ['graph', 'Graph'],
  ['steps', 'Steps'],
  ['schemas', 'Schemas'],
  ['fields', 'All fields'],
];

export default function Template({ namespace, name, version, tab = 'graph' }) {
  const found = useResource(`template:${namespace}/${name}/${version ?? ''}`, (stop) => read(namespace, name, version, stop), {
    every: 15000,
  });
  crumbs.value = [['Templates', href('templates')], [name]];
  if (found.error && !found.data) return html`<main class="main" id="main" tabindex="-1"><${Trouble} error=${found.error} /></main>`;
  if (!found.data) return html`<main class="main" id="main" tabindex="-1"><${Loading} /></main>`;
  return html`<${View} namespace=${namespace} name=${name} tab=${tab} ...${found.data} />`;
}

/** Counts of a version, from what the API counts. */
function useCounts(namespace, name, versions) {
  return useResource(
    can('tasks:list', namespace) ? `template:counts:${namespace}/${name}:${versions.length}` : null,
    async (stop) => {
      const one = (/** @type {any} */ query) => ask('v1/tasks/count', { query: { namespace, name, ...query }, signal: stop });
      const shares = await Promise.all(
        versions.slice(0, 12).map((/** @type {any} */ v) => one({ version: v.version, created_after: '24h' })),
      );
      const [day, failed, open] = await Promise.all([
        one({ created_after: '24h' }),
        one({ created_after: '24h', state: ['error', 'blocked_by_failures'] }),
        one({ open: true }),
      ]);
      return { day, failed, open, shares: shares.map((answer) => answer.count) };
    },
    { every: 8000 },
  ).data;
}

function View({ namespace, name, tab, versions, version, definition, graph }) {
  const counts = useCounts(namespace, name, versions);
  const chosen = here.value.query.get('step');
  const other = here.value.query.get('with');
  const compared = useResource(
    other ? `template:with:${namespace}/${name}/${other}` : null,
    (stop) => ask(`v1/templates/${join(namespace, name, other ?? '')}`, { signal: stop }),
    { every: 0 },
  ).data;
  const changed = useMemo(() => (compared ? changesOf(compared, definition) : null), [compared, definition]);
  const mayStart = can('tasks:create', namespace);
  const step = definition.steps?.find((/** @type {any} */ one) => one.name === chosen);
  const text = useMemo(() => print(nodeOf(definition)), [definition]);
  const steps = definition.steps ?? [];
  const link = (/** @type {string} */ v) => href(join('templates', namespace, name, v, tab));
  return html`<main class="main p-template" id="main" tabindex="-1">
    <header class="head"><div class="row ttl"><h1 class="clip">${name}</h1><select class="chip-select" aria-label="Version" value=${version} onChange=${(/** @type {any} */ e) => go(join('templates', namespace, name, e.target.value, tab))}>${versions.map((/** @type {any} */ one) => html`<option key=${one.version} value=${one.version}>${one.version}</option>`)}</select><span class="small dim clip">${definition.description ?? ''}</span><span class="grow"></span>${versions.length > 1 ? html`<select class="btn" aria-label="Compare with another version" value=${other ?? ''} onChange=${(/** @type {any} */ e) => setQuery({ with: e.target.value })}><option value="">Compare with…</option>${versions.filter((/** @type {any} */ one) => one.version !== version).map((/** @type {any} */ one) => html`<option key=${one.version} value=${one.version}>${one.version}</option>`)}</select>` : ''}<a class="btn" href=${href('tasks', { namespace, name })}>Its tasks</a></div>
      <div class="stats">${counts ? html`<${Stat} name="Tasks, 24 h" value=${number(counts.day)} /><${Stat} name="Failed, 24 h" value=${counts.day.count ? `${((100 * counts.failed.count) / counts.day.count).toFixed(1)} %` : '–'} note=${counts.failed.count ? count(counts.failed.count) : ''} hue=${counts.failed.count ? 'failed' : ''} /><${Stat} name="Open now" value=${number(counts.open)} />` : ''}<${Stat} name="Steps" value=${steps.length} /><${Stat} name="Namespace" value=${namespace} /><${Stat} name="Published" value=${html`<${Ago} at=${versions.find((/** @type {any} */ one) => one.version === version)?.published_at} suffix=" ago" />`} /></div></header>
    <nav class="tabs" aria-label="Views of the template">${TABS.map(([id, title]) => html`<a key=${id} href=${href(join('templates', namespace, name, version, id), here.value.query)} aria-current=${id === tab ? 'page' : undefined}>${title}${id === 'steps' ? html`<span class="n">${steps.length}</span>` : ''}</a>`)}</nav>
    <div class="work-area ${mayStart && tab === 'graph' ? '' : 'no-side'}">
      <aside class="vers" aria-label="Versions"><h2 class="micro">Versions <span>${counts ? 'tasks, 24 h' : ''}</span></h2><ul>${versions.map(
        (/** @type {any} */ one, /** @type {number} */ i) => {
          const share = counts?.day.count ? (100 * (counts.shares[i] ?? 0)) / counts.day.count : 0;
          return html`<li key=${one.version}><a class="v ${one.version === version ? 'cur' : ''}" href=${link(one.version)} aria-current=${one.version === version ? 'page' : undefined}><span class="row"><span class="strong">${one.version}</span>${i === 0 ? html`<span class="tag">newest</span>` : ''}<span class="small num dim share">${counts ? `${Math.round(share)} %` : ''}</span></span><span class="small dim"><${Ago} at=${one.published_at} suffix=" ago" /></span><span class="sh"><i style=${{ width: `${share}%` }}></i></span></a></li>`;
        },
      )}</ul></aside>
      ${tab === 'graph' ? html`<section class="graph-pane" aria-label="Graph"><${GraphView} graph=${graph} selected=${chosen} choose=${(/** @type {any} */ id) => setQuery({ step: id ?? undefined })} now=${now.value} changed=${changed?.flags} />${changed ? html`<p class="cmpn small">Compared with ${other}: ${changed.words}</p>` : ''}${step ? html`<${StepCard} step=${step} close=${() => setQuery({ step: undefined })} />` : ''}</section>` : html`<section class="tab-body" tabindex="0" aria-label=${tab}>${tab === 'steps' ? html`<${StepList} steps=${steps} />` : tab === 'schemas' ? html`<${Schemas} definition=${definition} />` : html`${changed ? html`<${Changes} list=${changed.list} other=${other} />` : ''}<${Document} title="Template" text=${text} />`}</section>`}
      ${mayStart && tab === 'graph' ? html`<${StartForm} key=${version} namespace=${namespace} name=${name} version=${version} schema=${definition.input_schema} />` : ''}
    </div></main>`;
}

const number = (/** @type {any} */ answer) => `${count(answer.count)}${answer.capped ? '+' : ''}`;
const Stat = ({ name, value, note = '', hue = '' }) =>
  html`<div class="stat"><span class="micro">${name}</span><span class="row"><b class=${hue}>${value}</b>${note ? html`<span class="small dim">${note}</span>` : ''}</span></div>`;

/** What changed from one version to another. @param {any} before @param {any} after */
function changesOf(before, after) {
  const steps = (/** @type {any} */ one) => new Map((one.steps ?? []).map((/** @type {any} */ step) => [step.name, step]));
  const [old, fresh] = [steps(before), steps(after)];
  /** @type {Record<string, string>} */
  const flags = {};
  for (const [name, step] of fresh)
    if (!old.has(name)) flags[name] = 'new';
    else if (JSON.stringify(old.get(name)) !== JSON.stringify(step)) flags[name] = 'changed';
  const added = Object.values(flags).filter((one) => one === 'new').length;
  const removed = [...old.keys()].filter((name) => !fresh.has(name));
  const list = differences(nodeOf(before), nodeOf(after)).filter((one) => one.path !== '/version');
  return {
    flags,
    list,
    words: `${added || 'no'} ${added === 1 ? 'step' : 'steps'} new, ${Object.keys(flags).length - added || 'none'} changed, ${removed.length ? `${removed.join(', ')} removed` : 'none removed'}`,
  };
}

function Changes({ list, other }) {
  return html`<section class="panel document"><header><h2>Changes from ${other}</h2><span class="dim small">${list.length}</span></header>${list.length ? html`<table class="table"><thead><tr><th>Field</th><th>${other}</th><th>This version</th></tr></thead><tbody>${list.slice(0, 300).map((/** @type {any} */ one) => html`<tr key=${one.path}><td class="mono wrap-text">${one.path}</td><td class="mono soft wrap-text">${one.a ? print(one.a, 0).replaceAll('\n', ' ') : '–'}</td><td class="mono wrap-text">${one.b ? print(one.b, 0).replaceAll('\n', ' ') : '–'}</td></tr>`)}</tbody></table>` : html`<div class="section small soft">They are the same.</div>`}</section>`;
}

const limit = (/** @type {any} */ retry) =>
  retry ? `${retry.max_attempts ?? 3} attempts${retry.backoff ? `, ${retry.backoff} back-off` : ''}` : '';
const callable = (/** @type {any} */ handler) => (typeof handler === 'string' ? handler : (handler?.callable ?? ''));

function StepCard({ step, close }) {
  return html`<div class="step-card panel"><header><h2>${step.name}</h2><button class="btn ghost sm icon right" type="button" aria-label="Close" onClick=${close}><${Icon} name="x" small /></button></header><div class="section"><${Facts} pairs=${[
    ['Does', step.description],
    ['Type', (step.step_type ?? step.type ?? 'standard').replaceAll('_', ' ')],
    ['Handler', callable(step.handler)],
    ['After', (step.dependencies ?? []).join(', ')],
    ['Retry', limit(step.retry)],
    ['Timeout', step.timeout_seconds ? `${step.timeout_seconds} s` : ''],
    [
      'Grants',
      step.grants
        ? Object.entries(step.grants)
            .map(([kind, value]) => `${kind}: ${[value].flat().join(', ')}`)
            .join('; ')
        : 'none: everything is denied',
    ],
  ]} /></div></div>`;
}

function StepList({ steps }) {
  if (!steps.length) return html`<${Empty} icon="template" title="It has no steps" />`;
  return html`<section class="panel scroll-x"><table class="table stack"><thead><tr><th>Step</th><th>Handler</th><th>After</th><th>Retry</th><th>Grants</th></tr></thead><tbody>${steps.map(
    (/** @type {any} */ step) =>
      html`<tr key=${step.name}><td data-h="Step"><span class="strong">${step.name}</span></td><td class="mono soft" data-h="Handler">${callable(step.handler)}</td><td class="soft wrap-text" data-h="After">${(step.dependencies ?? []).join(', ') || '–'}</td><td class="soft" data-h="Retry">${limit(step.retry) || 'default'}</td><td class="soft wrap-text" data-h="Grants">${
        step.grants && Object.keys(step.grants).length
          ? Object.entries(step.grants)
              .map(
                ([kind, value]) =>
                  `${kind}: ${[value]
                    .flat()
                    .map((one) => (typeof one === 'object' ? JSON.stringify(one) : one))
                    .join(', ')}`,
              )
              .join('; ')
          : html`<span class="dim">none</span>`
      }</td></tr>`,
  )}</tbody></table></section>`;
}

function Schemas({ definition }) {
  const list = [
    ['Input of the task', definition.input_schema],
    ...(definition.steps ?? []).map((/** @type {any} */ step) => [`Result of ${step.name}`, step.result_schema]),
  ].filter(([, schema]) => schema);
  if (!list.length) return html`<${Empty} icon="template" title="It has no schemas">Inputs and results may be anything.<//>`;
  return html`${list.map(([title, schema]) => html`<${Document} key=${title} title=${title} text=${print(nodeOf(schema))} />`)}`;
}
