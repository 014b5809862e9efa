// Checks a template that is pasted, with the validator's messages; nothing is published.
// @ts-check
import { html, useEffect, useState } from '../html.mjs';
import { ask } from '../api.mjs';
import { Icon } from './basics.mjs';
import { closeDialog, show } from './dialog.mjs';

/** @param {string} [first] */
export const validateDialog = (first = '') => show(html`<${Validate} first=${first} />`);

function Validate({ first }) {
  const [text, set] = useState(first);
  const [verdict, setVerdict] = useState(/** @type {any} */ (null));
  const [error, setError] = useState('');
  useEffect(() => {
    if (!text.trim()) {
      setVerdict(null);
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setVerdict(
          await ask('v1/templates/validate', {
            method: 'POST',
            raw: text,
            type: text.trim().startsWith('{') ? 'application/json' : 'application/yaml',
            signal: stop.signal,
          }),
        );
        setError('');
      } catch (/** @type {any} */ failure) {
        if (!stop.signal.aborted) {
          setVerdict(null);
          setError(failure.message);
        }
      }
    }, 350);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  const problems = verdict?.problems ?? [];
  return html`<div class="dialog wide validate"><h2 id="dialog-title">Validate a template</h2><p class="soft">Paste YAML or JSON. It is checked as one types; nothing is published.</p><div class="field"><label class="hidden" for="yaml">Template</label><textarea class="input" id="yaml" data-first rows="16" spellcheck="false" value=${text} onInput=${(/** @type {any} */ e) => set(e.target.value)}></textarea></div>
    <div aria-live="polite">${error ? html`<p class="err"><${Icon} name="warn" small />${error}</p>` : !verdict ? '' : html`${verdict.valid ? html`<p class="small done-line"><${Icon} name="check" small />It is valid.</p>` : ''}<ul class="problems">${problems.map((/** @type {any} */ one, /** @type {number} */ i) => html`<li key=${i} class=${one.severity === 'error' ? 'failed' : 'retry'}><span class="mono small">${one.line}:${one.column}</span><span class="small">${one.step ? html`<b>${one.step}</b> ` : ''}${one.message}</span></li>`)}</ul>`}</div>
    <footer><button class="btn" type="button" onClick=${closeDialog}>Close</button></footer></div>`;
}
