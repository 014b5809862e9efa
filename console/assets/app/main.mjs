// The beginning: who is there, which page, and the frame around it.
// @ts-check
import { html, render, useEffect, useState } from './html.mjs';
import { here, match } from './route.mjs';
import { begin, me } from './session.mjs';
import { changes, mustLogIn, Problem } from './api.mjs';
import { channel, paused } from './live.mjs';
import { attention, crumbs, Shell } from './shell.mjs';
import { pageActions } from './palette.mjs';
import { Empty, Loading, Outage, Trouble } from './parts/states.mjs';
import './keys.mjs';

/** Addresses and the modules that show them. @type {[string, () => Promise<any>][]} */
const ROUTES = [
  ['', () => import('./pages/overview.mjs')],
  ['tasks', () => import('./pages/tasks.mjs')],
  ['tasks/:id/:tab?', () => import('./pages/task.mjs')],
  ['compare/:id/typical', () => import('./pages/typical.mjs')],
  ['compare/:a/:b', () => import('./pages/compare.mjs')],
  ['start', () => import('./pages/start.mjs')],
  ['start/:namespace/:name/:version?', () => import('./pages/start.mjs')],
  ['templates', () => import('./pages/templates.mjs')],
  ['templates/:namespace/:name/:version?/:tab?', () => import('./pages/template.mjs')],
  ['dlq/:entry?', () => import('./pages/dlq.mjs')],
  ['handlers/:callable?', () => import('./pages/handlers.mjs')],
  ['events/:tab?/:id?', () => import('./pages/events.mjs')],
  ['triggers/:namespace?/:name?', () => import('./pages/triggers.mjs')],
  ['subscriptions/:name?', () => import('./pages/subscriptions.mjs')],
  ['workers/:name?', () => import('./pages/workers.mjs')],
  ['queues', () => import('./pages/queues.mjs')],
  ['analytics/:tab?', () => import('./pages/analytics.mjs')],
  ['bulk/:id?', () => import('./pages/bulk.mjs')],
  ['settings/:tab?', () => import('./pages/settings.mjs')],
];

/** Pages that were loaded. @type {Map<Function, any>} */
const loaded = new Map();

function find(/** @type {string} */ path) {
  for (const [pattern, load] of ROUTES) {
    const parts = match(pattern, path);
    if (parts) return { load, parts };
  }
  return null;
}

/** The name of the window: what needs attention, and where one is. */
export const titled = () =>
  [
    attention.value,
    crumbs.value
      .map(([text]) => text)
      .reverse()
      .slice(0, 2)
      .join(' · '),
    'Tasker',
  ]
    .filter(Boolean)
    .join(' · ');

function Page() {
  const found = find(here.value.path);
  const [, redraw] = useState(0);
  const [error, setError] = useState(/** @type {any} */ (null));
  const load = found?.load;
  useEffect(() => {
    setError(null);
    if (!load || loaded.has(load)) return;
    load().then((page) => {
      loaded.set(load, page.default);
      redraw((n) => n + 1);
    }, setError);
  }, [load]);
  useEffect(() => {
    channel.value = 'every';
    pageActions.value = [];
    paused.value = false;
  }, [load]);
  useEffect(() => {
    document.title = titled();
  });
  if (!found)
    return html`<main class="main" id="main" tabindex="-1"><${Empty} icon="search" title="There is no such page">The address names no page of this console.<//></main>`;
  const View = loaded.get(found.load);
  if (error) return html`<main class="main" id="main" tabindex="-1"><${Trouble} error=${error} /></main>`;
  if (!View) return html`<main class="main" id="main" tabindex="-1"><${Loading} /></main>`;
  return html`<${View} ...${found.parts} key=${found.load} />`;
}

function Root() {
  const [error, setError] = useState(/** @type {any} */ (null));
  const version = changes.value;
  useEffect(() => {
    if (me.value && version === 0) return;
    begin().then(() => setError(null), setError);
  }, [version]);
  const [LogIn, setLogIn] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (mustLogIn.value && !LogIn) import('./pages/login.mjs').then((page) => setLogIn(() => page.default));
  });
  if (mustLogIn.value) return LogIn ? html`<${LogIn} />` : null;
  if (!me.value)
    return html`<main class="main solo" id="main"><${Outage} />${error instanceof Problem ? html`<${Trouble} error=${error} />` : html`<${Loading} />`}</main>`;
  return html`<${Shell}><${Page} /><//>`;
}

// While one asks who is there, the page's module comes.
find(here.value.path)
  ?.load()
  .catch(() => {});
render(html`<${Root} />`, /** @type {Element} */ (document.getElementById('app')));
