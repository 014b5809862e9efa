// Events: what came in and what became of it, what went out and whether it arrived; test, send, replay.
// @ts-check
import { html, useState } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, here, href, join, setQuery } from '../route.mjs';
import { can } from '../session.mjs';
import { sentence } from '../words.mjs';
import { shortId } from '../format.mjs';
import { nodeOf, parse } from '../json.mjs';
import { crumbs } from '../shell.mjs';
import { Ago, CopyId, Facts, Icon, StateWord, Stamp } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { confirm, notify, show, closeDialog } from '../parts/dialog.mjs';
import { JsonTree } from '../parts/json-tree.mjs';
import { List, Plain, Tabs } from '../parts/list.mjs';

/** @type {Record<string, import('../words.mjs').Look>} */
const RECEIVED = {
  started: { word: 'Started tasks', hue: 'done', glyph: 'done' },
  unmatched: { word: 'No trigger matched', hue: 'waiting', glyph: 'skipped' },
  failed: { word: 'Failed', hue: 'failed', glyph: 'failed' },
};
const lookOf = (/** @type {string} */ state) => RECEIVED[state] ?? { word: sentence(state), hue: 'waiting', glyph: 'pending' };

/** How an event that left stands. @param {any} one @returns {import('../words.mjs').Look} */
function published(one) {
  if (one.error) return { word: 'Rejected', hue: 'failed', glyph: 'failed' };
  if (one.failed_deliveries) return { word: `${one.failed_deliveries} given up`, hue: 'failed', glyph: 'isolated' };
  if (one.pending_deliveries) return { word: `${one.pending_deliveries} to deliver`, hue: 'work', glyph: 'queued' };
  return one.published_at ? { word: 'Delivered', hue: 'done', glyph: 'done' } : { word: 'Pending', hue: 'waiting', glyph: 'pending' };
}

const SAMPLE = '{\n  "specversion": "1.0",\n  "id": "test-1",\n  "source": "console",\n  "type": "",\n  "data": {}\n}';

export default function Events({ tab = 'received', id }) {
  crumbs.value = id ? [['Events', href('events')], [shortId(id)]] : [['Events']];
  if (tab === 'received' && id) return html`<${Received} key=${id} id=${id} />`;
  const state = here.value.query.get('state') ?? '';
  const actions = html`${can('triggers:read') ? html`<button class="btn" type="button" onClick=${() => show(html`<${Test} />`)}>Test an event…</button>` : ''}${can('events:send') ? html`<button class="btn primary" type="button" onClick=${() => show(html`<${Send} />`)}>Send an event…</button>` : ''}`;
  return html`<${Plain} title="Events" actions=${actions}><${Tabs} label="Kinds of events" active=${tab} to=${(/** @type {string} */ one) => href(join('events', one))} tabs=${[
    ['received', 'Received'],
    ['published', 'Published'],
  ]} />
    ${
      tab === 'published'
        ? html`<section class="panel"><${List} path="v1/domain-events" id=${(/** @type {any} */ one) => one.event_id} every=${3000} widths=${['c180', 'c200', 'c140', 'c140', '']} columns=${[
            ['Deliveries', (/** @type {any} */ one) => html`<${StateWord} look=${published(one)} />`],
            ['Event', (/** @type {any} */ one) => html`<span class="strong">${one.name}</span>`],
            [
              'Task',
              (/** @type {any} */ one) => html`<a class="mono" href=${href(join('tasks', one.task_id))}>${shortId(one.task_id)}</a>`,
            ],
            ['When', (/** @type {any} */ one) => html`<${Ago} at=${one.at} suffix=" ago" />`, 'soft'],
            ['Problem', (/** @type {any} */ one) => one.error ?? one.last_error ?? '', 'failed'],
          ]} empty=${html`<${Empty} icon="event" title="No events yet">Tasks publish them when their templates say so.<//>`} /></section>`
        : html`<div class="row"><div class="group">${[
            ['', 'All'],
            ['started', 'Started tasks'],
            ['unmatched', 'Unmatched'],
            ['failed', 'Failed'],
          ].map(
            ([value, text]) =>
              html`<button class="btn sm" type="button" key=${value} aria-pressed=${state === value} onClick=${() => setQuery({ state: value })}>${text}</button>`,
          )}</div></div><section class="panel"><${List} path="v1/events" query=${{ state }} id=${(/** @type {any} */ one) => one.received_id} every=${3000} open=${(/** @type {any} */ one) => go(join('events', 'received', one.received_id))} widths=${['c180', 'c200', 'c180', 'c140', 'c140', '']} columns=${[
            ['Result', (/** @type {any} */ one) => html`<${StateWord} look=${lookOf(one.state)} />`],
            [
              'Type',
              (/** @type {any} */ one) => html`<a class="strong" href=${href(join('events', 'received', one.received_id))}>${one.type}</a>`,
            ],
            ['Source', (/** @type {any} */ one) => one.source, 'soft'],
            ['Received', (/** @type {any} */ one) => html`<${Ago} at=${one.received_at} suffix=" ago" />`, 'soft'],
            [
              'Tasks',
              (/** @type {any} */ one) =>
                html`${one.tasks.slice(0, 2).map((/** @type {any} */ task, /** @type {number} */ i) => html`${i ? ', ' : ''}<a class="mono" key=${task.task_id} href=${href(join('tasks', task.task_id))} title=${task.trigger}>${shortId(task.task_id).slice(0, 8)}</a>`)}${one.tasks.length > 2 ? ` +${one.tasks.length - 2}` : ''}`,
            ],
            ['Reason', (/** @type {any} */ one) => one.reason ?? '', 'dim'],
          ]} empty=${html`<${Empty} icon="event" title=${state ? 'No such events' : 'No events yet'}>${state ? 'Choose another result above.' : 'Events that arrive start tasks by triggers.'}<//>`} /></section>`
    }<//>`;
}

function Received({ id }) {
  const found = useResource(`event:${id}`, (stop) => ask(`v1/events/${encodeURIComponent(id)}`, { signal: stop }), { every: 5000 });
  const replay = () =>
    confirm({
      title: 'Replay this event?',
      body: 'It is matched with the triggers as they are now, and may start tasks.',
      reason: 'none',
      label: 'Replay',
      act: async () => {
        const answer = await send(`v1/events/${encodeURIComponent(id)}/replay`, 'POST');
        notify({
          title: lookOf(answer.state).word,
          text: answer.reason ?? '',
          hue: lookOf(answer.state).hue,
          glyph: lookOf(answer.state).glyph,
          href: answer.tasks[0] ? href(join('tasks', answer.tasks[0].task_id)) : undefined,
          link: 'Open the task',
        });
      },
    });
  return html`<${Plain} title="Event" actions=${can('events:replay') ? html`<button class="btn" type="button" onClick=${replay}><${Icon} name="redrive" small />Replay…</button>` : ''}><${Shown} of=${found}>${(
    /** @type {any} */ one,
  ) => html`<section class="panel"><div class="section"><${Facts} pairs=${[
    ['Result', html`<${StateWord} look=${lookOf(one.state)} />`],
    ['Reason', one.reason],
    ['Type', one.type],
    ['Source', one.source],
    ['Id', one.id],
    ['Received', html`<${Stamp} at=${one.received_at} />`],
    ['Replayed', one.replayed_at ? html`<${Stamp} at=${one.replayed_at} />` : null],
  ]} /></div></section>
    <section class="panel"><header><h2>Tasks that it started</h2></header>${one.tasks.length ? html`<ul class="picks">${one.tasks.map((/** @type {any} */ task) => html`<li key=${task.task_id}><a href=${href(join('tasks', task.task_id))}><${Icon} name="tasks" /><span class="mono">${task.task_id}</span><span class="dim small">by ${task.trigger}, version ${task.version}</span></a></li>`)}</ul>` : html`<div class="section small soft">None.</div>`}</section>
    ${one.event ? html`<section class="panel document"><header><h2>The event</h2><span class="right"><${CopyId} id=${one.received_id} label="id of the event" /></span></header><div class="section"><${JsonTree} node=${nodeOf(one.event)} label="The event" /></div></section>` : ''}`}<//><//>`;
}

/** Sends an event, as JSON. */
function Send() {
  const [text, set] = useState(SAMPLE);
  const [error, setError] = useState('');
  const post = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      parse(text);
      const answers = await send('v1/events', 'POST', undefined, { raw: text, type: 'application/cloudevents+json' });
      const one = [answers].flat()[0];
      closeDialog();
      notify({
        title: lookOf(one.state).word,
        text: one.reason ?? '',
        hue: lookOf(one.state).hue,
        glyph: lookOf(one.state).glyph,
        href: one.tasks[0] ? href(join('tasks', one.tasks[0].task_id)) : href(join('events', 'received', one.received_id)),
      });
    } catch (/** @type {any} */ failure) {
      setError(failure.message);
    }
  };
  return html`<form class="dialog wide" onSubmit=${post}><h2 id="dialog-title">Send an event</h2><p class="soft">A CloudEvent. Triggers that match it start tasks.</p><div class="field"><label for="event">Event, JSON</label><textarea class="input" id="event" data-first rows="12" spellcheck="false" value=${text} onInput=${(
    /** @type {any} */ e,
  ) => {
    set(e.target.value);
    setError('');
  }}></textarea></div>${error ? html`<p class="err" role="alert"><${Icon} name="warn" small />${error}</p>` : ''}<footer><button class="btn" type="button" onClick=${closeDialog}>Send nothing</button><button class="btn primary" type="submit">Send</button></footer></form>`;
}

/** Tests an event against the triggers; nothing is created. @param {{ trigger?: string }} props */
export function Test({ trigger }) {
  const [text, set] = useState(SAMPLE);
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const [error, setError] = useState('');
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setError('');
    try {
      parse(text);
      setTrial(await ask('v1/triggers/test', { method: 'POST', query: { trigger }, raw: text, type: 'application/cloudevents+json' }));
    } catch (/** @type {any} */ failure) {
      setTrial(null);
      setError(failure.message);
    }
  };
  return html`<form class="dialog wide" onSubmit=${run}><h2 id="dialog-title">Test an event${trigger ? ` with ${trigger}` : ''}</h2><p class="soft">It says which triggers match and which field did not. Nothing is created.</p><div class="field"><label for="event">Event, JSON</label><textarea class="input" id="event" data-first rows="10" spellcheck="false" value=${text} onInput=${(/** @type {any} */ e) => set(e.target.value)}></textarea></div>${error ? html`<p class="err" role="alert"><${Icon} name="warn" small />${error}</p>` : ''}
    ${trial ? html`<div class="trial" aria-live="polite"><p class="small strong">${trial.starts ? 'It would start tasks.' : 'It would start nothing.'}</p>${trial.triggers.map((/** @type {any} */ one) => html`<details key=${one.trigger} open=${one.matches || trial.triggers.length === 1}><summary><${StateWord} look=${one.matches ? (one.problem ? RECEIVED.failed : RECEIVED.started) : RECEIVED.unmatched} word=${`${one.trigger}${one.enabled ? '' : ' (disabled)'}`} /></summary>${one.problem ? html`<p class="small failed">${one.problem}</p>` : ''}<ul>${one.pattern.map((/** @type {any} */ line, /** @type {number} */ i) => html`<li key=${i} class="small"><span class=${line.holds ? 'done' : 'failed'}>${line.holds ? '✓' : '✕'}</span> <span class="mono">${line.path}</span> <span class="dim">wants</span> <span class="mono">${JSON.stringify(line.wanted)}</span>${line.holds ? '' : html` <span class="dim">has</span> <span class="mono">${JSON.stringify(line.found ?? null)}</span>`}</li>`)}</ul>${one.template ? html`<p class="small soft">Creates ${one.template} with the input</p><${JsonTree} node=${nodeOf(one.input)} label="Input" />` : ''}</details>`)}${trial.unreadable.map((/** @type {string} */ line) => html`<p class="small failed" key=${line}>${line}</p>`)}</div>` : ''}
    <footer><button class="btn" type="button" onClick=${closeDialog}>Close</button><button class="btn primary" type="submit">Test</button></footer></form>`;
}
