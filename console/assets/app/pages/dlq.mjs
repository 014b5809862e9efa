// The DLQ desk: which failure first, has its cause changed since, and what to do with it.
// @ts-check
import { html, useEffect, useMemo, useState } from '../html.mjs';
import { all, ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, here, href, join } from '../route.mjs';
import { can, namespace as scope, now, zone } from '../session.mjs';
import { age, clock, count, duration, plural, shortId, stamp } from '../format.mjs';
import { causeOf, groupsOf, thenAndNow, urgency } from '../dead-letters.mjs';
import { reasonLook, stepLook, taskStateLook, sentence } from '../words.mjs';
import { useKeys } from '../keys.mjs';
import { crumbs } from '../shell.mjs';
import { Ago, CopyId, Glyph, Icon, StateWord } from '../parts/basics.mjs';
import { Empty, Loading, Trouble } from '../parts/states.mjs';
import { confirm, notify } from '../parts/dialog.mjs';
import { GraphView } from '../parts/graph-view.mjs';
import { JsonTree } from '../parts/json-tree.mjs';
import { nodeOf } from '../json.mjs';

const MOST = 400;

/** The queue, the most urgent first, each with its snapshot. @param {string} ns @param {AbortSignal} stop */
async function readQueue(ns, stop) {
  const [found, tasks] = await Promise.all([
    all('v1/dlq/investigation-queue', { limit: 200, namespace: ns || undefined }, MOST, stop),
    can('tasks:list') ? all('v1/tasks', { has_dlq_entry: true, open: true, limit: 200 }, MOST, stop).catch(() => null) : null,
  ]);
  const keys = new Map((tasks?.items ?? []).map((task) => [task.task_id, task.attributes]));
  return { ...found, items: found.items.map((entry) => ({ ...entry, attributes: keys.get(entry.task_id) })) };
}

const keyOf = (/** @type {any} */ entry) => Object.values(entry.attributes ?? {})[0];

/** Puts an entry back, or closes it. @param {'requeue' | 'manually_resolved' | 'permanently_failed'} resolution @param {any} entry @param {() => void} [after] */
function resolve(resolution, entry, after) {
  const words = {
    requeue: ['Requeue', 'The task is redriven: each failed step runs again with all its attempts.'],
    manually_resolved: ['Resolve', 'The entry is closed as resolved. The task stays as it is.'],
    permanently_failed: ['Give up', 'The entry is closed as failed for good.'],
  }[resolution];
  confirm({
    title: `${words[0]} ${keyOf(entry) ?? shortId(entry.task_id)}?`,
    body: html`<p>${words[1]}</p><p class="small">${entry.namespace}/${entry.name}, <span class="mono">${shortId(entry.task_id)}</span></p>`,
    label: words[0],
    danger: resolution === 'permanently_failed',
    act: async ({ reason }) => {
      await send(`v1/dlq/entry/${entry.dlq_entry_id}`, 'PATCH', { resolution_status: resolution, resolution_notes: reason });
      notify({
        title: `${keyOf(entry) ?? shortId(entry.task_id)}: ${resolution === 'requeue' ? 'requeued' : resolution === 'manually_resolved' ? 'resolved' : 'given up'}.`,
        href: href(join('tasks', entry.task_id)),
        link: 'Open the task',
        hue: resolution === 'permanently_failed' ? 'waiting' : 'done',
      });
      after?.();
    },
  });
}

/** Requeues all entries of a cause. @param {any[]} entries */
function requeueGroup(entries) {
  confirm({
    title: `Requeue ${plural(entries.length, 'entry', 'entries')}?`,
    body: 'Each task is redriven: its failed steps run again with all their attempts.',
    label: `Requeue ${count(entries.length)}`,
    typed: entries.length > 100 ? String(entries.length) : undefined,
    act: async ({ reason }) => {
      const answer = await send('v1/dlq/bulk', 'POST', {
        dlq_entry_ids: entries.map((entry) => entry.dlq_entry_id),
        update: { resolution_status: 'requeue', resolution_notes: reason },
      });
      const failed = answer.items.filter((/** @type {any} */ one) => one.status >= 400).length;
      notify({
        title: `${plural(entries.length - failed, 'task')} requeued.`,
        text: failed ? `${failed} could not be.` : '',
        hue: failed ? 'failed' : 'done',
        glyph: failed ? 'failed' : 'done',
      });
    },
  });
}

export default function Desk({ entry: id }) {
  const found = useResource(`dlq:${scope.value}`, (stop) => readQueue(scope.value, stop), { every: 5000 });
  const stats =
    useResource(
      can('dlq:stats') ? `dlq:stats:${scope.value}` : null,
      (stop) => all('v1/dlq/stats', { namespace: scope.value || undefined }, 100, stop),
      { every: 10000 },
    ).data?.items ?? [];
  const [grouped, setGrouped] = useState(true);
  crumbs.value = [['DLQ desk']];
  const entries = useMemo(
    () => (found.data?.items ?? []).filter((one) => !scope.value || one.namespace === scope.value),
    [found.data, scope.value],
  );
  const groups = useMemo(() => groupsOf(entries), [entries]);
  const order = grouped ? groups.flatMap((group) => group.entries) : entries;
  const wantedTask = here.value.query.get('task');
  const current =
    order.find((one) => one.dlq_entry_id === id) ??
    (wantedTask ? order.find((one) => one.task_id === wantedTask) : null) ??
    (id ? null : order[0]);
  const at = order.indexOf(current);
  const open = (/** @type {any} */ one) => {
    if (one) go(join('dlq', one.dlq_entry_id), undefined, true);
  };
  const step = (/** @type {number} */ by) => open(order[Math.max(0, Math.min(order.length - 1, at + by))]);
  const next = () => open(order[at + 1] ?? order[0]);
  const mayRequeue = current && can('dlq:update', current.namespace) && can('tasks:operate', current.namespace);
  useKeys({
    j: ['Next entry', () => step(1)],
    k: ['Previous entry', () => step(-1)],
    n: ['Next entry', next],
    ...(mayRequeue ? { r: ['Requeue', () => resolve('requeue', current, next)] } : {}),
    Enter: [
      'Open the task',
      () => {
        if (current) go(join('tasks', current.task_id));
      },
    ],
  });
  const pending = stats.reduce((sum, row) => sum + row.pending, 0) || entries.length;
  const oldest = entries.reduce((most, one) => Math.max(most, one.minutes_in_dlq), 0);
  return html`<main class="main p-dlq" id="main" tabindex="-1"><header class="head"><h1>DLQ desk</h1><span class="small dim cnt">${found.data ? (pending ? `${count(pending)} pending${oldest ? `, oldest ${duration(oldest * 60000)}` : ''}` : 'nothing pending') : ''}</span><span class="reasons">${stats.filter((row) => row.pending).map((row) => html`<span class="badge waiting" key=${row.dlq_reason}><${Glyph} look=${reasonLook(row.dlq_reason)} />${count(row.pending)} ${reasonLook(row.dlq_reason).word.toLowerCase()}</span>`)}</span><span class="grow"></span><div class="group"><button class="btn" type="button" aria-pressed=${grouped} onClick=${() => setGrouped(true)}>Grouped</button><button class="btn" type="button" aria-pressed=${!grouped} onClick=${() => setGrouped(false)}>By urgency</button></div></header>
    ${
      found.error && !found.data
        ? html`<${Trouble} error=${found.error} />`
        : !found.data
          ? html`<${Loading} />`
          : !order.length && !id
            ? html`<${Empty} icon="dlq" title="Nothing needs you">Tasks come here when their retries are used up, when they are stale, or when somebody adds them.<//>`
            : html`<div class="desk">
      <div class="queue" tabindex="0" role="region" aria-label="Queue of investigations">${grouped ? groups.map((group) => html`<section class="grp" key=${group.key}><header><div class="grow"><h3 class="clip">${group.step ?? reasonLook(group.entries[0].dlq_reason).word} <span class="dim">in ${group.name}</span></h3><p class="small failed clip">${group.error || reasonLook(group.entries[0].dlq_reason).word}</p></div>${group.entries.length > 1 && can('dlq:update', group.namespace) && can('tasks:operate', group.namespace) ? html`<button class="btn sm" type="button" onClick=${() => requeueGroup(group.entries)}>Requeue ${group.entries.length}…</button>` : ''}</header><ul>${group.entries.map((one) => html`<${Item} key=${one.dlq_entry_id} entry=${one} current=${one === current} />`)}</ul></section>`) : html`<ul>${order.map((one) => html`<${Item} key=${one.dlq_entry_id} entry=${one} current=${one === current} />`)}</ul>`}<p class="hint"><span><kbd>j</kbd> <kbd>k</kbd> move</span>${mayRequeue ? html`<span><kbd>r</kbd> requeue</span>` : ''}<span><kbd>n</kbd> next</span><span><kbd>?</kbd> all keys</span></p></div>
      <${Entry} key=${current?.dlq_entry_id ?? id} entry=${current} id=${current?.dlq_entry_id ?? id} next=${next} all=${entries} /></div>`
    }</main>`;
}

function Item({ entry, current }) {
  const look = reasonLook(entry.dlq_reason);
  const key = keyOf(entry);
  const level = urgency(entry.priority_score);
  return html`<li><a class="en ${current ? 'cur' : ''}" href=${href(join('dlq', entry.dlq_entry_id))} aria-current=${current ? 'true' : undefined}><span class="u u${level}" title="Urgency ${Math.round(entry.priority_score)}"></span><${Glyph} look=${look} /><span class="strong clip">${key ?? entry.name}</span><span class="mono dim clip">${shortId(entry.task_id)}</span><span class="age num">${age(entry.minutes_in_dlq * 60000)}</span><span class="rs clip">${look.word}</span></a></li>`;
}

/** What there is to an entry now. @param {string} id @param {AbortSignal} stop */
async function readEntry(id, stop) {
  const entry = await ask(`v1/dlq/entry/${id}`, { signal: stop });
  const cause = causeOf(entry);
  const quiet = (/** @type {Promise<any>} */ asked) => asked.catch(() => null);
  const [task, graph, step, others] = await Promise.all([
    can('tasks:read', entry.namespace) ? quiet(ask(`v1/tasks/${entry.task_id}`, { signal: stop })) : null,
    can('tasks:read', entry.namespace) ? quiet(ask(`v1/tasks/${entry.task_id}/graph`, { signal: stop })) : null,
    cause.step && can('steps:read', entry.namespace)
      ? quiet(ask(`v1/tasks/${entry.task_id}/workflow_steps/${encodeURIComponent(cause.step)}`, { signal: stop }))
      : null,
    quiet(ask(`v1/dlq/task/${entry.task_id}`, { signal: stop })),
  ]);
  if (task) delete task.context;
  return { entry, task, graph, step, others: others?.items ?? [] };
}

function Entry({ id, next, all: entries }) {
  const found = useResource(id ? `dlq:${id}` : null, (stop) => readEntry(id, stop), { every: 4000 });
  const [note, setNote] = useState('');
  useEffect(() => {
    setNote('');
  }, [id]);
  if (!id) return html`<article class="entry"></article>`;
  if (found.error && !found.data) return html`<article class="entry"><${Trouble} error=${found.error} /></article>`;
  if (!found.data) return html`<article class="entry"><${Loading} /></article>`;
  const { entry, task, graph, step, others } = found.data;
  const cause = causeOf(entry);
  const failure = step?.last_failure ?? cause.failure;
  const look = reasonLook(entry.dlq_reason);
  const isOpen = entry.resolution_status === 'pending';
  const may = isOpen && can('dlq:update', entry.namespace);
  const mayRequeue = may && can('tasks:operate', entry.namespace);
  const rows = task ? thenAndNow(entry, task, step ? [step] : []) : [];
  const same = entries.filter(
    (/** @type {any} */ one) => one.dlq_entry_id !== entry.dlq_entry_id && one.name === entry.name && causeOf(one).step === cause.step,
  );
  const title = keyOf(entry) ?? Object.values(task?.attributes ?? {})[0] ?? entry.name;
  const behind = graph
    ? graph.nodes
        .filter((/** @type {any} */ node) => node.state === 'pending' || (!node.created && !node.group))
        .map((/** @type {any} */ node) => node.id)
    : [];
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!note.trim()) return;
    await send(`v1/dlq/entry/${entry.dlq_entry_id}`, 'PATCH', {
      resolution_status: 'pending',
      resolution_notes: [entry.resolution_notes, note.trim()].filter(Boolean).join('\n'),
    });
    setNote('');
  };
  return html`<article class="entry" aria-label="Entry ${title}" tabindex="0">
    <header class="eh"><div class="grow"><div class="row"><${Glyph} look=${look} /><h2 class="clip">${title}</h2><a class="chip plain" href=${href(join('templates', entry.namespace, entry.name))}>${entry.name}</a><${CopyId} id=${entry.task_id} label="id of the task" /></div><p class="small soft sub-line">${look.word} at ${clock(entry.created_at, zone.value)}, ${age(now.value - Date.parse(entry.created_at))} ago.${behind.length ? ` ${behind.slice(0, 2).join(' and ')}${behind.length > 2 ? ` and ${behind.length - 2} more` : ''} ${behind.length === 1 ? 'waits' : 'wait'} behind it.` : ''}${isOpen ? '' : ` ${sentence(entry.resolution_status)} by ${entry.resolved_by ?? 'somebody'}.`}</p></div>
      ${mayRequeue ? html`<button class="btn primary" type="button" onClick=${() => resolve('requeue', entry, next)}><${Icon} name="redrive" small />Requeue…<kbd>r</kbd></button>` : ''}${may ? html`<button class="btn" type="button" onClick=${() => resolve('manually_resolved', entry, next)}>Resolve…</button><button class="btn danger" type="button" onClick=${() => resolve('permanently_failed', entry, next)}>Give up…</button>` : ''}<button class="btn ghost" type="button" onClick=${next}>Next<kbd>n</kbd></button></header>
    <div class="cols"><div class="c1">
      <section class="panel"><header><h2>What failed</h2><span class="right micro">${step ? `attempt ${step.attempt} of ${step.max_attempts}${step.host ? `, ${step.host}` : ''}` : ''}</span></header><div class="section">${failure ? html`<div class="callout"><div class="row"><span class="t">${failure.error_type}</span><span class="micro right-note">${cause.step ? `in ${cause.step}` : ''}${failure.retryable ? ', retryable, attempts used up' : ', not retryable'}</span></div><p class="small">${failure.message}</p></div>${failure.details !== undefined && failure.details !== null ? html`<${JsonTree} node=${nodeOf(failure.details)} name="details" label="Details of the failure" />` : ''}` : html`<p class="small soft">${look.word}. ${entry.note ?? 'No step has failed for good.'}</p>`}${cause.more ? html`<p class="small dim sub-line">${plural(cause.more, 'more step')} failed.</p>` : ''}${entry.withheld?.length ? html`<p class="small dim sub-line">Withheld: ${entry.withheld.join(', ')}.</p>` : ''}</div></section>
      ${rows.length ? html`<section class="panel"><header><h2>Then and now</h2><span class="right small dim">${rows.filter((row) => row.changed).length} of ${rows.length} changed</span></header><table class="table df"><colgroup><col class="c140" /><col /><col /></colgroup><thead><tr><th>Thing</th><th>Then, ${clock(entry.created_at, zone.value)}</th><th>Now</th></tr></thead><tbody>${rows.map((row) => html`<tr key=${row.thing} class=${row.changed ? 'chg' : ''}><th scope="row">${row.thing}</th><td><${Cell} row=${row} value=${row.then} /></td><td>${row.changed ? html`<${Cell} row=${row} value=${row.now} />` : html`<span class="dim">the same</span>`}</td></tr>`)}</tbody></table></section>` : ''}
      ${graph ? html`<section class="panel"><header><h2>Where it stands</h2><a class="right small soft" href=${href(join('tasks', entry.task_id), cause.step ? { step: cause.step } : {})}>Open the task</a></header><div class="snap"><${GraphView} graph=${graph} bare keys=${false} choose=${(/** @type {string} */ name) => go(join('tasks', entry.task_id), { step: name })} now=${now.value} /></div></section>` : ''}
    </div><div class="c2">
      <section class="panel"><header><h2>Notes</h2><span class="right micro">by ${entry.actor}</span></header><div class="section notes">${
        entry.note || entry.resolution_notes
          ? html`<ul>${entry.note ? html`<li><p class="small soft">${entry.note}</p></li>` : ''}${(entry.resolution_notes ?? '')
              .split('\n')
              .filter(Boolean)
              .map(
                (/** @type {string} */ line, /** @type {number} */ i) => html`<li key=${i}><p class="small soft">${line}</p></li>`,
              )}</ul>`
          : html`<p class="small dim">There are none.</p>`
      }${may ? html`<form onSubmit=${save}><label class="hidden" for="note">Add a note</label><input class="input" id="note" placeholder="Add a note" value=${note} onInput=${(/** @type {any} */ e) => setNote(e.target.value)} /></form>` : ''}</div></section>
      <section class="panel"><header><h2>Similar entries</h2><span class="right micro">${same.length ? `${same.length} pending` : ''}</span></header><div class="section">${same.length ? html`<ul class="sim">${same.slice(0, 6).map((/** @type {any} */ one) => html`<li key=${one.dlq_entry_id}><${Glyph} look=${reasonLook(one.dlq_reason)} /><a class="strong clip grow" href=${href(join('dlq', one.dlq_entry_id))}>${keyOf(one) ?? shortId(one.task_id)}</a><span class="micro">${age(one.minutes_in_dlq * 60000)}</span></li>`)}</ul>` : html`<p class="small dim">No other entry has this cause.</p>`}</div></section>
      ${others.length > 1 ? html`<section class="panel"><header><h2>Earlier entries of this task</h2></header><div class="section"><ul class="sim">${others.filter((one) => one.dlq_entry_id !== entry.dlq_entry_id).map((one) => html`<li key=${one.dlq_entry_id}><div class="grow"><div class="row"><a class="strong" href=${href(join('dlq', one.dlq_entry_id))}>${sentence(one.resolution_status)}</a><span class="micro right-note"><${Ago} at=${one.created_at} suffix=" ago" /></span></div><p class="small soft clip" title=${stamp(one.created_at, zone.value)}>${[one.resolved_by, one.resolution_notes].filter(Boolean).join(': ')}</p></div></li>`)}</ul></div></section>` : ''}
    </div></div></article>`;
}

const Cell = ({ row, value }) =>
  row.kind === 'task'
    ? html`<${StateWord} look=${taskStateLook(value)} />`
    : row.kind === 'step'
      ? html`<${StateWord} look=${stepLook(value)} />`
      : html`<b class="strong">${value}</b>`;
