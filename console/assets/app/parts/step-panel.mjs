// The side panel of a step: failure, attempts, usage, logs, result, and what one can do about it.
// @ts-check
import { html, useState } from '../html.mjs';
import { all, ask, send, textUpTo } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join, root } from '../route.mjs';
import { can, now } from '../session.mjs';
import { bytes, clockMs, duration, plural } from '../format.mjs';
import { zone } from '../session.mjs';
import { ENDED, stepLook } from '../words.mjs';
import { stateOf } from '../graph.mjs';
import { nodeOf, parse } from '../json.mjs';
import { Facts, Glyph, Icon, Segments, StateWord } from './basics.mjs';
import { confirm, notify } from './dialog.mjs';
import { JsonTree } from './json-tree.mjs';
import { Loading, Trouble } from './states.mjs';
import { Attempts } from './attempts.mjs';
import { AttemptsDiff } from './attempts-diff.mjs';

const pathOf = (/** @type {any} */ task, /** @type {string} */ step) =>
  `v1/tasks/${task.task_id}/workflow_steps/${encodeURIComponent(step)}`;

/** Runs a failed step again with all its attempts. @param {any} task @param {string} step */
export const resetStep = (task, step) =>
  confirm({
    title: `Reset ${step} for a retry?`,
    body: 'It runs again with all its attempts. What is complete stays.',
    label: 'Reset for retry',
    act: async ({ reason }) => {
      const answer = await send(pathOf(task, step), 'PATCH', { action: 'reset_for_retry', reason });
      notify({ title: `${step} will run again.`, text: `The task is ${answer.status.replaceAll('_', ' ')} now.` });
    },
  });

const resolveStep = (/** @type {any} */ task, /** @type {string} */ step) =>
  confirm({
    title: `Resolve ${step} by hand?`,
    body: 'It counts as complete without a result. What waits for it goes on.',
    label: 'Resolve',
    act: async ({ reason }) => {
      await send(pathOf(task, step), 'PATCH', { action: 'resolve_manually', reason });
      notify({ title: `${step} is resolved.`, text: 'What waited for it goes on.' });
    },
  });

const completeStep = (/** @type {any} */ task, /** @type {any} */ step) =>
  confirm({
    title: `Complete ${step.name} by hand?`,
    wide: true,
    body: 'It counts as complete with this result, which what follows reads.',
    label: 'Complete',
    first: { result: '{}', branch: '' },
    fields: (form, set) =>
      html`<div class="field"><label for="result">Result, JSON</label><textarea class="input" id="result" rows="8" spellcheck="false" value=${form.result} onInput=${(/** @type {any} */ e) => set({ result: e.target.value })}></textarea></div>${step.step_type === 'decision' ? html`<div class="field"><label for="branch">Steps to run next <span class="req">names, with commas</span></label><input class="input mono" id="branch" value=${form.branch} onInput=${(/** @type {any} */ e) => set({ branch: e.target.value })} /></div>` : ''}`,
    act: async ({ reason, result, branch }) => {
      parse(result);
      // As it was typed, so that numbers keep their digits.
      const rest = {
        action: 'complete_manually',
        reason,
        ...(step.step_type === 'decision'
          ? {
              branch: branch
                .split(',')
                .map((/** @type {string} */ one) => one.trim())
                .filter(Boolean),
            }
          : {}),
      };
      const raw = `${JSON.stringify(rest).slice(0, -1)},"result":${result}}`;
      await send(pathOf(task, step.name), 'PATCH', undefined, { raw });
      notify({ title: `${step.name} is complete.`, text: 'What waited for it goes on.' });
    },
  });

/** A step with its attempts and last lines. @param {any} task @param {string} name @param {boolean} isSmall @param {AbortSignal} stop */
async function read(task, name, isSmall, stop) {
  const path = pathOf(task, name);
  const documents = can('tasks:context_read', task.namespace);
  const [step, attempts, logs, timeline] = await Promise.all([
    ask(path, { signal: stop }),
    ask(`${path}/attempts`, { query: { limit: 50 }, signal: stop }).then(
      (page) => page.items,
      () => [],
    ),
    documents
      ? all(`${path}/logs`, { limit: 200 }, 400, stop).then(
          (found) => found.items,
          () => [],
        )
      : [],
    isSmall
      ? all(`v1/tasks/${task.task_id}/timeline`, { limit: 500 }, 1000, stop).then(
          (found) => found.items.filter((one) => one.step === name),
          () => [],
        )
      : [],
  ]);
  const text =
    documents && step.result !== null && step.result !== undefined
      ? await ask(`${path}/result`, { as: 'response', signal: stop }).then(
          (/** @type {Response} */ response) => textUpTo(response, 262144),
          () => undefined,
        )
      : undefined;
  return { step, attempts, logs, timeline, text };
}

export function StepPanel({ task, graph, step: name, choose, failed, next }) {
  const node = graph.nodes.find((/** @type {any} */ one) => one.id === name);
  const isBatch = Boolean(node?.group);
  const isCreated = !node || node.created;
  const shown = can('steps:read', task.namespace) && isCreated && !isBatch;
  const key = shown ? `step:${task.task_id}:${name}` : null;
  const version = node ? `${node.state}:${node.attempt}` : '';
  const found = useResource(key && `${key}:${version}`, (stop) => read(task, name, task.steps.total <= 300, stop), {
    every: ENDED.includes(task.status) ? 0 : 3000,
  });
  const look = stepLook(node ? (node.created ? stateOf(node) : 'pending') : found.data?.step.state, found.data?.step.isolated);
  const place = graph.nodes.findIndex((/** @type {any} */ one) => one.id === name);
  return html`<aside class="side" aria-label="Step ${name}">
    <header class="side-head"><${Glyph} look=${look} /><div class="grow"><h2 class="clip" title=${name}>${name}</h2></div>${place >= 0 ? html`<span class="micro">step ${place + 1} of ${graph.nodes.length}</span>` : ''}
      ${failed.length ? html`<button class="btn ghost sm icon" type="button" aria-label="Previous failure" title="Previous failure (E)" onClick=${() => next(-1)}><${Icon} name="down" small class="up" /></button><button class="btn ghost sm icon" type="button" aria-label="Next failure" title="Next failure (e)" onClick=${() => next(1)}><${Icon} name="down" small /></button>` : ''}<button class="btn ghost sm icon" type="button" aria-label="Close the step" title="Close (Esc)" onClick=${() => choose(null)}><${Icon} name="x" small /></button></header>
    <div class="side-body" tabindex="0" role="region" aria-label="About the step">${!isCreated ? html`<${NotCreated} node=${node} graph=${graph} look=${look} />` : isBatch ? html`<${BatchBody} task=${task} node=${node} />` : !shown ? html`<div class="section"><p class="small soft">It needs steps:read to see more of this step.</p></div>` : found.error && !found.data ? html`<${Trouble} error=${found.error} />` : found.data ? html`<${Body} task=${task} ...${found.data} choose=${choose} />` : html`<${Loading} rows=${5} />`}</div>
  </aside>`;
}

function NotCreated({ node, graph, look }) {
  const before = graph.edges.filter((/** @type {any} */ edge) => edge.to === node.id).map((/** @type {any} */ edge) => edge.from);
  return html`<div class="section"><${StateWord} look=${look} word=${look.word === 'Pending' ? 'Not created yet' : look.word} /><p class="small soft note">${before.length ? `It comes after ${before.join(', ')}.` : ''}</p></div><div class="section"><${Facts} pairs=${[
    ['Handler', node.handler],
    ['Type', node.type.replaceAll('_', ' ')],
    ['Attempts', String(node.max_attempts)],
  ]} /></div>`;
}

function BatchBody({ task, node }) {
  const by = node.group.by_state;
  const rows = Object.entries(by);
  return html`<div class="section"><h3>${plural(node.group.total, 'worker')}</h3><${Segments} tall parts=${rows.map(([state, n]) => [stepLook(state).hue, stepLook(state).word.toLowerCase(), n])} /><ul class="by-state">${rows.map(([state, n]) => html`<li key=${state}><${StateWord} look=${stepLook(state)} /><span class="num">${n}</span></li>`)}</ul></div>
    <div class="section"><${Facts} pairs=${[
      ['Handler', node.handler],
      ['Attempts', `at most ${node.max_attempts}`],
    ]} /></div>
    <div class="section"><a class="btn sm" href=${href(join('tasks', task.task_id, 'steps'), { of: node.id })}>List its workers</a></div>`;
}

function Body({ task, step, attempts, logs, timeline, text, choose }) {
  const [allLogs, setAll] = useState(false);
  const failure = step.last_failure;
  const mayResolve = can('steps:resolve', task.namespace) && !ENDED.includes(task.status);
  const last = attempts.reduce(
    (/** @type {any} */ newest, /** @type {any} */ one) => (!newest || one.audit_id > newest.audit_id ? one : newest),
    null,
  );
  const usage = last?.detail?.usage;
  const lines = allLogs
    ? logs
    : logs.filter((/** @type {any} */ line) => line.attempt === step.attempt || line.attempt === last?.attempt).slice(-30);
  const isFailed = step.state === 'error';
  const open = !['complete', 'resolved_manually', 'cancelled'].includes(step.state);
  const details = failure?.details;
  return html`${mayResolve && open ? html`<div class="section acts2">${isFailed ? html`<button class="btn primary" type="button" onClick=${() => resetStep(task, step.name)}><${Icon} name="redrive" small />Reset for retry…<kbd>r</kbd></button>` : ''}<button class="btn" type="button" onClick=${() => resolveStep(task, step.name)}>Resolve…</button><button class="btn" type="button" onClick=${() => completeStep(task, step)}>Complete…</button></div>` : ''}
    ${failure && open ? html`<div class="section"><div class="callout ${isFailed ? '' : 'retry'}"><div class="row"><span class="t">${failure.error_type}</span><span class="micro right-note">${failure.retryable ? (isFailed ? 'retryable, attempts used up' : 'retryable') : 'not retryable'}</span></div><p class="small">${failure.message}</p></div>${details !== undefined && details !== null ? html`<div class="note"><${JsonTree} node=${nodeOf(details)} name="details" label="Details of the failure" /></div>` : ''}</div>` : ''}
    <div class="section"><${StateWord} look=${stepLook(step.state, step.isolated)} word=${step.state === 'complete' && step.started_at ? `Complete in ${duration(Date.parse(step.finished_at) - Date.parse(step.started_at))}` : undefined} />${step.next_retry_at && step.state === 'waiting_for_retry' ? html` <span class="small soft">again in ${duration(Date.parse(step.next_retry_at) - now.value)}</span>` : ''}</div>
    <${Attempts} step=${step} attempts=${attempts} timeline=${timeline} />
    <${AttemptsDiff} attempts=${attempts} />
    ${usage ? html`<div class="section"><h3>Attempt ${last.attempt} <span class="dim">on ${last.actor}</span></h3><div class="meters"><div><div class="micro">Memory</div><div class="small"><span class="strong">${bytes(usage.peak_memory_bytes)}</span></div></div><div><div class="micro">CPU</div><div class="small"><span class="strong">${duration(usage.cpu_us / 1000)}</span></div></div><div><div class="micro">Time</div><div class="small"><span class="strong">${duration(usage.wall_us / 1000)}</span></div></div></div></div>` : ''}
    ${lines.length || logs.length ? html`<div class="section"><h3>Logs <span class="right"><button type="button" class="link" onClick=${() => setAll(!allLogs)}>${allLogs ? 'This attempt' : 'All attempts'}</button></span></h3><ul class="logs">${lines.map((/** @type {any} */ line) => html`<li key=${`${line.audit_id}.${line.position}`} class=${line.level === 'error' || line.level === 'critical' ? 'error' : line.level === 'warn' ? 'warn' : ''}><time title=${line.at}>${clockMs(line.at, zone.value).slice(3)}</time><b>${line.level}</b><span title=${line.message}>${line.message}</span></li>`)}</ul></div>` : ''}
    ${text ? html`<div class="section"><h3>Result</h3><${JsonTree} text=${text} label="Result" /></div>` : text === null ? html`<div class="section"><h3>Result</h3><a class="btn sm" download="${step.name}.json" href=${new URL(`${pathOf(task, step.name)}/result`, root).href}><${Icon} name="save" small />Download it: it is large</a></div>` : ''}
    ${step.checkpoint !== null && step.checkpoint !== undefined ? html`<div class="section"><h3>Checkpoint <span class="dim">${step.checkpoints}</span></h3><${JsonTree} node=${nodeOf(step.checkpoint)} label="Checkpoint" /></div>` : ''}
    ${step.cursor !== null && step.cursor !== undefined ? html`<div class="section"><h3>Cursor</h3><${JsonTree} node=${nodeOf(step.cursor)} label="Cursor" /></div>` : ''}
    <div class="section"><${Facts} pairs=${[
      ['Handler', step.handler],
      ['Type', step.step_type.replaceAll('_', ' ')],
      ['Host', step.host],
      ['Component', step.component?.slice(0, 12)],
      ['Progress', step.progress],
      [
        'After',
        step.dependencies.length
          ? html`${step.dependencies.map((/** @type {string} */ one, /** @type {number} */ i) => html`${i ? ', ' : ''}<button type="button" class="link" key=${one} onClick=${() => choose(one)}>${one}</button>`)}`
          : null,
      ],
    ]} />${step.withheld?.length ? html`<p class="small dim note">Withheld: ${step.withheld.join(', ')}. It needs tasks:context_read.</p>` : ''}</div>`;
}
