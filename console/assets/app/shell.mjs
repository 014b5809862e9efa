// The frame of every page: navigation, search, live badge, theme, and the page within.
// @ts-check
import { html, useState } from './html.mjs';
import { signal } from '@preact/signals';
import { href, here } from './route.mjs';
import { can, me, namespace, theme, zone } from './session.mjs';
import { ask } from './api.mjs';
import { badge, paused, useResource } from './live.mjs';
import { count } from './format.mjs';
import { Icon } from './parts/basics.mjs';
import { Dialogs } from './parts/dialog.mjs';
import { Outage } from './parts/states.mjs';
import { openPalette, Palette } from './palette.mjs';

/** What stands in the top bar: pairs of text and link. @type {import('@preact/signals').Signal<[string, string?][]>} */
export const crumbs = signal([]);

/** Groups of pages: title, then path, icon, title and permission of each. @type {[string, string[][]][]} */
const GROUPS = [
  [
    '',
    [
      ['', 'overview', 'Overview', 'tasks:list'],
      ['tasks', 'tasks', 'Tasks', 'tasks:list'],
      ['dlq', 'dlq', 'DLQ desk', 'dlq:read'],
    ],
  ],
  [
    'Build',
    [
      ['templates', 'template', 'Templates', 'templates:read'],
      ['handlers', 'handler', 'Handlers', 'callables:read'],
    ],
  ],
  [
    'Events',
    [
      ['events', 'event', 'Events', 'events:read'],
      ['triggers', 'trigger', 'Triggers', 'triggers:read'],
      ['subscriptions', 'sub', 'Subscriptions', 'events:read'],
    ],
  ],
  [
    'Run',
    [
      ['workers', 'worker', 'Workers', 'workers:read'],
      ['queues', 'queue', 'Queues', 'queues:read'],
      ['analytics', 'analytics', 'Analytics', 'system:analytics_read'],
      ['bulk', 'bulk', 'Bulk', 'tasks:list'],
    ],
  ],
];

/** The pages that the reader may see. @returns {[string, string[][]][]} */
export const pages = () =>
  GROUPS.map(
    ([title, items]) => /** @type {[string, string[][]]} */ ([title, items.filter(([, , , permission]) => can(permission))]),
  ).filter(([, items]) => items.length);

/** The numbers beside the names of pages, and in the title of the window. */
function useCounts() {
  const scope = namespace.value;
  return useResource(
    me.value ? `counts:${scope}` : null,
    async (stop) => {
      const query = { namespace: scope || undefined };
      const quiet = (/** @type {Promise<any>} */ asked) => asked.catch(() => null);
      const [open, blocked, dlq, bulk] = await Promise.all([
        can('tasks:list') ? quiet(ask('v1/tasks/count', { query: { ...query, open: true }, signal: stop })) : null,
        can('tasks:list') ? quiet(ask('v1/tasks/count', { query: { ...query, state: 'blocked_by_failures' }, signal: stop })) : null,
        can('dlq:stats') ? quiet(ask('v1/dlq/stats', { query: { ...query, limit: 50 }, signal: stop })) : null,
        can('tasks:list') ? quiet(ask('v1/bulk', { query: { limit: 20 }, signal: stop })) : null,
      ]);
      const number = (/** @type {any} */ answer) => (answer ? count(answer.count) + (answer.capped ? '+' : '') : '');
      return {
        tasks: open?.count ? number(open) : '',
        blocked: blocked?.count ?? 0,
        dlq: (dlq?.items ?? []).reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + row.pending, 0),
        bulk: (bulk?.items ?? []).filter((/** @type {any} */ row) => row.state === 'running').length,
      };
    },
    { every: 5000 },
  ).data;
}

/** What needs attention, for the title of the window. */
export const attention = signal('');

function Nav({ counts, open, close }) {
  const first = here.value.path.split('/')[0];
  const current = first === 'start' || first === 'compare' ? 'tasks' : first;
  const badgeOf = (/** @type {string} */ path) => {
    if (path === 'dlq' && counts?.dlq) return html`<span class="n failed">${count(counts.dlq)}</span>`;
    if (path === 'tasks' && counts?.tasks) return html`<span class="n">${counts.tasks}</span>`;
    if (path === 'bulk' && counts?.bulk) return html`<span class="n">${counts.bulk}</span>`;
    return '';
  };
  const link = (/** @type {string[]} */ [path, icon, title]) =>
    html`<a key=${path} href=${href(path)} title=${title} aria-current=${path === current ? 'page' : undefined} onClick=${close}><${Icon} name=${icon} /><span>${title}</span>${badgeOf(path)}</a>`;
  return html`<nav class="nav ${open ? 'open' : ''}" aria-label="Console">
    <a class="brand" href=${href('')} aria-label="Tasker"><svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="none" stroke="var(--ink)" stroke-width="1.75" stroke-linecap="round"><path d="M4 4.25h10M9 4.25v4.5a4 4 0 0 0 4 4" /><circle cx="4" cy="4.25" r="2" fill="var(--ink)" stroke="none" /><circle cx="14" cy="4.25" r="2" fill="var(--ink)" stroke="none" /><circle cx="13.75" cy="13" r="2.25" fill="var(--nav)" /></svg><span>Tasker</span></a>
    <${Scope} />
    ${pages().map(([title, items]) => html`${title ? html`<h2 key=${title}>${title}</h2>` : ''}${items.map(link)}`)}
    <div class="foot">${link(['settings', 'settings', 'Settings'])}</div>
  </nav>`;
}

/** The namespace to look at. */
function Scope() {
  const names =
    useResource(
      can('system:handlers_read') ? 'namespaces' : null,
      async () => (await ask('v1/namespaces', { query: { limit: 1000 } })).items.map((/** @type {any} */ one) => one.name),
      { every: 60000 },
    ).data ?? [];
  const options = names.includes(namespace.value) || !namespace.value ? names : [namespace.value, ...names];
  if (options.length < 2 && !namespace.value) return null;
  return html`<div class="scope"><${Icon} name="stack" small /><select aria-label="Namespace" title="Namespace" value=${namespace.value} onChange=${(
    /** @type {any} */ e,
  ) => {
    namespace.value = e.target.value;
  }}><option value="">All namespaces</option>${options.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></div>`;
}

function TopBar({ openMenu }) {
  const word = badge.value;
  const cycle = () => {
    const dark = theme.value ? theme.value === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    theme.value = dark ? 'light' : 'dark';
  };
  return html`<header class="top">
    <button class="btn ghost icon menu-btn" type="button" aria-label="Menu" onClick=${openMenu}><${Icon} name="menu" /></button>
    <nav class="crumbs clip" aria-label="Place">${crumbs.value.map(([text, to], i, list) => html`${i ? html`<span class="sep" key="s${i}">/</span>` : ''}${i === list.length - 1 ? html`<span aria-current="page" key=${i}>${text}</span>` : html`<a href=${to} key=${i}>${text}</a>`}`)}</nav>
    <button class="search find" type="button" onClick=${() => openPalette()} aria-label="Search, or paste an id" title="Search (/ or Ctrl K)"><${Icon} name="search" /><span class="grow">Search, or paste an id</span><kbd>/</kbd></button>
    <button class="live ${word === 'paused' ? 'paused' : word === 'reconnecting' ? 'lost' : ''}" type="button" aria-pressed=${paused.value} title=${paused.value ? 'Show changes again' : 'Changes arrive as they happen; press to hold them'} onClick=${() => {
      paused.value = !paused.value;
    }}>${word}</button>
    <button class="btn ghost sm hide-s" type="button" title="Time zone" onClick=${() => {
      zone.value = zone.value === 'UTC' ? 'local' : 'UTC';
    }}>${zone.value === 'UTC' ? 'UTC' : 'Local'}</button>
    <button class="btn ghost icon" type="button" aria-label="Light or dark" title="Light or dark" onClick=${cycle}><${Icon} name="theme" /></button>
  </header>`;
}

export function Shell({ children }) {
  const [open, set] = useState(false);
  const counts = useCounts();
  const needs = counts?.blocked ?? 0;
  attention.value = needs ? `${count(needs)} failed` : '';
  const jump = (/** @type {Event} */ event) => {
    event.preventDefault();
    document.getElementById('main')?.focus();
  };
  return html`<a class="skip" href="#main" onClick=${jump}>Skip to content</a>
    <div class="app"><${Nav} counts=${counts} open=${open} close=${() => set(false)} />
    ${open ? html`<button class="scrim" type="button" aria-label="Close the menu" onClick=${() => set(false)}></button>` : ''}
    <${TopBar} openMenu=${() => set(!open)} />
    <div class="body"><${Outage} />${children}</div></div>
    <${Palette} /><${Dialogs} />`;
}
