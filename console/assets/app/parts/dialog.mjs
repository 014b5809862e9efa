// Dialogs that ask before something changes, and notices that say what came of it.
// @ts-check
import { signal } from '@preact/signals';
import { html, useLayoutEffect, useRef, useState } from '../html.mjs';
import { Copy, Icon, Glyph } from './basics.mjs';
import { Problem } from '../api.mjs';

/** @type {import('@preact/signals').Signal<any>} */
const open = signal(null);
/** @type {import('@preact/signals').Signal<any[]>} */
const notices = signal([]);

/**
 * Asks for a reason and a confirmation, and then acts.
 * @param {{ title: string, body?: any, act: (form: any) => Promise<any>, label: string, keep?: string, danger?: boolean, reason?: 'required' | 'optional' | 'none', typed?: string, fields?: (form: any, set: (change: any) => void) => any, first?: any, wide?: boolean, ready?: (form: any) => boolean }} question
 */
export const confirm = (question) => {
  open.value = question;
};
export const closeDialog = () => {
  open.value = null;
};
export const hasDialog = () => open.value !== null;
/** Shows any content in a dialog. @param {any} content */
export const show = (content) => {
  open.value = { content };
};

/** Says what came of something. @param {{ title: string, text?: string, hue?: string, glyph?: string, href?: string, link?: string }} what */
export function notify(what) {
  const id = Math.random();
  notices.value = [...notices.value.slice(-2), { id, ...what }];
  setTimeout(() => dismiss(id), what.hue === 'failed' ? 12000 : 7000);
}
const dismiss = (/** @type {number} */ id) => {
  notices.value = notices.value.filter((one) => one.id !== id);
};
/** Says why something failed. @param {any} error @param {string} [title] */
export const complain = (error, title) =>
  notify({
    title: title ?? (error instanceof Problem && error.title) ?? 'That did not work',
    text: error?.message ?? String(error),
    hue: 'failed',
    glyph: 'failed',
  });

/** Shows a secret, once. @param {string} title @param {string} text */
export const showSecret = (title, text) =>
  show(
    html`<div class="dialog wide"><h2 id="dialog-title">${title}</h2><p class="soft">Copy it now: it is not shown again.</p><div class="secret"><code class="code">${text}</code><${Copy} text=${text} label="Copy it">Copy<//></div><footer><button class="btn primary" type="button" data-first onClick=${closeDialog}>I have it</button></footer></div>`,
  );

export function Dialogs() {
  const question = open.value;
  return html`${question ? html`<${Modal} key=${question} question=${question} />` : ''}
    <div class="toasts" role="status" aria-live="polite">${notices.value.map((one) => html`<div class="toast" key=${one.id}><${Glyph} look=${{ hue: one.hue ?? 'done', glyph: one.glyph ?? 'done', word: '' }} /><p class="small"><span class="strong">${one.title}</span> <span class="soft">${one.text}</span></p>${one.href ? html`<a class="btn sm" href=${one.href} onClick=${() => dismiss(one.id)}>${one.link ?? 'Open'}</a>` : ''}<button class="btn ghost sm icon" type="button" aria-label="Close" onClick=${() => dismiss(one.id)}><${Icon} name="x" small /></button></div>`)}</div>`;
}

function Modal({ question }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector('[data-first]'))?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return html`<dialog ref=${box} class="modal" onCancel=${(/** @type {Event} */ e) => {
    e.preventDefault();
    closeDialog();
  }} onClick=${(/** @type {Event} */ e) => {
    if (e.target === box.current) closeDialog();
  }} aria-labelledby="dialog-title">${question.content ? question.content : html`<${Question} question=${question} />`}</dialog>`;
}

function Question({ question }) {
  const [form, set] = useState({ reason: '', typed: '', ...question.first });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const change = (/** @type {any} */ more) => set((/** @type {any} */ before) => ({ ...before, ...more }));
  const wants = question.reason ?? 'required';
  const ready =
    (wants !== 'required' || form.reason.trim()) &&
    (!question.typed || form.typed.trim() === question.typed) &&
    (!question.ready || question.ready(form));
  const act = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setError(null);
    try {
      const stays = await question.act({ ...form, reason: form.reason.trim() });
      if (stays !== 'stay') closeDialog();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return html`<form class="dialog ${question.wide ? 'wide' : ''}" onSubmit=${act} role="document">
    <h2 id="dialog-title">${question.title}</h2>
    ${question.body ? html`<div class="soft dialog-body">${question.body}</div>` : ''}
    ${question.fields ? question.fields(form, change) : ''}
    ${wants === 'none' ? '' : html`<div class="field"><label for="reason">Reason ${wants === 'optional' ? html`<span class="req">optional</span>` : ''}</label><input class="input" id="reason" data-first autocomplete="off" maxlength="500" value=${form.reason} onInput=${(/** @type {any} */ e) => change({ reason: e.target.value })} /></div>`}
    ${question.typed ? html`<div class="field"><label for="typed">Type ${question.typed} to confirm</label><input class="input mono" id="typed" autocomplete="off" value=${form.typed} onInput=${(/** @type {any} */ e) => change({ typed: e.target.value })} /></div>` : ''}
    ${error ? html`<p class="err" role="alert"><${Icon} name="warn" small />${error.message}</p>` : ''}
    <footer><button class="btn" type="button" data-first=${wants === 'none' && !question.fields ? true : undefined} onClick=${closeDialog}>${question.keep ?? 'Keep as it is'}</button><button class="btn ${question.danger ? 'danger' : 'primary'}" type="submit" aria-disabled=${!ready || busy ? 'true' : undefined}>${busy ? 'Working…' : question.label}</button></footer>
  </form>`;
}
