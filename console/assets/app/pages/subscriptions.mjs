// Subscriptions: where published events go.
// @ts-check
import { html } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join } from '../route.mjs';
import { can } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { sentence } from '../words.mjs';
import { parse } from '../json.mjs';
import { Ago, Clock, Facts, StateWord } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { complain, confirm, notify, showSecret } from '../parts/dialog.mjs';
import { List, Plain } from '../parts/list.mjs';

/** What a target of each kind looks like. @type {Record<string, string>} */
const TARGETS = {
  webhook: '{ "url": "https://example.com/hook" }',
  queue: '{ "url": "" }',
  topic: '{ "arn": "" }',
  event_bus: '{ "name": "" }',
  task: '{ "namespace": "", "name": "" }',
};

const subscribe = () =>
  confirm({
    title: 'Subscribe to events',
    body: 'Each event with this name is delivered to the target. Names may end with *.',
    wide: true,
    reason: 'none',
    label: 'Subscribe',
    keep: 'Not now',
    first: { name: '', event: '', kind: 'webhook', target: TARGETS.webhook },
    ready: (form) => Boolean(form.name.trim() && form.event.trim()),
    fields: (form, set) =>
      html`<div class="field"><label for="s-name">Name</label><input class="input" id="s-name" data-first value=${form.name} onInput=${(/** @type {any} */ e) => set({ name: e.target.value })} /></div><div class="field"><label for="s-event">Event</label><input class="input mono" id="s-event" placeholder="order.*" value=${form.event} onInput=${(/** @type {any} */ e) => set({ event: e.target.value })} /></div><div class="field"><label for="s-kind">Kind</label><select class="input" id="s-kind" value=${form.kind} onChange=${(/** @type {any} */ e) => set({ kind: e.target.value, target: TARGETS[e.target.value] })}>${Object.keys(TARGETS).map((kind) => html`<option key=${kind} value=${kind}>${sentence(kind)}</option>`)}</select></div><div class="field"><label for="s-target">Target, JSON</label><textarea class="input" id="s-target" rows="5" spellcheck="false" value=${form.target} onInput=${(/** @type {any} */ e) => set({ target: e.target.value })}></textarea></div>`,
    act: async (form) => {
      parse(form.target);
      const made = await send('v1/subscriptions', 'POST', {
        name: form.name.trim(),
        event: form.event.trim(),
        kind: form.kind,
        target: JSON.parse(form.target),
      });
      notify({ title: `${form.name} is subscribed.`, text: `It gets ${form.event}.` });
      if (made.target?.secret) {
        // What signs the deliveries.
        showSecret(`The secret of ${form.name}`, made.target.secret);
        return 'stay';
      }
      return undefined;
    },
  });

const remove = (/** @type {any} */ one) =>
  confirm({
    title: `Remove ${one.name}?`,
    body: `Events ${one.event} are no longer delivered to it.`,
    reason: 'none',
    typed: one.name,
    label: 'Remove',
    danger: true,
    act: async () => {
      await send(`v1/subscriptions/${encodeURIComponent(one.name)}`, 'DELETE');
      notify({ title: `${one.name} is removed.`, hue: 'waiting' });
    },
  });

/** A target without its secret. @param {any} target */
const targetText = (target) => JSON.stringify(target, (name, value) => (/secret|token|password/i.test(name) ? undefined : value));

/** The deliveries of a subscription that have not arrived. */
function Deliveries({ name }) {
  crumbs.value = [['Subscriptions', href('subscriptions')], [name]];
  const again = async (/** @type {any} */ one) => {
    try {
      await send(`v1/subscriptions/${encodeURIComponent(name)}/deliveries/${one.event_id}/retry`, 'POST');
      notify({ title: `Event ${one.event_id} is delivered again.`, text: 'It has all its attempts.' });
    } catch (error) {
      complain(error);
    }
  };
  const found = useResource(`subscription:${name}`, (stop) => ask(`v1/subscriptions/${encodeURIComponent(name)}`, { signal: stop }), {
    every: 10000,
  });
  return html`<${Plain} title=${name} note="deliveries that have not arrived"><${Shown} of=${found} rows=${2}>${(/** @type {any} */ one) =>
    html`<section class="panel"><div class="section"><${Facts} pairs=${[
      ['Event', one.event],
      ['Kind', sentence(one.kind)],
      ['Target', html`<span class="mono">${targetText(one.target)}</span>`],
    ]} /></div></section>`}<//>
    <section class="panel"><${List} path=${`v1/subscriptions/${encodeURIComponent(name)}/deliveries`} every=${3000} id=${(/** @type {any} */ one) => one.event_id} widths=${['c180', 'c100', 'c100', 'c140', '', 'c140']} columns=${[
      [
        'State',
        (/** @type {any} */ one) =>
          html`<${StateWord} look=${one.next_attempt_at ? { word: 'On its way', hue: 'retry', glyph: 'retry' } : { word: 'Given up', hue: 'failed', glyph: 'isolated' }} />`,
      ],
      ['Event', (/** @type {any} */ one) => html`<span class="strong">${one.event_id}</span>`],
      ['Attempts', (/** @type {any} */ one) => one.attempts, 'num soft'],
      ['Next', (/** @type {any} */ one) => (one.next_attempt_at ? html`<${Clock} at=${one.next_attempt_at} />` : '–'), 'soft'],
      ['Problem', (/** @type {any} */ one) => one.last_error ?? '', 'failed'],
      [
        '',
        (/** @type {any} */ one) =>
          can('events:subscribe') ? html`<button class="btn sm" type="button" onClick=${() => again(one)}>Try again</button>` : '',
        'num',
      ],
    ]} empty=${html`<${Empty} icon="check" title="All have arrived">What has arrived is not kept here.<//>`} /></section><//>`;
}

export default function Subscriptions({ name }) {
  if (name) return html`<${Deliveries} key=${name} name=${name} />`;
  crumbs.value = [['Subscriptions']];
  const may = can('events:subscribe');
  return html`<${Plain} title="Subscriptions" note="where published events go" actions=${may ? html`<button class="btn primary" type="button" onClick=${subscribe}>Subscribe…</button>` : ''}><section class="panel"><${List} path="v1/subscriptions" limit=${200} every=${8000} id=${(/** @type {any} */ one) => one.subscription_id} widths=${['c200', 'c180', 'c100', '', 'c140', 'c100']} columns=${[
    ['Subscription', (/** @type {any} */ one) => html`<a class="strong" href=${href(join('subscriptions', one.name))}>${one.name}</a>`],
    ['Event', (/** @type {any} */ one) => one.event, 'mono'],
    ['Kind', (/** @type {any} */ one) => sentence(one.kind)],
    ['Target', (/** @type {any} */ one) => targetText(one.target), 'mono soft'],
    ['Created', (/** @type {any} */ one) => html`<${Ago} at=${one.created_at} suffix=" ago" />`, 'num soft'],
    [
      '',
      (/** @type {any} */ one) =>
        may ? html`<button class="btn sm danger" type="button" onClick=${() => remove(one)}>Remove…</button>` : '',
      'num',
    ],
  ]} empty=${html`<${Empty} icon="sub" title="No subscriptions yet">Published events are kept; nobody gets them.<//>`} /></section><//>`;
}
