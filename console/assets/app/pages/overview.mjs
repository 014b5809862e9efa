// The overview: what needs somebody now, what runs, and what failed last; counts of the API, nothing else.
// @ts-check
import { html, useMemo } from '../html.mjs';
import { ask, all, isMissingRoute } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, href, join } from '../route.mjs';
import { can, namespace as scope, now, zone } from '../session.mjs';
import { age, clock, count, duration, shortId } from '../format.mjs';
import { reasonLook, taskLook, taskStateLook } from '../words.mjs';
import { causeOf } from '../dead-letters.mjs';
import { crumbs } from '../shell.mjs';
import { useKeys } from '../keys.mjs';
import { Ago, Glyph, Icon, Segments, StateWord } from '../parts/basics.mjs';
import { TasksOverTime } from '../parts/charts.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { bulk } from '../parts/bulk-dialog.mjs';

const quiet = (/** @type {Promise<any>} */ asked) =>
  asked.catch((error) => {
    if (isMissingRoute(error)) return undefined;
    return null;
  });

/** @param {string} ns @param {AbortSignal} stop */
async function read(ns, stop) {
  const at = (/** @type {any} */ query) => ({ ...query, namespace: ns || undefined });
  const one = (/** @type {string} */ path, /** @type {any} */ query) => quiet(ask(path, { query, signal: stop }));
  const list = can('tasks:list');
  const [states, day, dayStates, blocked, oldestBlocked, dlq, queue, stale, health, events, workers, queues, hour, times] = await Promise.all([
    list ? one('v1/tasks/count', at({ open: true, by: 'state' })) : null,
    list ? one('v1/tasks/count', at({ created_after: '24h', by: 'template' })) : null,
    list ? one('v1/tasks/count', at({ created_after: '24h', by: 'state' })) : null,
    list ? one('v1/tasks/count', at({ state: 'blocked_by_failures', by: 'template' })) : null,
    list ? one('v1/tasks', at({ state: 'blocked_by_failures', order: 'asc', limit: 1 })) : null,
    can('dlq:stats') ? one('v1/dlq/stats', at({})) : null,
    can('dlq:read') ? one('v1/dlq/investigation-queue', at({ limit: 100 })) : null,
    can('dlq:read') ? one('v1/dlq/staleness', at({ limit: 100 })) : null,
    can('system:health_read') ? one('health/detailed', {}) : null,
    can('events:read') ? one('v1/domain-events', { limit: 100 }) : null,
    can('workers:read') ? one('v1/workers', { limit: 200 }) : null,
    can('queues:read') ? one('v1/queues', {}) : null,
    can('system:analytics_read') ? one('v1/analytics/throughput', at({ hours: 1 })) : null,
    can('system:analytics_read') ? one('v1/analytics/tasks', at({ hours: 24 })) : null,
  ]);
  const failedBy = list
    ? await one('v1/tasks/count', at({ created_after: '24h', state: ['error', 'blocked_by_failures'], by: 'template' }))
    : null;
  const recent = list ? await one('v1/tasks', at({ limit: 8 })) : null;
  return { states, day, dayStates, blocked, oldestBlocked, dlq, queue, stale, health, events, workers, queues, hour, times, failedBy, recent };
}

export default function Overview() {
  const ns = scope.value;
  const found = useResource(`overview:${ns}`, (stop) => read(ns, stop), { every: 5000 });
  crumbs.value = [['Overview']];
  useKeys({ d: ['DLQ desk', () => go('dlq')], b: ['Blocked tasks', () => go('tasks', { state: 'blocked_by_failures' })] });
  return html`<main class="main p-overview" id="main" tabindex="-1"><div class="scrolling" tabindex="0" role="region" aria-label="Overview"><div class="wrap"><header class="row ph"><h1>Overview</h1><span class="small dim">${found.at ? `counts of ${clock(found.at, zone.value)}` : ''}</span><span class="grow"></span>${can('tasks:create') ? html`<a class="btn primary" href=${href('start')}><${Icon} name="plus" small />Start a task</a>` : ''}</header>
    <${Shown} of=${found}>${(/** @type {any} */ data) => html`<${View} data=${data} ns=${ns} />`}<//></div></div></main>`;
}

const Tile = ({ to, look, icon, hue, name, value, text }) =>
  html`<a class="tile" href=${to}><span class="lab">${look ? html`<${Glyph} look=${look} />` : html`<${Icon} name=${icon} class=${hue ?? 'dimi'} />`}<span class="clip">${name}</span></span><span class="fig ${value === '0' ? 'quiet' : ''}">${value}</span><span class="det clip">${text}</span></a>`;

function View({ data, ns }) {
  const { states, blocked, oldestBlocked, dlq, queue, stale, health, events, workers, queues } = data;
  const entries = queue?.items ?? [];
  const pending = dlq?.items ? dlq.items.reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + row.pending, 0) : null;
  const reasons = (dlq?.items ?? [])
    .filter((/** @type {any} */ row) => row.pending)
    .map((/** @type {any} */ row) => `${row.pending} ${reasonLook(row.dlq_reason).word.toLowerCase()}`)
    .join(', ');
  const late = (stale?.items ?? []).filter((/** @type {any} */ one) => one.health_status === 'stale' || one.is_overdue);
  const given = (events?.items ?? []).filter((/** @type {any} */ one) => one.failed_deliveries);
  const oldest = oldestBlocked?.items?.[0];
  const checks = Object.entries(health?.checks ?? {});
  const bad = checks.filter(([, check]) => check.status !== 'ok');
  const hosts = workers?.items ?? [];
  const silent = hosts.filter((/** @type {any} */ one) => one.status === 'silent');
  const present = hosts.filter((/** @type {any} */ one) => one.status === 'present');
  const deepest = [...(queues?.items ?? [])].sort((a, b) => b.ready - a.ready)[0];
  const tiles = [
    pending !== null &&
      html`<${Tile} key="dlq" to=${href('dlq')} look=${{ hue: pending ? 'failed' : 'waiting', glyph: pending ? 'failed' : 'done' }} name="DLQ, pending" value=${count(pending)} text=${reasons || 'nothing waits for you'} />`,
    blocked &&
      html`<${Tile} key="blocked" to=${href('tasks', { state: 'blocked_by_failures' })} look=${{ hue: blocked.count ? 'failed' : 'waiting', glyph: blocked.count ? 'blocked' : 'done' }} name="Blocked tasks" value=${`${count(blocked.count)}${blocked.capped ? '+' : ''}`} text=${oldest ? `oldest ${age(now.value - Date.parse(oldest.created_at))}` : 'none'} />`,
    stale &&
      html`<${Tile} key="stale" to=${href('tasks', { open: true, order: 'asc' })} icon="warn" hue=${late.length ? 'retry' : 'dimi'} name="Stale" value=${count(late.length)} text=${late.length ? `${late[0].name}, ${duration(late[0].minutes_in_state * 60000)} without a change` : 'all open tasks move in time'} />`,
    events &&
      html`<${Tile} key="given" to=${href('events/published')} look=${{ hue: given.length ? 'failed' : 'waiting', glyph: given.length ? 'isolated' : 'done' }} name="Given-up deliveries" value=${count(given.length)} text=${given.length ? `${given[0].name}: ${given[0].last_error ?? ''}` : 'of the last 100 events'} />`,
    workers &&
      html`<${Tile} key="workers" to=${href('workers')} icon="plug" hue=${silent.length || !present.length ? 'retry' : 'dimi'} name="Silent workers" value=${count(silent.length)} text=${silent.length ? `${silent[0].name}, for ${age(now.value - Date.parse(silent[0].seen_at))}` : present.length ? `${count(present.length)} present` : 'none is present'} />`,
    deepest &&
      html`<${Tile} key="queue" to=${href('queues')} icon="queue" name="Deepest queue" value=${count(deepest.ready)} text=${deepest.ready ? `${deepest.name}, oldest ${duration((deepest.oldest_seconds ?? 0) * 1000)}` : 'nothing waits'} />`,
    (!workers || !deepest) &&
      states &&
      html`<${Tile} key="open" to=${href('tasks', { open: true })} icon="tasks" name="Open tasks" value=${`${count(states.count)}${states.capped ? '+' : ''}`} text=${
        states.groups
          .slice(0, 2)
          .map((/** @type {any} */ group) => `${count(group.count)} ${taskStateLook(group.key).word.toLowerCase()}`)
          .join(', ') || 'nothing runs'
      } />`,
    health &&
      (bad.length || !deepest) &&
      html`<${Tile} key="health" to=${href('settings/health')} icon="plug" hue=${bad.length ? 'failed' : 'dimi'} name="Server" value=${health.status} text=${bad.length ? bad.map(([name]) => name).join(', ') : `${Object.values(health.open_steps ?? {}).reduce((/** @type {number} */ sum, n) => sum + Number(n), 0)} open steps`} />`,
  ].filter(Boolean);
  return html`<section aria-labelledby="ny"><h2 class="hd" id="ny">Needs you</h2><div class="panel tiles">${tiles}</div></section>
    ${
      data.hour?.series[0]
        ? html`<div class="two"><${TasksOverTime} points=${data.hour.series[0].points} minutes=${data.hour.interval_minutes} title=${data.hour.interval_minutes === 1 ? 'Tasks per minute' : `Tasks per ${data.hour.interval_minutes} minutes`} to=${href('analytics', { hours: 1 })} /><${Day} data=${data} /></div><${Failures} entries=${entries} />`
        : html`<div class="two"><${Failures} entries=${entries} /><${Day} data=${data} /></div>`
    }
    <${Recent} recent=${data.recent} />`;
}

/** What failed, by step, template and error, from the dead letters that wait. */
function Failures({ entries }) {
  const groups = useMemo(() => {
    const by = new Map();
    for (const entry of entries) {
      const cause = causeOf(entry);
      const key = [entry.namespace, entry.name, cause.step, cause.failure?.error_type].join(' ');
      const group = by.get(key) ?? { key, entry, step: cause.step, error: cause.failure?.error_type, ids: [], last: 0 };
      group.ids.push(entry.task_id);
      group.last = Math.max(group.last, Date.parse(entry.created_at));
      by.set(key, group);
    }
    return [...by.values()].sort((a, b) => b.ids.length - a.ids.length);
  }, [entries]);
  return html`<section class="panel"><header><h2>What waits in the DLQ</h2><span class="small dim hide-s">by step, template and error</span><a class="right small soft" href=${href('dlq')}>DLQ desk</a></header>${groups.length ? html`<div class="scroll-x"><table class="table cmp"><colgroup><col class="w-glyph" /><col /><col class="c180" /><col class="c80" /><col class="c80" /><col class="c100" /></colgroup><thead><tr><th><span class="hidden">State</span></th><th>Step</th><th>Error</th><th class="num">Tasks</th><th class="num">Last</th><th><span class="hidden">Action</span></th></tr></thead><tbody>${groups.slice(0, 8).map((group) => html`<tr key=${group.key}><td><${Glyph} look=${reasonLook(group.entry.dlq_reason)} /></td><td><a href=${href(join('dlq', group.entry.dlq_entry_id))}><span class="strong">${group.step ?? reasonLook(group.entry.dlq_reason).word}</span></a> <span class="dim">in ${group.entry.name}</span></td><td class="failed">${group.error ?? ''}</td><td class="num strong">${count(group.ids.length)}</td><td class="num soft">${age(now.value - group.last)}</td><td class="num">${can('tasks:operate', group.entry.namespace) ? html`<button class="btn sm" type="button" onClick=${() => bulk('redrive', { task_ids: [...new Set(group.ids)] }, () => {})}>Redrive…</button>` : html`<a class="btn sm ghost" href=${href(join('dlq', group.entry.dlq_entry_id))}>Show</a>`}</td></tr>`)}</tbody></table></div>` : html`<${Empty} icon="check" title="Nothing waits">No task has used up its retries.<//>`}</section>`;
}

/** Tasks of the last day, by template. */
function Day({ data }) {
  const failed = Object.fromEntries((data.failedBy?.groups ?? []).map((/** @type {any} */ group) => [group.key, group.count]));
  /** @type {Record<string, number | null>} */
  const p95 = Object.fromEntries((data.times?.items ?? []).map((/** @type {any} */ row) => [`${row.namespace}/${row.name}`, row.duration && row.duration.p95 * 1000]));
  const groups = data.day?.groups ?? [];
  const states = data.dayStates?.groups ?? [];
  const name = (/** @type {string} */ key) => key.split(/[./]/).at(-1) ?? key;
  const to = (/** @type {string} */ key, /** @type {any} */ more) => {
    const parts = key.split(/[./]/);
    return href('tasks', { ...(parts.length > 1 ? { namespace: parts[0] } : {}), name: parts.at(-1), created_after: '24h', ...more });
  };
  const hues = ['done', 'work', 'retry', 'failed', 'waiting'];
  const byHue = hues.map(
    (hue) =>
      /** @type {[string, string, number]} */ ([
        hue,
        { done: 'complete', work: 'in process', retry: 'retrying', failed: 'failed', waiting: 'waiting or cancelled' }[hue],
        states
          .filter((/** @type {any} */ one) => taskStateLook(one.key).hue === hue)
          .reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.count, 0),
      ]),
  );
  return html`<section class="panel"><header><h2>Tasks of the last 24 h</h2><a class="right small soft" href=${href('tasks', { created_after: '24h' })}>${data.day ? `${count(data.day.count)}${data.day.capped ? '+' : ''}` : ''}</a></header>${groups.length ? html`<div class="section day"><${Segments} tall parts=${byHue} /></div><table class="table cmp"><colgroup><col /><col class="c80" />${data.times ? html`<col class="c80" />` : ''}<col class="c80" /></colgroup><thead><tr><th>Template</th><th class="num">Tasks</th>${data.times ? html`<th class="num" title="95 of 100 tasks took no longer">p95</th>` : ''}<th class="num">Failed</th></tr></thead><tbody>${groups.slice(0, 8).map((/** @type {any} */ group) => html`<tr key=${group.key}><td><a class="strong" href=${to(group.key, {})}>${name(group.key)}</a></td><td class="num">${count(group.count)}</td>${data.times ? html`<td class="num soft">${duration(p95[group.key])}</td>` : ''}<td class="num">${failed[group.key] ? html`<a class="failed strong" href=${to(group.key, { state: ['error', 'blocked_by_failures'] })}>${count(failed[group.key])}</a>` : html`<span class="dim">–</span>`}</td></tr>`)}</tbody></table>` : html`<${Empty} title="No tasks in the last 24 h" command="tasker task run NAMESPACE/NAME --input FILE" />`}</section>`;
}

function Recent({ recent }) {
  const items = recent?.items ?? [];
  if (!items.length) return null;
  return html`<section class="panel"><header><h2>Newest tasks</h2><a class="right small soft" href=${href('tasks')}>All tasks</a></header><div class="scroll-x"><table class="table cmp"><colgroup><col class="c180" /><col /><col class="c140" /><col class="c140" /><col class="c80" /></colgroup><thead><tr><th>State</th><th>Template</th><th>Key</th><th>Task</th><th class="num">Age</th></tr></thead><tbody>${items.map((/** @type {any} */ task) => html`<tr key=${task.task_id}><td><${StateWord} look=${taskLook(task)} /></td><td><a class="strong" href=${href(join('tasks', task.task_id))}>${task.name}</a> <span class="dim small">${task.version}</span></td><td class="mono soft">${Object.values(task.attributes ?? {})[0] ?? ''}</td><td class="mono soft">${shortId(task.task_id)}</td><td class="num soft"><${Ago} at=${task.created_at} /></td></tr>`)}</tbody></table></div></section>`;
}
