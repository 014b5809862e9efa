// Keys: single letters go and act, off while one types. Pages add their own while they are shown.
// @ts-check
import { html, useEffect, useRef } from './html.mjs';
import { go } from './route.mjs';
import { hasDialog, show, closeDialog } from './parts/dialog.mjs';
import { openPalette, paletteIsOpen } from './palette.mjs';
import { Icon } from './parts/basics.mjs';

/** @typedef {Record<string, [string, (event: KeyboardEvent) => void]>} KeyMap key: what it does in words, and the deed */
/** @type {Set<{ current: KeyMap }>} */
const maps = new Set();

/** Keys of a part while it is shown. @param {KeyMap} map */
export function useKeys(map) {
  const held = useRef(map);
  held.current = map;
  useEffect(() => {
    maps.add(held);
    return () => {
      maps.delete(held);
    };
  }, []);
}

const PLACES = {
  o: ['', 'Overview'],
  t: ['tasks', 'Tasks'],
  d: ['dlq', 'DLQ desk'],
  w: ['workers', 'Workers'],
  h: ['handlers', 'Handlers'],
  e: ['events', 'Events'],
  a: ['analytics', 'Analytics'],
  b: ['bulk', 'Bulk'],
  p: ['templates', 'Templates'],
  s: ['settings', 'Settings'],
};
let prefix = 0;

const isTyping = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && target.type === 'checkbox');

addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (hasDialog() || paletteIsOpen()) return;
  if (isTyping(event.target)) {
    if (event.key === 'Escape') /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (prefix && Date.now() - prefix < 1200) {
    prefix = 0;
    const place = PLACES[/** @type {keyof typeof PLACES} */ (event.key)];
    if (place) {
      event.preventDefault();
      go(place[0]);
      return;
    }
  }
  prefix = 0;
  if (event.key === 'g') {
    prefix = Date.now();
    return;
  }
  if (event.key === '/') {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.key === '?') {
    event.preventDefault();
    help();
    return;
  }
  for (const map of [...maps].reverse()) {
    const deed = map.current[event.key];
    if (!deed) continue;
    // Enter and space on a button or link are its own.
    if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary')) return;
    event.preventDefault();
    deed[1](event);
    return;
  }
});

const Row = ({ keys, text }) =>
  html`<li><span class="grow">${text}</span>${keys.split(' ').map((/** @type {string} */ key) => html`<kbd key=${key}>${key}</kbd>`)}</li>`;

/** Shows all keys. */
export function help() {
  const own = [...maps].flatMap((map) => Object.entries(map.current).map(([key, [text]]) => [key, text])).filter(([, text]) => text);
  show(html`<div class="dialog wide keys"><header class="row"><h2 id="dialog-title" class="grow">Keys</h2><button class="btn ghost icon" data-first type="button" aria-label="Close" onClick=${closeDialog}><${Icon} name="x" /></button></header>
    <div class="keys-cols"><section><h3>Everywhere</h3><ul><${Row} keys="/" text="Search, or paste an id" /><${Row} keys="Ctrl K" text="Pages and actions" /><${Row} keys="?" text="These keys" /><${Row} keys="Esc" text="Close, leave a field" />${Object.entries(PLACES).map(([key, [, title]]) => html`<${Row} key=${key} keys="g ${key}" text=${title} />`)}</ul></section>
    <section><h3>This page</h3>${own.length ? html`<ul>${own.map(([key, text]) => html`<${Row} key=${key} keys=${key === ' ' ? 'Space' : key} text=${text} />`)}</ul>` : html`<p class="small dim">This page has no keys of its own.</p>`}</section></div></div>`);
}
