// Starting a task: a form from the schema of its input, or JSON; tags, priority, key.
// @ts-check
import { html, useEffect, useMemo, useRef, useState } from '../html.mjs';
import { ask, Problem, send } from '../api.mjs';
import { go, join } from '../route.mjs';
import { can } from '../session.mjs';
import { age, listOf, shortId } from '../format.mjs';
import { check, firstValue, kindOf, put, resolve } from '../schema.mjs';
import { parse } from '../json.mjs';
import { Icon } from './basics.mjs';
import { notify } from './dialog.mjs';
import { Fields } from './schema-form.mjs';

/** @param {{ namespace: string, name: string, version?: string, schema: any }} props */
export function StartForm({ namespace, name, version, schema }) {
  const root = schema ?? {};
  const isForm = Boolean(schema) && kindOf(resolve(schema, root)) === 'object';
  const [value, setValue] = useState(() => firstValue(root, root) ?? {});
  const [raw, setRaw] = useState('');
  const [asJson, setJson] = useState(!isForm);
  const [more, setMore] = useState({ tags: '', priority: '', key: '', reason: '' });
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState(/** @type {any} */ (null));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    setValue(firstValue(root, root) ?? {});
    setSaid(null);
    setShown(false);
    setJson(!isForm);
    if (!isForm) setRaw('{}');
  }, [namespace, name, version]);
  const read = useMemo(() => {
    if (!asJson) return { value };
    try {
      parse(raw);
      return { value: JSON.parse(raw) };
    } catch (/** @type {any} */ error) {
      return { error: error.message };
    }
  }, [asJson, raw, value]);
  const wrong = useMemo(() => {
    const found = read.error ? { '': read.error } : check(root, read.value, root);
    for (const fault of said?.errors ?? []) found[fault.pointer] ??= fault.detail;
    return found;
  }, [read, said]);
  const faults = Object.keys(wrong);
  const set = (/** @type {any} */ path, /** @type {any} */ next) => {
    setSaid(null);
    setValue((/** @type {any} */ before) => put(before, path, next));
  };
  const flip = (/** @type {boolean} */ json) => {
    if (json && !asJson) setRaw(JSON.stringify(value, null, 2));
    if (!json && asJson) {
      if (read.error) return;
      setValue(read.value);
    }
    setJson(json);
  };
  const start = async (/** @type {Event | undefined} */ event) => {
    event?.preventDefault();
    setShown(true);
    if (faults.length || busy) return;
    setBusy(true);
    setSaid(null);
    const rest = {
      namespace,
      name,
      ...(version ? { version } : {}),
      tags: listOf(more.tags, ','),
      ...(more.priority ? { priority: Number(more.priority) } : {}),
      ...(more.key ? { idempotency_key: more.key } : {}),
      ...(more.reason ? { reason: more.reason } : {}),
      source_system: 'console',
    };
    try {
      // JSON goes as it was typed, so that numbers keep their digits.
      const text = `${JSON.stringify(rest).slice(0, -1)},"context":${asJson ? raw : JSON.stringify(value)}}`;
      const made = await send('v1/tasks', 'POST', undefined, { raw: text });
      notify({ title: 'Started.', text: `This is the task, ${shortId(made.task_id)}.` });
      go(join('tasks', made.task_id));
    } catch (error) {
      setSaid(error instanceof Problem ? error : { message: /** @type {any} */ (error).message, errors: [] });
    }
    setBusy(false);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) start(event);
  };
  const first = faults[0]?.slice(1).replaceAll('/', '.');
  const note = (/** @type {Partial<typeof more>} */ change) => setMore({ ...more, ...change });
  return html`<aside class="side start" aria-label="Start a task"><header class="side-head"><h2>Start a task</h2><span class="grow"></span>${isForm ? html`<div class="group"><button class="btn sm" type="button" aria-pressed=${!asJson} onClick=${() => flip(false)}>Form</button><button class="btn sm" type="button" aria-pressed=${asJson} onClick=${() => flip(true)}>JSON</button></div>` : ''}<${Last} namespace=${namespace} name=${name} use=${(
    /** @type {string} */ text,
  ) => {
    setRaw(JSON.stringify(JSON.parse(text), null, 2));
    setValue(JSON.parse(text));
    setSaid(null);
  }} /></header>
    <form class="side-body" id="start-form" ref=${form} onSubmit=${start} onKeyDown=${key} novalidate>
      ${
        asJson
          ? html`<div class="section fs"><div class="field"><label for="raw-input">Input, JSON</label><textarea class="input" id="raw-input" rows="18" spellcheck="false" aria-invalid=${faults.length ? 'true' : undefined} value=${raw} onInput=${(
              /** @type {any} */ e,
            ) => {
              setRaw(e.target.value);
              setSaid(null);
            }}></textarea></div>${faults.slice(0, 8).map((one) => html`<span class="err" key=${one}>${one.slice(1).replaceAll('/', '.')} ${wrong[one]}</span>`)}</div>`
          : html`<div class="top-fields"><${Fields} form=${{ root, wrong, shown, set, id: 'in' }} path=${[]} schema=${resolve(root, root)} value=${value} /></div>`
      }
      <div class="section fs"><div class="g3"><div class="field"><label for="tags">Tags<span class="req">with commas between</span></label><input class="input" id="tags" value=${more.tags} onInput=${(/** @type {any} */ e) => note({ tags: e.target.value })} /></div><div class="field"><label for="priority">Priority<span class="req">−100 to 100</span></label><input class="input num" id="priority" inputmode="numeric" placeholder="0" value=${more.priority} onInput=${(/** @type {any} */ e) => note({ priority: e.target.value.trim() })} /></div><div class="field"><label for="idem">Key<span class="req">optional</span></label><input class="input mono" id="idem" title="Idempotency key: two requests with one key make one task" value=${more.key} onInput=${(/** @type {any} */ e) => note({ key: e.target.value.trim() })} /></div></div></div>
      ${said ? html`<div class="section"><div class="callout"><p class="t">${said.title || 'It was not started'}</p><p class="small">${said.message}</p>${said.taskId ? html`<button type="button" class="link small" onClick=${() => go(join('tasks', said.taskId))}>Open the task that has this key</button>` : ''}</div></div>` : ''}
    </form>
    <footer class="side-foot" aria-live="polite">${faults.length && (shown || asJson) ? html`<span class="err"><${Icon} name="warn" small />${faults.length} ${faults.length === 1 ? 'field' : 'fields'} to mend${first ? `: ${first}` : ''}</span>` : ''}<span class="grow"></span><button class="btn primary" type="submit" form="start-form" aria-disabled=${(shown && faults.length) || busy ? 'true' : undefined}>${busy ? 'Starting…' : 'Start'}<kbd>Ctrl ↵</kbd></button></footer></aside>`;
}

/** The inputs of the last tasks of this template. */
function Last({ namespace, name, use }) {
  const [open, set] = useState(/** @type {any[] | null} */ (null));
  if (!can('tasks:context_read', namespace) || !can('tasks:list', namespace)) return null;
  const list = async () => {
    if (open) {
      set(null);
      return;
    }
    try {
      set((await ask('v1/tasks', { query: { namespace, name, limit: 8 } })).items);
    } catch {
      set([]);
    }
  };
  const pick = async (/** @type {any} */ task) => {
    set(null);
    use(await ask(`v1/tasks/${task.task_id}/input`, { as: 'text' }));
  };
  return html`<div class="menu-wrap"><button class="btn sm" type="button" aria-expanded=${open !== null} onClick=${list}>Last inputs<${Icon} name="down" small /></button>${open ? html`<div class="popover"><ul class="menu">${open.map((task) => html`<li key=${task.task_id}><button type="button" onClick=${() => pick(task)}><span class="grow mono">${Object.values(task.attributes ?? {})[0] ?? shortId(task.task_id)}</span><span class="dim small">${age(Date.now() - Date.parse(task.created_at))} ago</span></button></li>`)}${open.length ? '' : html`<li class="small dim">There are none.</li>`}</ul></div>` : ''}</div>`;
}
