// The filters of the list of tasks: a box that takes anything, chips, and a dialog to add one.
// @ts-check
import { html, useEffect, useRef, useState } from '../html.mjs';
import { ENDED, TASK_STATES, taskStateLook } from '../words.mjs';
import { MANY, NAMES, guess, spelled, valueWord } from '../filters.mjs';
import { Chip, Glyph, Icon } from './basics.mjs';

const RANGES = ['15m', '1h', '24h', '7d', '30d'];
const stateWord = (/** @type {string} */ state) => taskStateLook(state).word.toLowerCase();

/** @param {{ filters: Record<string, any>, change: (changes: Record<string, any>) => void, right?: any }} props */
export function FilterBar({ filters, change, right }) {
  const [text, set] = useState(filters.q ?? '');
  const [open, setOpen] = useState(/** @type {string | null} */ (null));
  useEffect(() => {
    set(filters.q ?? '');
  }, [filters.q]);
  const timer = useRef(0);
  const type = (/** @type {string} */ value) => {
    set(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!value.trim() || value.trim().length > 1) change({ q: value.trim() || undefined });
    }, 250);
  };
  const enter = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' || !text.trim()) return;
    clearTimeout(timer.current);
    const [name, value] = guess(text);
    if (name === 'q') {
      change({ q: value });
      return;
    }
    set('');
    change({ q: undefined, [name]: MANY.includes(name) ? [...(filters[name] ?? []), value] : value });
  };
  const chips = Object.entries(filters).filter(([name]) => name !== 'q' && name !== 'order');
  return html`<div class="filters">
    <label class="search"><${Icon} name="search" small /><input type="search" aria-label="Find tasks" placeholder="Id, tag, template, order number…" value=${text} onInput=${(/** @type {any} */ e) => type(e.target.value)} onKeyDown=${enter} /></label>
    ${filters.created_after === undefined ? html`<${Chip} name="Created" value="any time" onClick=${() => setOpen(open === 'created_after' ? null : 'created_after')} />` : ''}
    ${chips.map(([name, value]) => html`<${Chip} key=${name} mine name=${NAMES[name]} value=${valueWord(name, value, stateWord)} onClick=${() => setOpen(open === name ? null : name)} onRemove=${() => change({ [name]: undefined })} />`)}
    ${filters.order === 'asc' ? html`<${Chip} mine name="Order" value="oldest first" onRemove=${() => change({ order: undefined })} onClick=${() => change({ order: undefined })} />` : ''}
    <button class="chip add" type="button" aria-expanded=${open === 'add'} onClick=${() => setOpen(open === 'add' ? null : 'add')}><${Icon} name="plus" small />Filter</button>
    <span class="grow"></span>${right}
    ${open ? html`<${Editor} key=${open} name=${open} filters=${filters} change=${change} close=${() => setOpen(null)} open=${setOpen} />` : ''}
  </div>`;
}

function Editor({ name, filters, change, close, open }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector('input, button'))?.focus();
    const away = (/** @type {Event} */ event) => {
      if (
        !box.current?.contains(/** @type {globalThis.Node} */ (event.target)) &&
        !(event.target instanceof Element && event.target.closest('.chip'))
      )
        close();
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, []);
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  };
  return html`<div class="popover" ref=${box} role="group" aria-label=${name === 'add' ? 'Add a filter' : NAMES[name]} onKeyDown=${escape}>${
    name === 'add'
      ? html`<ul class="menu">${Object.keys(NAMES)
          .filter((one) => one !== 'q' && (!(one in filters) || MANY.includes(one)))
          .map((one) => html`<li key=${one}><button type="button" onClick=${() => open(one)}>${NAMES[one]}</button></li>`)}${
          filters.order
            ? ''
            : html`<li><button type="button" onClick=${() => {
                change({ order: 'asc' });
                close();
              }}>Oldest first</button></li>`
        }</ul>`
      : html`<${Value} name=${name} filters=${filters} change=${change} close=${close} />`
  }</div>`;
}

function Value({ name, filters, change, close }) {
  const value = filters[name];
  const [text, set] = useState(MANY.includes(name) ? '' : (value ?? ''));
  const done = (/** @type {any} */ next) => {
    change({ [name]: next });
    close();
  };
  if (name === 'state') {
    const has = (/** @type {string} */ state) => (value ?? []).includes(state);
    return html`<fieldset><legend class="micro">State</legend>${TASK_STATES.map(
      (state) =>
        html`<label class="option" key=${state}><input class="check" type="checkbox" checked=${has(state)} onChange=${() => {
          const next = has(state) ? value.filter((/** @type {string} */ one) => one !== state) : [...(value ?? []), state];
          change({ state: next.length ? next : undefined });
        }} /><${Glyph} look=${taskStateLook(state)} />${taskStateLook(state).word}${ENDED.includes(state) ? html`<span class="dim small">ended</span>` : ''}</label>`,
    )}</fieldset>`;
  }
  if (['open', 'paused', 'has_dlq_entry'].includes(name))
    return html`<div class="group">${['true', 'false'].map((one) => html`<button class="btn" type="button" key=${one} aria-pressed=${value === one} onClick=${() => done(one)}>${one === 'true' ? 'Yes' : 'No'}</button>`)}</div>`;
  const isTime = /_(after|before)$/.test(name);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!text.trim()) return;
    done(MANY.includes(name) ? [...(value ?? []), text.trim()] : text.trim());
  };
  return html`${isTime ? html`<div class="row wrap">${RANGES.map((one) => html`<button class="btn sm" type="button" key=${one} onClick=${() => done(one)}>${name.endsWith('after') ? 'last' : 'before'} ${spelled(one)}${name.endsWith('before') ? ' ago' : ''}</button>`)}${name === 'created_after' && value ? html`<button class="btn sm" type="button" onClick=${() => done(undefined)}>any time</button>` : ''}</div>` : ''}
    <form class="row" onSubmit=${submit}><input class="input" aria-label=${NAMES[name]} placeholder=${isTime ? '2h, 7d or 2026-01-31T12:00:00Z' : name === 'attribute' ? 'order_id=DE-1001' : NAMES[name]} value=${text} onInput=${(/** @type {any} */ e) => set(e.target.value)} /><button class="btn primary" type="submit">Set</button></form>`;
}
