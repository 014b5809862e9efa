// What one can do to a task, by its state and the reader's permissions; each asks for a reason and says what it does.
// @ts-check
import { html, useEffect, useRef, useState } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { go, href, join, root } from '../route.mjs';
import { can } from '../session.mjs';
import { listOf, shortId } from '../format.mjs';
import { patchOf } from '../merge-patch.mjs';
import { ACTIONS, DONE_WORDS, ENDED } from '../words.mjs';
import { copyText, Icon } from './basics.mjs';
import { complain, confirm, notify } from './dialog.mjs';

const titleOf = (/** @type {any} */ task) => Object.values(task.attributes ?? {})[0] ?? shortId(task.task_id);

/** Asks, and then does it. @param {string} name @param {any} task @param {any} [graph] */
export function act(name, task, graph) {
  const words = ACTIONS[/** @type {'redrive'} */ (name)];
  const which = titleOf(task);
  const url = `v1/tasks/${task.task_id}`;
  const said = (/** @type {string} */ state) =>
    notify({
      title: `${which} ${DONE_WORDS[name]}.`,
      text: state ? `It is ${state.replaceAll('_', ' ')} now.` : '',
      glyph: name === 'cancel' || name === 'give_up' ? 'cancelled' : 'done',
      hue: name === 'cancel' || name === 'give_up' ? 'waiting' : 'done',
    });
  if (name === 'clone') {
    clone(task);
    return;
  }
  const nodes = (graph?.nodes ?? []).filter((/** @type {any} */ node) => node.created && node.type !== 'batch_worker');
  const first = graph?.analysis?.blocked_by?.[0]?.step ?? nodes[0]?.id ?? '';
  confirm({
    title: `${words.label} ${which}?`,
    body: html`<p>${words.consequence}</p><p class="small">${task.namespace}/${task.name} ${task.version}, <span class="mono">${shortId(task.task_id)}</span></p>`,
    label: name === 'cancel' ? 'Cancel the task' : words.label,
    danger: 'danger' in words,
    keep: name === 'cancel' ? 'Let it run' : 'Keep as it is',
    first: name === 'rerun' ? { step: first } : { version: '', tags: task.tags.join('\n'), priority: String(task.priority) },
    fields:
      name === 'rerun'
        ? (form, set) =>
            html`<div class="field"><label for="step">From</label><select class="input" id="step" value=${form.step} onChange=${(/** @type {any} */ e) => set({ step: e.target.value })}>${nodes.map((/** @type {any} */ node) => html`<option key=${node.id} value=${node.id}>${node.id}</option>`)}</select></div>`
        : name === 'set_tags'
          ? (form, set) =>
              html`<div class="field"><label for="new-tags">Tags <span class="req">one on a line</span></label><textarea class="input" id="new-tags" rows="4" spellcheck="false" value=${form.tags} onInput=${(/** @type {any} */ e) => set({ tags: e.target.value })}></textarea></div>`
          : name === 'set_priority'
            ? (form, set) =>
                html`<div class="field"><label for="priority">Priority <span class="req">-100, last, to 100, first</span></label><input class="input" id="priority" type="number" min="-100" max="100" value=${form.priority} onInput=${(/** @type {any} */ e) => set({ priority: e.target.value })} /></div>`
          : name === 'upgrade'
            ? (form, set) =>
                html`<div class="field"><label for="version">Version <span class="req">the newest if empty</span></label><input class="input mono" id="version" value=${form.version} onInput=${(/** @type {any} */ e) => set({ version: e.target.value })} /></div>`
            : undefined,
    act: async (form) => {
      if (name === 'cancel') {
        await send(url, 'DELETE', undefined, { query: { reason: form.reason } });
        said('cancelled');
        return;
      }
      const body = {
        action: name,
        reason: form.reason,
        ...(name === 'rerun' ? { step: form.step } : {}),
        ...(name === 'set_tags' ? { tags: listOf(form.tags, '\n') } : {}),
        ...(name === 'set_priority' ? { priority: Number(form.priority) } : {}),
        ...(name === 'upgrade' && form.version ? { version: form.version } : {}),
      };
      const answer = await send(url, 'PATCH', body);
      said(answer.status);
    },
  });
}

/** A copy of a task, with changes of its input, and then its page. @param {any} task */
async function clone(task) {
  let input = '';
  try {
    if (can('tasks:context_read', task.namespace))
      input = JSON.stringify(JSON.parse(await ask(`v1/tasks/${task.task_id}/input`, { as: 'text' })), null, 2);
  } catch (error) {
    complain(error);
    return;
  }
  confirm({
    title: `Clone ${titleOf(task)}?`,
    wide: true,
    body: 'A new task starts with this input.',
    label: 'Clone',
    first: { input },
    fields: input
      ? (form, set) =>
          html`<div class="field"><label for="input">Input</label><textarea class="input" id="input" rows="12" spellcheck="false" value=${form.input} onInput=${(/** @type {any} */ e) => set({ input: e.target.value })}></textarea></div>`
      : undefined,
    act: async (form) => {
      const body = {
        reason: form.reason,
        ...(input && form.input !== input ? { context: patchOf(JSON.parse(input), JSON.parse(form.input)) } : {}),
      };
      const made = await send(`v1/tasks/${task.task_id}/clone`, 'POST', body);
      notify({ title: 'Cloned.', text: `This is the new task, ${shortId(made.task_id)}.` });
      go(join('tasks', made.task_id));
    },
  });
}

/** The actions that make sense now. @param {any} task @returns {string[]} */
export function actionsOf(task) {
  const ended = ENDED.includes(task.status);
  const operate = can('tasks:operate', task.namespace);
  const out = [];
  if (operate && !ended && task.steps.failed && task.status === 'blocked_by_failures') out.push('redrive');
  if (operate && !ended) out.push(task.paused_at ? 'resume' : 'pause');
  if (can('tasks:cancel', task.namespace) && !ended) out.push('cancel');
  if (can('tasks:create', task.namespace)) out.push('clone');
  if (operate) {
    if (task.status !== 'cancelled') out.push('rerun');
    out.push('set_tags');
    if (!ended) out.push('set_priority', 'upgrade');
    if (task.status === 'blocked_by_failures') out.push('resolve_manually', 'give_up');
  }
  return out;
}

/** The buttons of the header: the first ones shown, the rest in a menu. */
export function TaskActions({ task, graph, quiet }) {
  const actions = actionsOf(task);
  const shown = actions.slice(0, 3);
  const rest = actions.slice(3);
  const keys = { redrive: 'r', pause: 'p', resume: 'p' };
  return html`<div class="acts">${shown.map((name) => {
    const words = ACTIONS[/** @type {'redrive'} */ (name)];
    return html`<button key=${name} class="btn ${name === 'redrive' && !quiet ? 'primary' : ''} ${'danger' in words ? 'danger' : ''} ${name === 'clone' ? 'wide' : ''}" type="button" onClick=${() => act(name, task, graph)}>${name === 'cancel' || name === 'clone' ? '' : html`<${Icon} name=${words.icon} small />`}${words.label}${name === 'pause' || name === 'resume' ? '' : '…'}${name in keys ? html`<kbd>${keys[/** @type {'redrive'} */ (name)]}</kbd>` : ''}</button>`;
  })}
    <${More} task=${task} graph=${graph} actions=${rest} /></div>`;
}

function More({ task, graph, actions }) {
  const [open, set] = useState(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    const away = (/** @type {Event} */ event) => {
      if (!box.current?.contains(/** @type {globalThis.Node} */ (event.target))) set(false);
    };
    document.addEventListener('pointerdown', away);
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector('.menu button, .menu a'))?.focus();
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  const url = new URL(`v1/tasks/${task.task_id}`, root).href;
  const copy = async (/** @type {string} */ text, /** @type {string} */ what) => {
    await copyText(text);
    set(false);
    notify({ title: 'Copied.', text: what });
  };
  const item = (/** @type {string} */ name) => {
    const words = ACTIONS[/** @type {'redrive'} */ (name)];
    return html`<li key=${name}><button type="button" class=${'danger' in words ? 'danger' : ''} onClick=${() => {
      set(false);
      act(name, task, graph);
    }}><${Icon} name=${words.icon} small />${words.label}…</button></li>`;
  };
  return html`<div class="menu-wrap" ref=${box} onKeyDown=${(/** @type {KeyboardEvent} */ e) => {
    if (e.key === 'Escape' && open) {
      e.stopPropagation();
      set(false);
    }
  }}><button class="btn icon" type="button" id="more-actions" aria-label="More actions" title="More actions ( . )" aria-expanded=${open} onClick=${() => set(!open)}><${Icon} name="dots" /></button>${
    open
      ? html`<div class="popover"><ul class="menu">${actions.map(item)}${actions.length ? html`<li><hr /></li>` : ''}
    <li><a href=${href(join('templates', task.namespace, task.name, task.version))}><${Icon} name="template" small />Open its template</a></li>
    <li><a href=${href('tasks', { namespace: task.namespace, name: task.name })}><${Icon} name="tasks" small />Tasks of this template</a></li>
    <li><button type="button" onClick=${() => copy(`tasker task show ${task.task_id}`, 'The command that shows this task.')}><${Icon} name="copy" small />Copy as command</button></li>
    <li><button type="button" onClick=${() => copy(`curl -s '${url}'`, 'The request for curl.')}><${Icon} name="copy" small />Copy as curl</button></li></ul></div>`
      : ''
  }</div>`;
}
