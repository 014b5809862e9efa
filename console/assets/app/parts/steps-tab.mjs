// The steps of a task as a windowed table, read page by page; failures first to be found.
// @ts-check
import { html, useEffect, useRef, useState } from '../html.mjs';
import { ask } from '../api.mjs';
import { changes } from '../api.mjs';
import { here, setQuery } from '../route.mjs';
import { count, duration, plural } from '../format.mjs';
import { ENDED, stepLook } from '../words.mjs';
import { useScroll, windowOf } from '../virtual.mjs';
import { useKeys } from '../keys.mjs';
import { Icon, StateWord } from './basics.mjs';
import { Empty, Loading, Trouble } from './states.mjs';

const LIMIT = 200;
const ROW = 34;

/** What the table needs of a step; results are not kept. */
const brief = (/** @type {any} */ step) => ({
  name: step.name,
  step_index: step.step_index,
  template_step: step.template_step,
  state: step.state,
  isolated: step.isolated,
  attempt: step.attempt,
  max_attempts: step.max_attempts,
  started_at: step.started_at,
  finished_at: step.finished_at,
  enqueued_at: step.enqueued_at,
  host: step.host,
  handler: step.handler,
  error: step.last_failure?.error_type ?? '',
  message: step.last_failure?.message ?? '',
});

export function Steps({ task, chosen, choose, now }) {
  const [rows, set] = useState(/** @type {any[] | null} */ (null));
  const [cursor, setCursor] = useState(/** @type {string | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [text, setText] = useState('');
  const onlyFailed = here.value.query.get('failed') === 'true';
  const of = here.value.query.get('of') ?? '';
  const busy = useRef(false);
  const path = `v1/tasks/${task.task_id}/workflow_steps`;
  const loaded = useRef(0);
  const filters = { failed: onlyFailed ? true : undefined, template_step: of || undefined };
  const which = `${onlyFailed} ${of}`;
  const version = `${JSON.stringify(task.steps)}${task.status}`;
  useEffect(() => {
    loaded.current = 0;
    set(null);
    setCursor(null);
  }, [which]);
  const read = async (/** @type {string | null | undefined} */ from, /** @type {AbortSignal} */ stop) => {
    const page = await ask(path, { query: { ...filters, fields: 'summary', limit: LIMIT, cursor: from }, signal: stop });
    return { items: page.items.map(brief), next: page.next_cursor ?? null };
  };
  useEffect(() => {
    const stop = new AbortController();
    // What was read is read again when the task has moved.
    (async () => {
      /** @type {any[]} */
      let items = [];
      let next = null;
      do {
        const page = await read(next, stop.signal);
        items = items.concat(page.items);
        next = page.next;
      } while (next && items.length < Math.min(loaded.current, 1000));
      loaded.current = items.length;
      set((before) => (before && before.length > items.length ? [...items, ...before.slice(items.length)] : items));
      setCursor((before) => (before && loaded.current > items.length ? before : next));
      setError(null);
    })().catch((failure) => {
      if (!stop.signal.aborted) setError(failure);
    });
    return () => stop.abort();
  }, [path, which, version, changes.value]);
  const more = async () => {
    if (busy.current || !cursor) return;
    busy.current = true;
    try {
      const page = await read(cursor, new AbortController().signal);
      set((before) => {
        const next = [...(before ?? []), ...page.items];
        loaded.current = next.length;
        return next;
      });
      setCursor(page.next);
    } catch {
      /* The next scroll asks again. */
    }
    busy.current = false;
  };
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scroll = useScroll(box, rows === null);
  const shown = (rows ?? []).filter((row) => !text || row.name.includes(text) || row.error.toLowerCase().includes(text.toLowerCase()));
  const isNarrowed = Boolean(onlyFailed || of || text);
  const isTyped = Boolean(text);
  const view = windowOf({ count: shown.length, row: ROW, ...scroll });
  useEffect(() => {
    if (cursor && (view.last >= shown.length - 20 || (isTyped && (rows?.length ?? 0) < 5000))) more();
  }, [view.last, shown.length, cursor, rows?.length]);
  const move = (/** @type {number} */ by) => {
    const i = shown.findIndex((row) => row.name === chosen);
    const row = shown[Math.max(0, Math.min(shown.length - 1, i + by))];
    if (!row) return;
    choose(row.name);
    const top = Math.max(0, shown.indexOf(row)) * ROW;
    const element = box.current;
    if (element && (top < element.scrollTop || top > element.scrollTop + element.clientHeight - 80))
      element.scrollTop = top - element.clientHeight / 2;
  };
  useKeys({ j: ['Next step', () => move(1)], k: ['Previous step', () => move(-1)] });
  if (error && !rows) return html`<${Trouble} error=${error} />`;
  return html`<section class="tl" aria-label="Steps"><div class="tlbar"><label class="search steps-search"><${Icon} name="search" small /><input type="search" aria-label="Find a step" placeholder="Name or error" value=${text} onInput=${(/** @type {any} */ e) => setText(e.target.value.trim())} /></label><button class="btn sm" type="button" aria-pressed=${onlyFailed} onClick=${() => setQuery({ failed: onlyFailed ? undefined : 'true' })}>Failures only</button>${of ? html`<button class="btn sm" type="button" onClick=${() => setQuery({ of: undefined })}>of ${of}<${Icon} name="x" small /></button>` : ''}<span class="grow"></span><span class="small dim">${isTyped ? `${count(shown.length)} of ` : ''}${rows ? count(rows.length) : ''}${cursor ? `+` : ''} ${rows ? plural(rows.length, 'step').replace(/^\S+ /, '') : ''}</span></div>
    <div class="tlscroll flat" ref=${box} tabindex="0" role="region" aria-label="Steps of the task">${
      rows === null
        ? html`<${Loading} />`
        : shown.length
          ? html`<table class="table"><colgroup><col class="w-stepstate" /><col /><col class="w-num" /><col class="w-num" /><col class="w-num w-waited" /><col class="w-err" /><col class="w-host" /></colgroup><thead><tr><th>State</th><th>Step</th><th class="num">Attempt</th><th class="num">Ran</th><th class="num w-waited">Waited</th><th>Failure</th><th class="w-host">Host</th></tr></thead><tbody>${view.before ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.before}px` }}><td colspan="7"></td></tr>` : ''}${shown
              .slice(view.first, view.last)
              .map((row) => {
                const end = row.finished_at ? Date.parse(row.finished_at) : ENDED.includes(task.status) ? null : now;
                return html`<tr key=${row.step_index} aria-selected=${row.name === chosen ? 'true' : undefined} class=${row.name === chosen ? 'cursor' : ''} data-open onClick=${() => choose(row.name)}><td><${StateWord} look=${stepLook(row.state, row.isolated)} /></td><td><button type="button" class="plain-link strong" onClick=${() => choose(row.name)}>${row.name}</button></td><td class="num soft">${row.attempt ? `${row.attempt} of ${row.max_attempts}` : '–'}</td><td class="num">${row.started_at && end ? duration(end - Date.parse(row.started_at)) : '–'}</td><td class="num soft w-waited">${row.enqueued_at && row.started_at ? duration(Date.parse(row.started_at) - Date.parse(row.enqueued_at)) : '–'}</td><td class=${row.state === 'error' ? 'failed' : 'dim'} title=${row.message}>${['complete', 'resolved_manually'].includes(row.state) ? '' : row.error}</td><td class="dim w-host" title=${row.host ?? ''}>${row.host ?? ''}</td></tr>`;
              })}${view.after ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.after}px` }}><td colspan="7"></td></tr>` : ''}</tbody></table>`
          : html`<${Empty} icon="search" title=${isNarrowed ? 'No step matches' : 'No steps yet'}>${isNarrowed ? 'Change the filters above.' : 'They are created with the task.'}<//>`
    }</div></section>`;
}
