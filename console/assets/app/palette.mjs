// The palette: one box that takes a page, an action or anything pasted, and goes there.
// @ts-check
import { signal } from '@preact/signals';
import { html, useEffect, useLayoutEffect, useRef, useState } from './html.mjs';
import { ask, Problem } from './api.mjs';
import { go, join } from './route.mjs';
import { can, namespace } from './session.mjs';
import { shortId } from './format.mjs';
import { taskLook } from './words.mjs';
import { Glyph, Icon } from './parts/basics.mjs';

const open = signal(/** @type {null | string} */ (null));
/** Opens it. @param {string} [text] */
export const openPalette = (text = '') => {
  open.value = text;
};
export const paletteIsOpen = () => open.value !== null;

/** What a page adds while it is shown. @type {import('@preact/signals').Signal<{ title: string, icon?: string, run: () => void }[]>} */
export const pageActions = signal([]);

const PLACES = [
  ['Overview', '', 'overview', 'tasks:list'],
  ['Tasks', 'tasks', 'tasks', 'tasks:list'],
  ['Start a task', 'start', 'plus', 'tasks:create'],
  ['DLQ desk', 'dlq', 'dlq', 'dlq:read'],
  ['Templates', 'templates', 'template', 'templates:read'],
  ['Handlers', 'handlers', 'handler', 'callables:read'],
  ['Events', 'events', 'event', 'events:read'],
  ['Triggers', 'triggers', 'trigger', 'triggers:read'],
  ['Subscriptions', 'subscriptions', 'sub', 'events:read'],
  ['Workers', 'workers', 'worker', 'workers:read'],
  ['Queues', 'queues', 'queue', 'queues:read'],
  ['Analytics', 'analytics', 'analytics', 'system:analytics_read'],
  ['Bulk operations', 'bulk', 'bulk', 'tasks:list'],
  ['Settings', 'settings', 'settings', ''],
];

/** Finds tasks and templates. @param {string} text @param {AbortSignal} stop */
async function find(text, stop) {
  const quiet = (/** @type {Promise<any>} */ asked) =>
    asked.catch((error) => {
      if (error instanceof Problem) return { items: [] };
      throw error;
    });
  const [tasks, templates] = await Promise.all([
    can('tasks:list')
      ? quiet(ask('v1/tasks', { query: { q: text, limit: 8, namespace: namespace.value || undefined }, signal: stop }))
      : { items: [] },
    can('templates:read') ? quiet(ask('v1/templates', { query: { limit: 200 }, signal: stop })) : { items: [] },
  ]);
  const seen = new Set();
  const named = templates.items.filter((/** @type {any} */ one) => {
    const key = `${one.namespace}/${one.name}`;
    if (seen.has(key) || !key.includes(text.toLowerCase())) return false;
    seen.add(key);
    return true;
  });
  return { tasks: tasks.items, templates: named.slice(0, 4) };
}

export function Palette() {
  return open.value === null ? null : html`<${Box} first=${open.value} />`;
}

function Box({ first }) {
  const [text, set] = useState(first);
  const [found, setFound] = useState(/** @type {any} */ ({ tasks: [], templates: [] }));
  const [at, setAt] = useState(0);
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const close = () => {
    open.value = null;
  };
  // Before the next key arrives.
  useLayoutEffect(() => {
    box.current?.showModal();
  }, []);
  const wanted = text.trim();
  useEffect(() => {
    if (wanted.length < 2) {
      setFound({ tasks: [], templates: [] });
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => find(wanted, stop.signal).then(setFound, () => {}), 120);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [wanted]);
  const fits = (/** @type {string} */ title) => title.toLowerCase().includes(wanted.toLowerCase());
  const isId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(wanted);
  const rows = [
    ...(isId ? [{ key: 'id', icon: 'right', title: 'Open the task', hint: shortId(wanted), run: () => go(join('tasks', wanted)) }] : []),
    ...found.tasks.map((/** @type {any} */ task) => ({
      key: task.task_id,
      look: taskLook(task),
      title: task.name,
      hint: [Object.values(task.attributes ?? {})[0], shortId(task.task_id)].filter(Boolean).join(' · '),
      run: () => go(join('tasks', task.task_id)),
    })),
    ...found.templates.map((/** @type {any} */ one) => ({
      key: `t${one.namespace}${one.name}`,
      icon: 'template',
      title: one.name,
      hint: `template in ${one.namespace}`,
      run: () => go(join('templates', one.namespace, one.name)),
    })),
    ...pageActions.value
      .filter((one) => fits(one.title))
      .map((one) => ({ key: `a${one.title}`, icon: one.icon ?? 'right', title: one.title, hint: 'this page', run: one.run })),
    ...PLACES.filter(([title, , , permission]) => fits(title) && (!permission || can(permission))).map(([title, path, icon]) => ({
      key: `p${path}`,
      icon,
      title,
      hint: 'page',
      run: () => go(path),
    })),
    ...(wanted && !isId
      ? [{ key: 'all', icon: 'search', title: `All tasks that “${wanted}” finds`, hint: 'tasks', run: () => go('tasks', { q: wanted }) }]
      : []),
  ];
  const chosen = Math.min(at, rows.length - 1);
  const run = (/** @type {any} */ row) => {
    if (!row) return;
    close();
    row.run();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((chosen + (event.key === 'ArrowDown' ? 1 : -1) + rows.length) % Math.max(1, rows.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(rows[chosen]);
    }
  };
  return html`<dialog ref=${box} class="modal palette" aria-label="Search and commands" onCancel=${(/** @type {Event} */ e) => {
    e.preventDefault();
    close();
  }} onClick=${(/** @type {Event} */ e) => {
    if (e.target === box.current) close();
  }}><div class="palette-box">
    <label class="search"><${Icon} name="search" /><input autofocus role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant=${rows.length ? `palette-${chosen}` : undefined} aria-label="Search, or paste an id" placeholder="Id, tag, template, order number, page…" value=${text} onInput=${(
      /** @type {any} */ e,
    ) => {
      set(e.target.value);
      setAt(0);
    }} onKeyDown=${key} /></label>
    <ul id="palette-list" role="listbox" aria-label="Found">${rows.map((row, i) => html`<li key=${row.key} id="palette-${i}" role="option" aria-selected=${i === chosen} onMouseMove=${() => setAt(i)} onClick=${() => run(row)}>${row.look ? html`<${Glyph} look=${row.look} />` : html`<${Icon} name=${row.icon} />`}<span class="clip grow">${row.title}</span><span class="dim small clip">${row.hint}</span></li>`)}</ul></div></dialog>`;
}
