// The list of tasks: which match, what state they are in, where each is stuck.
// @ts-check
import { html, useEffect, useMemo, useRef, useState } from '../html.mjs';
import { ask } from '../api.mjs';
import { age, count, duration, plural, shortId } from '../format.mjs';
import { filtersOf, merge, same, VIEWS } from '../filters.mjs';
import { go, here, href, join, queryOf, root } from '../route.mjs';
import { can, has, kept, namespace, now, zone } from '../session.mjs';
import { stamp } from '../format.mjs';
import { useResource, useStream } from '../live.mjs';
import { ENDED, stepLook, taskLook } from '../words.mjs';
import { useScroll, windowOf } from '../virtual.mjs';
import { useKeys } from '../keys.mjs';
import { arrived, standingOf, want } from '../standings.mjs';
import { crumbs } from '../shell.mjs';
import { copyText, Glyph, Icon, Segments, segmentsOf, StateWord, Tag } from '../parts/basics.mjs';
import { Empty, Loading, Trouble } from '../parts/states.mjs';
import { FilterBar } from '../parts/filter-bar.mjs';
import { bulk } from '../parts/bulk-dialog.mjs';
import { confirm, notify } from '../parts/dialog.mjs';

/** @type {import('@preact/signals').Signal<[string, Record<string, any>][]>} */
const saved = kept('views', []);
const LIMIT = 50;

/** Where a task stands, from the counts of its steps. */
function standing(task) {
  const { failed, isolated = 0, retrying, running, total, satisfied } = task.steps;
  const step = standingOf(task);
  if (step) return [stepLook(step.state), step.name, step.note];
  if (failed) return [stepLook('error'), `${plural(failed, 'step')} failed`, ''];
  if (isolated) return [stepLook('error', true), `${plural(isolated, 'step')} isolated`, ''];
  if (ENDED.includes(task.status)) return null;
  if (retrying) return [stepLook('waiting_for_retry'), `${plural(retrying, 'step')} ${retrying === 1 ? 'waits' : 'wait'} for a retry`, ''];
  if (running) return [stepLook('in_progress'), `${plural(running, 'step')} queued or running`, ''];
  return total > satisfied ? [stepLook('pending'), `${plural(total - satisfied, 'step')} waiting`, ''] : null;
}

function Row({ task, index, cursor, selected, toggle, selectable }) {
  const look = taskLook(task);
  const where = standing(task);
  const end = task.completed_at ? Date.parse(task.completed_at) : ENDED.includes(task.status) ? null : now.value;
  const keys = Object.entries(task.attributes ?? {});
  return html`<tr aria-rowindex=${index + 2} class=${cursor ? 'cursor' : ''} aria-selected=${selected ? 'true' : undefined}>
    ${selectable ? html`<td class="c-sel"><input class="check" type="checkbox" aria-label="Select task ${shortId(task.task_id)}" checked=${selected} onChange=${toggle} /></td>` : html`<td class="c-sel"></td>`}
    <td class="c-state"><${StateWord} look=${look} /></td>
    <td class="c-tpl"><a class="strong" href=${href(join('tasks', task.task_id))} title=${`${task.namespace}/${task.name}`}>${task.name}</a> <span class="dim small">${task.version}</span></td>
    <td class="c-id mono soft" title=${task.task_id}>${shortId(task.task_id)}</td>
    <td class="c-age num soft" title=${stamp(task.created_at, zone.value)}>${age(now.value - Date.parse(task.created_at))}</td>
    <td class="c-dur num">${end ? duration(end - Date.parse(task.created_at)) : '–'}</td>
    <td class="c-prog"><div class="row"><${Segments} parts=${segmentsOf(task.steps)} /><span class="small dim num frac">${task.steps.satisfied}/${task.steps.total}</span></div></td>
    <td class="c-step">${where ? html`<span class="row"><${Glyph} look=${where[0]} /><span class="clip">${where[1]} <span class=${where[0].hue === 'failed' ? 'failed' : 'dim'}>${where[2]}</span></span></span>` : html`<span class="dim">–</span>`}</td>
    <td class="c-tags">${keys.slice(0, 1).map(([name, value]) => html`<span class="tag mono" key=${name} title=${`${name} ${value}`}>${value}</span> `)}${task.tags.slice(0, 3).map((/** @type {string} */ tag) => html`<${Tag} key=${tag}>${tag}<//> `)}${task.has_dlq_entry ? html`<span class="tag" title="Has or had an entry in the dead-letter queue">DLQ</span>` : ''}</td>
  </tr>`;
}

function Views({ filters }) {
  const scope = namespace.value;
  const counts =
    useResource(
      `views:${scope}:${JSON.stringify(saved.value)}`,
      async (stop) =>
        Promise.all(
          [...VIEWS, ...saved.value].map(([, view]) =>
            ask('v1/tasks/count', { query: { ...(scope ? { namespace: scope } : {}), ...view }, signal: stop }).catch(() => null),
          ),
        ),
      { every: 8000 },
    ).data ?? [];
  const isSaved = [...VIEWS, ...saved.value].some(([, view]) => same(view, filters));
  const save = () =>
    confirm({
      title: 'Save this view',
      body: 'It is kept in this browser. Its address can be shared.',
      reason: 'none',
      label: 'Save',
      keep: 'Not now',
      first: { name: '' },
      ready: (form) => Boolean(form.name.trim()),
      fields: (form, set) =>
        html`<div class="field"><label for="view">Name</label><input class="input" id="view" data-first value=${form.name} onInput=${(/** @type {any} */ e) => set({ name: e.target.value })} /></div>`,
      act: async (form) => {
        saved.value = [...saved.value, [form.name.trim(), filters]];
      },
    });
  return html`<nav class="views" aria-label="Views">${[...VIEWS, ...saved.value].map(
    ([name, view, hue], i) =>
      html`<a key=${name} href=${href('tasks', view)} aria-current=${same(view, filters) ? 'page' : undefined}>${name} ${counts[i] ? html`<span class=${hue && counts[i].count ? hue : ''}>${count(counts[i].count)}${counts[i].capped ? '+' : ''}</span>` : ''}</a>${
        i >= VIEWS.length && same(view, filters)
          ? html`<button class="btn ghost sm icon" type="button" aria-label="Remove the view ${name}" title="Remove this view" onClick=${() => {
              saved.value = saved.value.filter(([other]) => other !== name);
            }}><${Icon} name="x" small /></button>`
          : ''
      }`,
  )}${isSaved ? '' : html`<button class="add" type="button" onClick=${save}><${Icon} name="plus" small />Save this view</button>`}</nav>`;
}

/** The rows: read page by page, kept in place, new ones held. */
function useRows(query) {
  const key = JSON.stringify(query);
  const ascending = query.order === 'asc';
  const [state, set] = useState(/** @type {any} */ ({ key: '', rows: [], fresh: [], cursor: null, more: false }));
  const shown = useRef(state);
  const first = useResource(
    `tasks:${key}`,
    (stop) =>
      ask('v1/tasks', {
        query: { ...query, limit: Math.min(200, Math.max(LIMIT, shown.current.key === key ? shown.current.rows.length + 20 : LIMIT)) },
        signal: stop,
      }),
    { every: 3000 },
  );
  // The newest tasks arrive as they change; older pages are read again.
  const url = has('streams') && !ascending && query.q === undefined ? new URL('v1/tasks/stream', root) : null;
  if (url) url.search = queryOf({ ...query, limit: 1 });
  useStream(url?.href ?? null, ['changes', 'missed'], first.reload, 500);
  useEffect(() => {
    if (!first.data) return;
    set((/** @type {any} */ before) => {
      if (before.key !== key)
        return { key, rows: first.data.items, fresh: [], cursor: first.data.next_cursor ?? null, applied: first.data.applied };
      if (!before.rows.length) return { ...before, rows: first.data.items, cursor: first.data.next_cursor ?? null };
      const { rows, fresh, gone } = merge(before.rows, first.data.items, ascending);
      // Rows that no longer match stay where they are, as they have become.
      for (const id of gone.slice(0, 10))
        ask(`v1/tasks/${id}`).then(
          ({ context, ...task }) =>
            set((/** @type {any} */ now) => ({
              ...now,
              rows: now.rows.map((/** @type {any} */ row) => (row.task_id === id ? task : row)),
            })),
          () => {},
        );
      return { ...before, rows, fresh, applied: first.data.applied };
    });
  }, [first.data, key]);
  shown.current = state;
  const isOurs = state.key === key;
  const busy = useRef(false);
  const more = async () => {
    if (busy.current || !isOurs || !state.cursor) return;
    busy.current = true;
    try {
      const page = await ask('v1/tasks', { query: { ...query, limit: LIMIT * 2, cursor: state.cursor } });
      set((/** @type {any} */ before) => {
        if (before.key !== key) return before;
        const known = new Set(before.rows.map((/** @type {any} */ row) => row.task_id));
        return {
          ...before,
          rows: [...before.rows, ...page.items.filter((/** @type {any} */ row) => !known.has(row.task_id))],
          cursor: page.next_cursor ?? null,
        };
      });
    } catch {
      /* The next scroll asks again. */
    }
    busy.current = false;
  };
  const reveal = () => set((/** @type {any} */ before) => ({ ...before, rows: [...before.fresh, ...before.rows], fresh: [] }));
  return {
    rows: isOurs ? state.rows : [],
    fresh: isOurs ? state.fresh : [],
    cursor: isOurs ? state.cursor : null,
    loading: !isOurs && !first.error,
    error: isOurs ? undefined : first.error,
    more,
    reveal,
  };
}

export default function Tasks() {
  const search = here.value.query.toString();
  const filters = useMemo(() => filtersOf(new URLSearchParams(search)), [search]);
  const scope = namespace.value;
  const query = { ...(scope ? { namespace: scope } : {}), ...filters };
  const list = useRows(query);
  const total = useResource(
    `count:${JSON.stringify(query)}`,
    (stop) => {
      const { order: _, ...rest } = /** @type {Record<string, any>} */ (query);
      return ask('v1/tasks/count', { query: rest, signal: stop });
    },
    { every: 6000 },
  ).data;
  crumbs.value = [['Tasks']];
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const narrow = matchMedia('(max-width: 720px)').matches;
  const row = narrow ? 102 : matchMedia('(pointer: coarse)').matches ? 44 : 34;
  const scroll = useScroll(box, list.loading);
  const view = windowOf({ count: list.rows.length, row, ...scroll });
  useEffect(() => {
    if (list.cursor && view.last >= list.rows.length - 10) list.more();
  }, [view.last, list.rows.length, list.cursor]);
  const inSight = list.rows
    .slice(view.first, view.last)
    .filter(
      (/** @type {any} */ task) => can('tasks:read', task.namespace) && (task.steps.failed || task.steps.retrying || task.steps.running),
    );
  const sight = JSON.stringify(inSight.map((/** @type {any} */ task) => [task.task_id, task.status, task.steps]));
  useEffect(() => want(inSight), [sight]);
  const standings = arrived.value;
  const [cursor, setCursor] = useState(-1);
  const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));
  const [all, setAll] = useState(false);
  useEffect(() => {
    setCursor(-1);
    setChosen(new Set());
    setAll(false);
    box.current?.scrollTo(0, 0);
  }, [search, scope]);
  const clear = () => {
    setChosen(new Set());
    setAll(false);
  };
  const toggle = (/** @type {string} */ id) => {
    setAll(false);
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };
  const move = (/** @type {number} */ by) =>
    setCursor((before) => {
      const next = Math.max(0, Math.min(list.rows.length - 1, before + by));
      const element = box.current;
      if (element) {
        if (next * row < element.scrollTop) element.scrollTop = next * row;
        else if ((next + 2) * row + 30 > element.scrollTop + element.clientHeight)
          element.scrollTop = (next + 2) * row + 30 - element.clientHeight;
      }
      return next;
    });
  const failure = (/** @type {number} */ by) => {
    for (let i = cursor + by; i >= 0 && i < list.rows.length; i += by) {
      const task = list.rows[i];
      if (task.steps.failed || task.status === 'error') {
        move(i - cursor);
        return;
      }
    }
  };
  const at = list.rows[cursor];
  const mayOperate = can('tasks:operate') || can('tasks:cancel');
  const act = (/** @type {any} */ action) => bulk(action, all ? { filters: query } : { task_ids: [...chosen] }, clear);
  useKeys({
    j: ['Next task', () => move(1)],
    k: ['Previous task', () => move(-1)],
    ArrowDown: ['', () => move(1)],
    ArrowUp: ['', () => move(-1)],
    e: ['Next failure', () => failure(1)],
    E: ['Previous failure', () => failure(-1)],
    Enter: [
      'Open the task',
      () => {
        if (at) go(join('tasks', at.task_id));
      },
    ],
    ...(mayOperate
      ? {
          x: [
            'Select the task',
            () => {
              if (at) toggle(at.task_id);
            },
          ],
        }
      : {}),
    ...(can('tasks:operate')
      ? {
          r: [
            'Redrive what is selected',
            () => {
              if (chosen.size) act('redrive');
              else if (at) bulk('redrive', { task_ids: [at.task_id] }, clear);
            },
          ],
        }
      : {}),
    y: [
      'Copy the id',
      async () => {
        if (at) {
          await copyText(at.task_id);
          notify({ title: 'Copied.', text: at.task_id });
        }
      },
    ],
    n: ['Show new tasks', () => list.reveal()],
    Escape: ['Clear the selection', clear],
  });
  const change = (/** @type {Record<string, any>} */ changes) => go('tasks', { ...filters, ...changes });
  const isFiltered = Object.keys(filters).length > 0;
  const number = chosen.size;
  const allShown = list.rows.length > 0 && list.rows.every((/** @type {any} */ task) => chosen.has(task.task_id));
  const newest = list.fresh.length
    ? html`<button class="new-rows" type="button" title="Show them (n)" onClick=${() => {
        list.reveal();
        box.current?.scrollTo(0, 0);
        setCursor(-1);
      }}>${list.fresh.length} new</button>`
    : '';
  return html`<main class="main p-tasks" id="main" tabindex="-1">
    <header class="head"><div class="row"><h1 class="t">Tasks</h1><span class="dim cnt">${total ? `${count(total.count)}${total.capped ? ' or more' : ''}${isFiltered ? ' match' : ''}` : ''}</span><span class="grow"></span>${can('tasks:create') ? html`<a class="btn primary" href=${href('start')}><${Icon} name="plus" small />Start a task</a>` : ''}</div>
    <${Views} filters=${filters} /><${FilterBar} filters=${filters} change=${change} right=${newest} /></header>
    <div class="list" ref=${box} tabindex="0" role="region" aria-label="Tasks, ${list.rows.length} rows">
      ${
        list.error
          ? html`<${Trouble} error=${list.error} />`
          : list.loading
            ? html`<${Loading} rows=${12} />`
            : !list.rows.length
              ? html`<${Nothing} filters=${filters} change=${change} />`
              : html`<table class="table" aria-rowcount=${list.cursor ? -1 : list.rows.length + 1}>
        <colgroup><col class="w-sel" /><col class="w-state" /><col class="w-tpl" /><col class="w-id" /><col class="w-age" /><col class="w-dur" /><col class="w-prog" /><col /><col class="w-tags" /></colgroup>
        <thead><tr><th>${
          mayOperate
            ? html`<input class="check" type="checkbox" aria-label="Select all that are shown" checked=${allShown} onChange=${() => {
                setAll(false);
                setChosen(allShown ? new Set() : new Set(list.rows.map((/** @type {any} */ task) => task.task_id)));
              }} />`
            : html`<span class="hidden">Selection</span>`
        }</th><th>State</th><th>Template</th><th>Task</th><th class="num">Age</th><th class="num">Duration</th><th>Progress</th><th>Step</th><th>Tags</th></tr></thead>
        <tbody>${view.before ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.before}px` }}><td colspan="9"></td></tr>` : ''}${list.rows.slice(view.first, view.last).map((/** @type {any} */ task, /** @type {number} */ i) => html`<${Row} key=${task.task_id} task=${task} index=${view.first + i} standings=${standings} cursor=${view.first + i === cursor} selected=${chosen.has(task.task_id)} selectable=${mayOperate} toggle=${() => toggle(task.task_id)} />`)}${view.after ? html`<tr class="space" aria-hidden="true" style=${{ height: `${view.after}px` }}><td colspan="9"></td></tr>` : ''}</tbody></table>`
      }
    </div>
    <p class="hidden" aria-live="polite">${list.fresh.length ? `${list.fresh.length} new tasks` : ''}</p>
    ${
      number
        ? html`<div class="bulk-wrap"><div class="bulk" role="toolbar" aria-label="Selected tasks"><span class="strong">${all ? `All ${total ? count(total.count) : ''} that match` : `${count(number)} selected`}</span>${!all && total && total.count > number && allShown ? html`<button class="link sel-all" type="button" onClick=${() => setAll(true)}>Select all ${count(total.count)}${total.capped ? '+' : ''} that match</button>` : ''}<span class="bar"></span>
      ${can('tasks:operate') ? html`<button class="btn" type="button" onClick=${() => act('redrive')}><${Icon} name="redrive" small />Redrive…</button><button class="btn pz" type="button" onClick=${() => act('pause')}><${Icon} name="pause" small />Pause…</button><button class="btn wide" type="button" onClick=${() => act('resume')}>Resume…</button><button class="btn wide" type="button" onClick=${() => act('set_tags')}>Set tags…</button>` : ''}
      ${number === 2 && !all ? html`<a class="btn wide" href=${href(join('compare', ...chosen))}>Compare</a>` : ''}
      ${can('tasks:cancel') ? html`<button class="btn danger" type="button" onClick=${() => act('cancel')}>Cancel tasks…</button>` : ''}
      <button class="btn ghost icon" type="button" aria-label="Clear the selection" onClick=${clear}><${Icon} name="x" /></button></div></div>`
        : ''
    }
  </main>`;
}

/** No rows: because there is nothing, or because nothing matches. */
function Nothing({ filters, change }) {
  const names = Object.keys(filters);
  if (!names.length)
    return html`<${Empty} title="No tasks at all yet" command="tasker task run NAMESPACE/NAME --input FILE" action=${can('tasks:create') ? html`<a class="btn sm" href=${href('start')}>Start one from a template</a>` : ''}>Start one from a template, or send an event to a trigger.<//>`;
  const time = names.filter((name) => /_(after|before)$/.test(name));
  return html`<${Empty} icon="search" title="None match these filters" action=${html`<span class="row">${time.length && names.length > time.length ? html`<button class="btn sm" type="button" onClick=${() => change(Object.fromEntries(time.map((name) => [name, undefined])))}>Clear the time range</button>` : ''}<button class="btn sm" type="button" onClick=${() => change(Object.fromEntries(names.map((name) => [name, undefined])))}>Clear all filters</button></span>`}>Change or remove a filter above.<//>`;
}
