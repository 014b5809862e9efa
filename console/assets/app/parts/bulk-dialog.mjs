// An action on many tasks: preview what it concerns, give a reason, confirm.
// @ts-check
import { html, useState } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { bodyOf } from '../filters.mjs';
import { count, listOf, plural, shortId } from '../format.mjs';
import { href, join } from '../route.mjs';
import { ACTIONS, taskLook } from '../words.mjs';
import { Glyph, Icon } from './basics.mjs';
import { closeDialog, notify, show } from './dialog.mjs';

/** How many tasks are confirmed without their number typed. */
const TYPED_ABOVE = 100;

/** Begins with the preview. @param {keyof ACTIONS} action @param {{ task_ids?: string[], filters?: Record<string, any> }} which @param {() => void} done */
export const bulk = (action, which, done) => show(html`<${Steps} action=${action} which=${which} done=${done} />`);

function Steps({ action, which, done }) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  // The step of a rerun, or the new tags.
  const [step, setStep] = useState('');
  const [preview, setPreview] = useState(/** @type {any} */ (null));
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const words = ACTIONS[/** @type {'redrive'} */ (action)];
  const n = preview?.matching.count ?? 0;
  const needsTyped = n > TYPED_ABOVE;
  const ready =
    reason.trim() && (action !== 'rerun' || step.trim()) && (!preview || (n > 0 && (!needsTyped || typed.trim() === String(n))));
  const attempt = async (/** @type {() => Promise<any>} */ deed) => {
    setBusy(true);
    setError('');
    try {
      await deed();
    } catch (/** @type {any} */ failure) {
      setError(failure.message);
    }
    setBusy(false);
  };
  const look = () =>
    attempt(async () => {
      const body = {
        action,
        reason: reason.trim(),
        ...(action === 'rerun'
          ? { arguments: { step: step.trim() } }
          : action === 'set_tags'
            ? { arguments: { tags: listOf(step, ',') } }
            : {}),
        ...(which.task_ids ? { task_ids: which.task_ids } : { filter: bodyOf(which.filters ?? {}) }),
      };
      setPreview(await ask('v1/tasks/bulk', { method: 'POST', body }));
    });
  const go = () =>
    attempt(async () => {
      const begun = await send('v1/tasks/bulk', 'POST', { confirm: preview.confirm });
      closeDialog();
      done();
      notify({
        title: `${words.label} of ${plural(n, 'task')} has begun.`,
        text: 'It goes on by itself.',
        href: href(join('bulk', begun.bulk_id)),
        link: 'Follow',
      });
    });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (ready && !busy) (preview ? go : look)();
  };
  const impossible = Object.entries(preview?.impossible ?? {});
  return html`<form class="dialog wide" onSubmit=${submit}>
    <h2 id="dialog-title">${words.label} ${preview ? plural(n, 'task') : which.task_ids ? plural(which.task_ids.length, 'task') : 'all tasks that match'}?</h2>
    <p class="soft">${words.consequence}</p>
    ${
      preview
        ? html`<div class="preview"><p>${preview.matching.capped ? 'At least ' : ''}<b class="strong">${plural(n, 'task')}</b> ${n === 1 ? 'is' : 'are'} concerned${impossible.length ? html`; ${impossible.map(([why, m]) => `${count(m)} ${why.replaceAll('_', ' ')}`).join(', ')} ${'stay as they are'}` : ''}.</p>
      <ul>${preview.sample.map((/** @type {any} */ task) => html`<li class="row" key=${task.task_id}><${Glyph} look=${taskLook(task)} /><span class="strong clip">${task.name}</span><span class="mono dim">${shortId(task.task_id)}</span><span class="dim small clip">${Object.values(task.attributes ?? {})[0] ?? ''}</span></li>`)}${n > preview.sample.length ? html`<li class="dim small">and ${count(n - preview.sample.length)} more</li>` : ''}</ul></div>`
        : ''
    }
    ${action === 'rerun' || action === 'set_tags' ? html`<div class="field"><label for="bulk-step">${action === 'rerun' ? 'Step to run again' : 'Tags, with commas between'}</label><input class="input mono" id="bulk-step" disabled=${Boolean(preview)} value=${step} onInput=${(/** @type {any} */ e) => setStep(e.target.value)} /></div>` : ''}
    <div class="field"><label for="bulk-reason">Reason</label><input class="input" id="bulk-reason" data-first autocomplete="off" disabled=${Boolean(preview)} value=${reason} onInput=${(/** @type {any} */ e) => setReason(e.target.value)} /></div>
    ${needsTyped ? html`<div class="field"><label for="bulk-typed">Type ${n} to confirm</label><input class="input mono" id="bulk-typed" autocomplete="off" value=${typed} onInput=${(/** @type {any} */ e) => setTyped(e.target.value)} /></div>` : ''}
    ${error ? html`<p class="err" role="alert"><${Icon} name="warn" small />${error}</p>` : ''}
    <footer><button class="btn" type="button" onClick=${closeDialog}>Keep them as they are</button><button class="btn ${preview && words.danger ? 'danger' : 'primary'}" type="submit" aria-disabled=${!ready || busy ? 'true' : undefined}>${busy ? 'Working…' : preview ? `${words.label} ${plural(n, 'task')}` : 'Preview'}</button></footer></form>`;
}
