// The input of a task and the results of its steps, and the task as JSON.
// @ts-check
import { html, useMemo } from '../html.mjs';
import { ask, textUpTo } from '../api.mjs';
import { useResource } from '../live.mjs';
import { root } from '../route.mjs';
import { children, parse, print } from '../json.mjs';
import { bytes } from '../format.mjs';
import { Document } from './json-tree.mjs';
import { Empty, Shown } from './states.mjs';
import { Copy, Icon } from './basics.mjs';

/** Longer ones are offered as files. */
const LONGEST = 262144;

/** Text up to a length. @param {string} path @param {AbortSignal} stop */
async function head(path, stop) {
  const text = await textUpTo(await ask(path, { as: 'response', signal: stop }), LONGEST);
  return text === null ? {} : { text };
}

export function Documents({ task, graph }) {
  const base = `v1/tasks/${task.task_id}`;
  const version = `${task.steps.satisfied}:${task.status}`;
  const found = useResource(
    `context:${task.task_id}:${version}`,
    async (stop) => {
      const input = await head(`${base}/input`, stop);
      const names = graph.nodes
        .filter((/** @type {any} */ node) => node.created && !node.group && ['complete', 'resolved_manually'].includes(node.state))
        .map((/** @type {any} */ node) => node.id)
        .slice(0, 60);
      const results = await Promise.all(
        names.map(async (/** @type {string} */ name) => [
          name,
          await head(`${base}/workflow_steps/${encodeURIComponent(name)}/result`, stop).catch(() => null),
        ]),
      );
      return { input, results };
    },
    { every: 0 },
  );
  const piece = (/** @type {string} */ title, /** @type {any} */ one, /** @type {string} */ path) => {
    if (!one) return '';
    const url = new URL(path, root).href;
    if (one.text === undefined)
      return html`<section class="panel document" key=${title}><header><h2>${title}</h2><span class="dim small">more than ${bytes(LONGEST)}</span><a class="btn sm right" href=${url} download="${title}.json"><${Icon} name="save" small />Download</a></header><div class="section small soft">It is too large to be shown here.</div></section>`;
    return html`<${Document} key=${title} title=${title} text=${one.text} href=${url} />`;
  };
  return html`<section class="docs" aria-label="Input and results" tabindex="0"><${Shown} of=${found}>${(/** @type {any} */ data) => html`${piece('Input', data.input, `${base}/input`)}${data.results.map(([name, one]) => piece(name, one, `${base}/workflow_steps/${encodeURIComponent(name)}/result`))}${data.results.some(([, one]) => one) ? '' : html`<${Empty} icon="note" title="No results yet">They appear as steps complete.<//>`}`}<//></section>`;
}

export function Raw({ task }) {
  const found = useResource(
    `raw:${task.task_id}:${JSON.stringify(task.steps)}:${task.status}`,
    (stop) => ask(`v1/tasks/${task.task_id}`, { as: 'text', signal: stop }),
    { every: 0 },
  );
  return html`<section class="docs" aria-label="The task as JSON" tabindex="0"><${Shown} of=${found}>${(/** @type {string} */ text) => html`<${RawText} text=${text} />`}<//></section>`;
}

function RawText({ text }) {
  const pretty = useMemo(() => {
    if (text.length > 4 * LONGEST) return text;
    const node = parse(text);
    return print(
      node.t === 'object' ? { t: 'object', v: /** @type {any} */ (children(node).filter(([name]) => name !== 'context')) } : node,
    );
  }, [text]);
  return html`<section class="panel document"><header><h2>The task as the API returns it</h2><span class="dim small">without its input</span><span class="right"><${Copy} text=${pretty} label="Copy the JSON" /></span></header><div class="section"><pre class="raw" tabindex="0">${pretty}</pre></div></section>`;
}
