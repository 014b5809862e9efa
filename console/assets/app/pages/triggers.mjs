// Triggers: which events start which tasks; on, off, test, remove.
// @ts-check
import { html } from '../html.mjs';
import { ask, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { go, href, join } from '../route.mjs';
import { can, namespace as scope } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { nodeOf, print } from '../json.mjs';
import { Ago, Facts, Stamp, StateWord } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { confirm, notify, show } from '../parts/dialog.mjs';
import { Document } from '../parts/json-tree.mjs';
import { List, Plain } from '../parts/list.mjs';
import { Test } from './events.mjs';

/** @returns {import('../words.mjs').Look} */
const lookOf = (/** @type {any} */ one) =>
  one.enabled ? { word: 'Enabled', hue: 'done', glyph: 'done' } : { word: 'Disabled', hue: 'waiting', glyph: 'pause' };
const template = (/** @type {any} */ one) => {
  const to = one.definition?.template ?? one.definition?.task ?? one.definition?.starts;
  return typeof to === 'string' ? to : (to?.name ?? '');
};

function toggle(/** @type {any} */ one) {
  confirm({
    title: `${one.enabled ? 'Disable' : 'Enable'} ${one.name}?`,
    body: one.enabled ? 'Events that match it start no tasks until it is enabled again.' : 'Events that match it start tasks again.',
    reason: 'none',
    label: one.enabled ? 'Disable' : 'Enable',
    act: async () => {
      await send(`v1/triggers/${join(one.namespace, one.name)}`, 'PATCH', { enabled: !one.enabled });
      notify({ title: `${one.name} is ${one.enabled ? 'disabled' : 'enabled'}.`, hue: one.enabled ? 'waiting' : 'done' });
    },
  });
}

export default function Triggers({ namespace, name }) {
  crumbs.value = name ? [['Triggers', href('triggers')], [name]] : [['Triggers']];
  if (name) return html`<${Trigger} key=${`${namespace}/${name}`} namespace=${namespace} name=${name} />`;
  return html`<${Plain} title="Triggers" note="which events start which tasks" actions=${html`<button class="btn" type="button" onClick=${() => show(html`<${Test} />`)}>Test an event…</button>`}><section class="panel"><${List} path="v1/triggers" limit=${200} every=${8000} id=${(/** @type {any} */ one) => `${one.namespace}/${one.name}`} filter=${(/** @type {any} */ one) => !scope.value || one.namespace === scope.value} open=${(/** @type {any} */ one) => go(join('triggers', one.namespace, one.name))} widths=${['c140', 'c200', 'c140', '', 'c80', 'c140', 'c100']}
    columns=${[
      ['State', (/** @type {any} */ one) => html`<${StateWord} look=${lookOf(one)} />`],
      [
        'Trigger',
        (/** @type {any} */ one) => html`<a class="strong" href=${href(join('triggers', one.namespace, one.name))}>${one.name}</a>`,
      ],
      ['Namespace', (/** @type {any} */ one) => one.namespace, 'soft'],
      ['Starts', (/** @type {any} */ one) => template(one), 'soft'],
      ['Version', (/** @type {any} */ one) => one.version, 'num soft'],
      ['Published', (/** @type {any} */ one) => html`<${Ago} at=${one.published_at} suffix=" ago" />`, 'num soft'],
      [
        '',
        (/** @type {any} */ one) =>
          can('triggers:update', one.namespace)
            ? html`<button class="btn sm" type="button" onClick=${() => toggle(one)}>${one.enabled ? 'Disable…' : 'Enable…'}</button>`
            : '',
        'num',
      ],
    ]}
    empty=${html`<${Empty} icon="trigger" title="No triggers yet">They are published with a project, from its folder of triggers.<//>`} /></section><//>`;
}

function Trigger({ namespace, name }) {
  const path = `v1/triggers/${join(namespace, name)}`;
  const found = useResource(`trigger:${path}`, (stop) => ask(path, { signal: stop }), { every: 8000 });
  const remove = () =>
    confirm({
      title: `Remove ${name}?`,
      body: 'No event starts tasks by it any more. Publishing the project brings it back.',
      reason: 'none',
      typed: name,
      label: 'Remove',
      danger: true,
      act: async () => {
        await send(path, 'DELETE');
        notify({ title: `${name} is removed.`, hue: 'waiting' });
        go('triggers');
      },
    });
  return html`<${Plain} title=${name} actions=${html`<button class="btn" type="button" onClick=${() => show(html`<${Test} trigger=${`${namespace}/${name}`} />`)}>Test an event…</button>${can('triggers:update', namespace) && found.data ? html`<button class="btn" type="button" onClick=${() => toggle(found.data)}>${found.data.enabled ? 'Disable…' : 'Enable…'}</button><button class="btn danger" type="button" onClick=${remove}>Remove…</button>` : ''}`}><${Shown} of=${found}>${(
    /** @type {any} */ one,
  ) =>
    html`<section class="panel"><div class="section"><${Facts} pairs=${[
      ['State', html`<${StateWord} look=${lookOf(one)} />`],
      ['Namespace', one.namespace],
      ['Version', String(one.version)],
      ['Published', html`<${Stamp} at=${one.published_at} />`],
      ['Disabled', one.disabled_at ? html`<${Stamp} at=${one.disabled_at} />` : null],
    ]} /></div></section><${Document} title="Definition" text=${print(nodeOf(one.definition))} />`}<//><//>`;
}
