// Analytics: how much was done in a period, how fast and how well, and what to do about it.
// @ts-check
import { html } from '../html.mjs';
import { ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, here, href, join } from '../route.mjs';
import { namespace as scope, zone } from '../session.mjs';
import { bytes, clock, count, duration, shortId } from '../format.mjs';
import { changeOf, percent } from '../chart.mjs';
import { crumbs } from '../shell.mjs';
import { sentence } from '../words.mjs';
import { Ago, Chip, Glyph } from '../parts/basics.mjs';
import { TasksOverTime } from '../parts/charts.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { List, Tabs } from '../parts/list.mjs';

/** Periods: hours and their name. @type {[number, string][]} */
const PERIODS = [
  [1, '1 h'],
  [24, '24 h'],
  [168, '7 d'],
  [720, '30 d'],
];
const TABS = /** @type {[string, string][]} */ ([
  ['', 'Steps'],
  ['templates', 'Templates'],
  ['errors', 'Errors'],
  ['retries', 'Retries'],
  ['costs', 'Costs'],
]);
/** How often figures are read again: servers keep them for as long. */
const EVERY = 10_000;

/** @type {Record<string, import('../words.mjs').Look>} */
const SEVERITIES = {
  critical: { word: 'Critical', hue: 'failed', glyph: 'failed' },
  warning: { word: 'Warning', hue: 'retry', glyph: 'blocked' },
  info: { word: 'Note', hue: 'waiting', glyph: 'pending' },
};

const seconds = (/** @type {number | null | undefined} */ value) => duration(value === null || value === undefined ? value : value * 1000);

export default function Analytics({ tab = '' }) {
  const query = here.value.query;
  const hours = Number(query.get('hours')) || 24;
  const name = query.get('name') ?? '';
  const asked = { hours, namespace: query.get('namespace') || scope.value || undefined, name: name || undefined };
  const more = { hours: hours === 24 ? undefined : hours, namespace: query.get('namespace') ?? undefined, name: name || undefined };
  const at = (/** @type {string} */ path, /** @type {any} */ own = {}) => href(path ? join('analytics', path) : 'analytics', { ...more, ...own });
  crumbs.value = [['Analytics']];
  const found = useResource(
    `analytics:${JSON.stringify(asked)}`,
    async (stop) => {
      const one = (/** @type {string} */ path, /** @type {any} */ own = {}) =>
        ask(`v1/analytics/${path}`, { query: { ...asked, ...own }, signal: stop });
      const [performance, throughput, bottlenecks, health] = await Promise.all([
        one('performance'),
        one('throughput'),
        one('bottlenecks', { limit: 5 }),
        one('health'),
      ]);
      return { performance, throughput, bottlenecks, health };
    },
    { every: EVERY },
  );
  const counted = found.data?.performance.as_of;
  return html`<main class="main p-overview p-analytics" id="main" tabindex="-1"><div class="scrolling" tabindex="0" role="region" aria-label="Analytics"><div class="wrap">
    <header class="row ph"><h1>Analytics</h1><span class="small dim">${counted ? `everything before ${clock(counted, zone.value)} is counted` : ''}</span><span class="grow"></span>
      ${name ? html`<${Chip} name="Template" value=${name} mine title="The template" onRemove=${() => go(tab ? join('analytics', tab) : 'analytics', { hours: more.hours })} />` : ''}
      <nav class="group periods" aria-label="Period">${PERIODS.map(([length, word]) => html`<a key=${length} class="btn sm" href=${at(tab, { hours: length === 24 ? undefined : length })} aria-current=${length === hours ? 'true' : undefined}>${word}</a>`)}</nav></header>
    <${Shown} of=${found}>${(/** @type {any} */ data) => html`<${Figures} data=${data} hours=${hours} />`}<//>
    <section class="panel"><${Tabs} tabs=${TABS} active=${tab} to=${(/** @type {string} */ id) => at(id)} label="Tables" /><${Table} tab=${tab} query=${asked} /></section>
  </div></div></main>`;
}

const Tile = ({ name, value, text, hue }) =>
  html`<div class="tile"><span class="lab"><span class="clip">${name}</span></span><span class="fig ${hue ?? ''}">${value}</span><span class="det clip" title=${text}>${text}</span></div>`;

function Figures({ data, hours }) {
  const { performance: all, throughput, bottlenecks, health } = data;
  const change = all.change;
  const before = hours === 1 ? 'against the hour before' : 'against the period before';
  const against = (/** @type {number | null} */ value) => {
    const word = changeOf(value);
    return word && word !== 'as before' ? `${word} ${before}` : word;
  };
  const points = throughput.series[0]?.points ?? [];
  const worst = [...health.parts].sort((a, b) => a.score - b.score);
  const failures = all.failed_tasks + all.blocked_tasks;
  return html`<div class="panel tiles">
      <${Tile} name="Health" value=${Math.round(health.score)} hue=${health.score < 60 ? 'failed' : health.score < 85 ? 'retry' : ''} text=${worst[0] && worst[0].score < 100 ? worst[0].reason : 'all parts are well'} />
      <${Tile} name="Tasks created" value=${count(all.total_tasks)} text=${against(change.tasks_per_hour) || `${count(all.tasks_per_hour)} an hour`} />
      <${Tile} name="Failed or blocked" value=${percent(all.error_rate)} hue=${failures ? 'failed' : ''} text=${against(change.error_rate) || `${count(failures)} of the tasks that ended`} />
      <${Tile} name="Task, p95" value=${seconds(all.task_duration?.p95)} text=${against(change.task_p95) || `half within ${seconds(all.task_duration?.p50)}`} />
      <${Tile} name="Step, p95" value=${seconds(all.step_duration?.p95)} text=${against(change.step_p95) || `half within ${seconds(all.step_duration?.p50)}`} />
      <${Tile} name="Wait for a worker, p95" value=${seconds(all.step_wait?.p95)} text=${`half within ${seconds(all.step_wait?.p50)}`} /></div>
    <div class="two"><${TasksOverTime} points=${points} minutes=${throughput.interval_minutes} title=${`Tasks per ${every(throughput.interval_minutes)}`} />
      <section class="panel"><header><h2>Health</h2><span class="right strong">${Math.round(health.score)} of 100</span></header><ul class="parts">${health.parts.map((/** @type {any} */ part) => html`<li key=${part.name} title=${part.reason}><span class="row"><span class="strong">${sentence(part.name)}</span><span class="grow"></span><span class="num ${part.score < 60 ? 'failed' : part.score < 85 ? 'retry' : 'soft'}">${Math.round(part.score)}</span></span><span class="meter"><i class=${part.score < 60 ? 'failed' : part.score < 85 ? 'retry' : 'done'} style=${{ width: `${part.score}%` }}></i></span>${part.score < 100 ? html`<span class="small dim">${part.reason}</span>` : ''}</li>`)}</ul></section></div>
    <section class="panel"><header><h2>What to do</h2><span class="small dim">from the figures of this period</span></header>${bottlenecks.recommendations.length ? html`<ul class="advice">${bottlenecks.recommendations.map((/** @type {any} */ one) => html`<li key=${`${one.code} ${one.subject}`}><${Glyph} look=${SEVERITIES[one.severity] ?? SEVERITIES.info} /><span class="grow"><span class="hidden">${SEVERITIES[one.severity]?.word ?? ''}: </span><${Prose} text=${one.text} /></span><span class="small mono dim hide-s">${one.subject}</span></li>`)}</ul>` : html`<${Empty} icon="check" title="Nothing stands out">No step and no template is slower or fails more than it should.<//>`}</section>`;
}

/** A text with names in backticks. */
const Prose = ({ text }) => text.split('`').map((/** @type {string} */ part, /** @type {number} */ i) => (i % 2 ? html`<code key=${i}>${part}</code>` : part));

/** @param {number} minutes */
const every = (minutes) =>
  minutes === 1 ? 'minute' : minutes < 60 ? `${minutes} minutes` : minutes === 60 ? 'hour' : minutes < 1440 ? `${minutes / 60} hours` : 'day';

const stepOf = (/** @type {any} */ row) =>
  html`<a class="strong" href=${href('analytics', { hours: here.value.query.get('hours') ?? undefined, namespace: row.namespace, name: row.name })}>${row.step}</a> <span class="dim">in ${row.name}</span>`;
const idOf = (/** @type {any} */ row) => [row.namespace, row.name, row.step, row.error_type].join(' ');
const some = (/** @type {number} */ n) => (n ? html`<span class="failed strong">${count(n)}</span>` : html`<span class="dim">–</span>`);

/** Columns of each table, and the widths of them. @type {Record<string, { path: string, widths: string[], columns: [string, (row: any) => any, string?][] }>} */
const TABLES = {
  '': {
    path: 'steps',
    widths: ['', 'c100', 'c80', 'c100', 'c100', 'c100', 'c100', 'c100'],
    columns: [
      ['Step', stepOf],
      ['Attempts', (row) => count(row.execution_count), 'num'],
      ['Failed', (row) => some(row.error_count), 'num'],
      ['p50', (row) => seconds(row.duration?.p50), 'num soft'],
      ['p95', (row) => seconds(row.duration?.p95), 'num strong'],
      ['Wait, p95', (row) => seconds(row.wait?.p95), 'num soft'],
      ['Share', (row) => percent(row.share_of_task_time), 'num soft'],
      ['Memory', (row) => bytes(row.peak_memory_bytes), 'num soft'],
    ],
  },
  templates: {
    path: 'tasks',
    widths: ['', 'c100', 'c100', 'c100', 'c100', 'c100', 'c100', 'c80'],
    columns: [
      [
        'Template',
        (row) =>
          html`<a class="strong" href=${href(join('templates', row.namespace, row.name))}>${row.name}</a> <span class="dim small">${row.versions.join(', ')}</span>`,
      ],
      ['Created', (row) => count(row.created), 'num'],
      ['Completed', (row) => count(row.completed), 'num'],
      ['Failed', (row) => some(row.failed + row.blocked), 'num'],
      ['Rate', (row) => percent(row.error_rate), 'num soft'],
      ['p50', (row) => seconds(row.duration?.p50), 'num soft'],
      ['p95', (row) => seconds(row.duration?.p95), 'num strong'],
      ['Steps', (row) => (row.average_step_count === null ? '–' : row.average_step_count.toFixed(1)), 'num soft'],
    ],
  },
  errors: {
    path: 'errors',
    widths: ['', 'c180', 'c80', 'c100', 'c100', 'c100', 'c180'],
    columns: [
      ['Step', stepOf],
      ['Error', (row) => row.error_type, 'failed'],
      ['Count', (row) => count(row.count), 'num strong'],
      ['Trend', (row) => changeOf(row.trend) || 'new', 'num soft'],
      ['Since', (row) => row.since_version, 'soft'],
      ['Last', (row) => html`<${Ago} at=${row.last_seen_at} />`, 'num soft'],
      [
        'Tasks',
        (row) =>
          row.sample_tasks.slice(0, 2).map((/** @type {string} */ id) => html`<a key=${id} class="mono" href=${href(join('tasks', id))}>${shortId(id)}</a> `),
      ],
    ],
  },
  retries: {
    path: 'retries',
    widths: ['', 'c100', 'c100', 'c140', 'c140', 'c140', 'c100'],
    columns: [
      ['Step', stepOf],
      ['Retries', (row) => count(row.retries), 'num strong'],
      ['Attempts', (row) => count(row.attempts), 'num soft'],
      ['For a success', (row) => (row.attempts_per_success === null ? '–' : row.attempts_per_success.toFixed(2)), 'num'],
      ['First / later', (row) => `${count(row.succeeded_first)} / ${count(row.succeeded_second + row.succeeded_later)}`, 'num soft'],
      ['Waited', (row) => seconds(row.waited_seconds), 'num soft'],
      ['Given up', (row) => some(row.given_up), 'num'],
    ],
  },
  costs: {
    path: 'costs',
    widths: ['', 'c140', 'c140', 'c140', 'c140', 'c140'],
    columns: [
      ['Step', stepOf],
      ['Executions', (row) => count(row.executions), 'num'],
      ['CPU time', (row) => seconds(row.cpu_seconds), 'num strong'],
      ['In sandboxes', (row) => seconds(row.run_seconds), 'num soft'],
      ['GiB × s', (row) => row.gib_seconds.toFixed(row.gib_seconds < 10 ? 3 : 0), 'num soft'],
      ['Estimate', (row) => (row.estimate === null ? '–' : row.estimate.toPrecision(3)), 'num soft'],
    ],
  },
};

function Table({ tab, query }) {
  const table = TABLES[tab];
  if (!table) return html`<${Empty} icon="search" title="There is no such table" />`;
  return html`<${List} key=${tab} path=${`v1/analytics/${table.path}`} query=${query} every=${EVERY} id=${idOf} columns=${table.columns} widths=${table.widths}
    empty=${html`<${Empty} icon="analytics" title="Nothing in this period">${tab === 'errors' ? 'No attempt failed.' : tab === 'retries' ? 'No attempt was repeated.' : 'No step ran.'}<//>`} />`;
}
