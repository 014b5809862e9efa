// A task: why it is not moving, what to press, and what each of its steps did.
// @ts-check
import { html, useEffect, useMemo } from '../html.mjs';
import { ask } from '../api.mjs';
import { useResource, useStream } from '../live.mjs';
import { go, here, href, join, root, setQuery } from '../route.mjs';
import { can, has, now } from '../session.mjs';
import { count } from '../format.mjs';
import { ENDED, taskLook } from '../words.mjs';
import { tally } from '../graph.mjs';
import { why } from '../why.mjs';
import { useKeys } from '../keys.mjs';
import { crumbs } from '../shell.mjs';
import { pageActions } from '../palette.mjs';
import { Ago, CopyId, copyText, Glyph, Segments, StateWord, Tag } from '../parts/basics.mjs';
import { Loading, Trouble } from '../parts/states.mjs';
import { notify } from '../parts/dialog.mjs';
import { act, actionsOf, TaskActions } from '../parts/task-actions.mjs';
import { GraphTab } from '../parts/graph-tab.mjs';
import { StepPanel, resetStep } from '../parts/step-panel.mjs';
import { Timeline } from '../parts/timeline.mjs';
import { Steps } from '../parts/steps-tab.mjs';
import { Logs } from '../parts/logs.mjs';
import { Documents, Raw } from '../parts/documents.mjs';
import { Audit } from '../parts/audit.mjs';

/** The views of a task, and the permission that each needs. @type {[string, string, string][]} */
const TABS = [
  ['graph', 'Graph', 'tasks:read'],
  ['timeline', 'Timeline', 'steps:read'],
  ['steps', 'Steps', 'steps:read'],
  ['logs', 'Logs', 'tasks:context_read'],
  ['data', 'Input & results', 'tasks:context_read'],
  ['audit', 'Audit', 'tasks:read'],
  ['json', 'JSON', 'tasks:read'],
];

/** Whether nothing moves until somebody acts. @param {any} task */
const isAtRest = (task) => ENDED.includes(task.status) || task.status === 'blocked_by_failures';

/** A task, its graph, and when its waiting steps are due. @param {string} id @param {AbortSignal} stop */
async function read(id, stop) {
  const [task, graph] = await Promise.all([
    ask(`v1/tasks/${encodeURIComponent(id)}`, { signal: stop }),
    ask(`v1/tasks/${encodeURIComponent(id)}/graph`, { signal: stop }),
  ]);
  const waiting = can('steps:read', task.namespace)
    ? graph.nodes.filter((/** @type {any} */ node) => node.state === 'waiting_for_retry').slice(0, 5)
    : [];
  /** @type {Record<string, string | null>} */
  const due = {};
  await Promise.all(
    waiting.map(async (/** @type {any} */ node) => {
      due[node.id] =
        (await ask(`v1/tasks/${task.task_id}/workflow_steps/${encodeURIComponent(node.id)}`, { signal: stop }).catch(() => null))
          ?.next_retry_at ?? null;
    }),
  );
  delete task.context;
  return { task, graph, due };
}

export default function Task({ id, tab = 'graph' }) {
  const found = useResource(`task:${id}`, (stop) => read(id, stop), { every: 3000 });
  const data = found.data;
  const moves = data && has('streams') && !isAtRest(data.task);
  useStream(moves ? new URL(`v1/tasks/${id}/stream`, root).href : null, ['snapshot', 'task', 'step'], found.reload);
  crumbs.value = [['Tasks', href('tasks')], [data ? data.task.name : 'Task']];
  if (found.error && !data) return html`<main class="main" id="main" tabindex="-1"><${Trouble} error=${found.error} /></main>`;
  if (!data) return html`<main class="main" id="main" tabindex="-1"><${Loading} rows=${8} /></main>`;
  return html`<${View} id=${data.task.task_id} tab=${tab} ...${data} />`;
}

function View({ id, tab, task, graph, due }) {
  const chosen = here.value.query.get('step');
  const failed = useMemo(
    () =>
      graph.nodes
        .filter((/** @type {any} */ node) => node.state === 'error' || node.group?.by_state.error)
        .map((/** @type {any} */ node) => node.id),
    [graph],
  );
  const choose = (/** @type {string | null} */ step) => setQuery({ step: step ?? undefined });
  const next = (/** @type {number} */ by) => {
    if (!failed.length) {
      notify({ title: 'No step has failed.', hue: 'done' });
      return;
    }
    const i = failed.indexOf(chosen);
    choose(failed[(i < 0 ? (by > 0 ? 0 : failed.length - 1) : i + by + failed.length) % failed.length]);
  };
  const actions = actionsOf(task);
  const may = (/** @type {string} */ name) => actions.includes(name);
  const node = graph.nodes.find((/** @type {any} */ one) => one.id === chosen);
  const mayReset = can('steps:resolve', task.namespace) && node?.state === 'error' && !ENDED.includes(task.status);
  const tabs = TABS.filter(([, , permission]) => can(permission, task.namespace));
  useEffect(() => {
    pageActions.value = actions.map((name) => ({
      title: `${name.replaceAll('_', ' ')} this task`,
      icon: 'right',
      run: () => act(name, task, graph),
    }));
  }, [task]);
  useKeys({
    e: ['Next failed step', () => next(1)],
    E: ['Previous failed step', () => next(-1)],
    r: [
      may('redrive') || mayReset ? 'Reset the chosen step, or redrive the task' : '',
      () => {
        if (mayReset && chosen) resetStep(task, chosen);
        else if (may('redrive')) act('redrive', task, graph);
      },
    ],
    p: [
      may('pause') ? 'Pause the task' : may('resume') ? 'Resume the task' : '',
      () => {
        if (may('pause')) act('pause', task, graph);
        else if (may('resume')) act('resume', task, graph);
      },
    ],
    '.': ['All actions', () => document.getElementById('more-actions')?.click()],
    y: [
      'Copy the id of the task',
      async () => {
        await copyText(id);
        notify({ title: 'Copied.', text: id });
      },
    ],
    Escape: ['Close the step', () => choose(null)],
    ...Object.fromEntries(
      tabs.map(([name, title], i) => [String(i + 1), [title, () => go(join('tasks', id, name), here.value.query, true)]]),
    ),
  });
  const parts = tally(graph);
  const started = parts.filter(([hue]) => hue !== 'never');
  const total = started.reduce((sum, [, , n]) => sum + n, 0);
  const done = parts[0][2];
  const reasons = why(task, graph, { now: now.value, due });
  const attributes = Object.entries(task.attributes ?? {});
  const title = attributes[0]?.[1];
  const active = tabs.some(([name]) => name === tab) ? tab : 'graph';
  const shared = { task, graph, due, chosen, choose, now: now.value };
  return html`<main class="main p-task" id="main" tabindex="-1">
    <header class="head">
      <div class="title"><h1 class="clip">${task.name}</h1><a class="chip plain" title="Version of the template" href=${href(join('templates', task.namespace, task.name, task.version))}>${task.version}</a>${title ? html`<span class="mono soft clip">${title}</span>` : ''}<${TaskActions} task=${task} graph=${graph} quiet=${Boolean(chosen)} /></div>
      <div class="meta"><${StateWord} look=${taskLook(task)} /><span>started <b><${Ago} at=${task.created_at} /></b> ago</span>${attributes.slice(1).map(([name, value]) => html`<span key=${name}>${name} <b class="mono">${value}</b></span>`)}${task.initiator ? html`<span>by <b>${task.initiator}</b></span>` : ''}${task.source_system ? html`<span>from <b>${task.source_system}</b></span>` : ''}<${CopyId} id=${id} label="id of the task" />${task.priority ? html`<span>priority <b>${task.priority}</b></span>` : ''}${task.tags.length ? html`<span class="row">${task.tags.map((/** @type {string} */ tag) => html`<${Tag} key=${tag}>${tag}<//>`)}</span>` : ''}${task.has_dlq_entry && can('dlq:read') ? html`<a href=${href('dlq', { task: id })} class="row">in the DLQ</a>` : ''}</div>
      <div class="now"><section class="panel why" aria-labelledby="why"><h2 id="why">${reasons.title}</h2><ul>${reasons.lines.slice(0, 3).map((line, i) => html`<li key=${line.step ?? i}><${Glyph} look=${line.look} /><p class="clip">${line.step ? html`<button type="button" class="plain-link strong" onClick=${() => choose(line.step ?? null)}>${line.step}</button> ` : ''}${line.text}${line.aside ? html` <span class="failed">${line.aside}</span>` : ''}</p>${line.action === 'reset' && can('steps:resolve', task.namespace) ? html`<button class="btn sm" type="button" onClick=${() => resetStep(task, line.step ?? '')}>Reset for retry…</button>` : ''}</li>`)}${reasons.lines.length > 3 ? html`<li class="dim small">${reasons.lines.length - 3} more</li>` : ''}</ul></section>
      <section class="panel prog" aria-label="Progress"><div class="top1"><span class="big">${count(done)} <span class="dim of">of ${count(total)} steps</span></span><span class="strong">${total ? Math.floor((100 * done) / total) : 0} %</span></div><${Segments} tall parts=${started.map(([hue, word, n]) => [hue, word, n])} /><div class="counts">${parts.filter(([hue, , n]) => n || ['done', 'work', 'failed', 'waiting'].includes(hue)).map(([hue, word, n, glyph]) => html`<span key=${word} title=${word}><${Glyph} look=${{ hue: hue === 'queued' ? 'work' : hue === 'never' ? 'waiting' : /** @type {any} */ (hue), glyph, word, turns: glyph === 'running' && n > 0 }} />${count(n)}<span class="hidden"> ${word}</span></span>`)}</div></section></div>
    </header>
    <nav class="tabs" aria-label="Views of the task">${tabs.map(([name, text]) => html`<a key=${name} href=${href(join('tasks', id, name), here.value.query)} aria-current=${name === active ? 'page' : undefined}>${text}${name === 'steps' ? html`<span class="n">${count(task.steps.total)}</span>` : ''}</a>`)}</nav>
    <div class="work-area ${chosen ? '' : 'alone'}">
      ${active === 'graph' ? html`<${GraphTab} ...${shared} />` : active === 'timeline' ? html`<${Timeline} ...${shared} />` : active === 'steps' ? html`<${Steps} ...${shared} />` : active === 'logs' ? html`<${Logs} ...${shared} />` : active === 'data' ? html`<${Documents} ...${shared} />` : active === 'audit' ? html`<${Audit} ...${shared} />` : html`<${Raw} ...${shared} />`}
      ${chosen ? html`<${StepPanel} key=${chosen} ...${shared} step=${chosen} failed=${failed} next=${next} />` : ''}
    </div>
  </main>`;
}
