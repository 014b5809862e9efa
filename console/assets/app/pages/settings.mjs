// Settings: who one is and what one may, keys, who did what, the health of the server, its configuration.
// @ts-check
import { html } from '../html.mjs';
import { ask, isMissingRoute, mustLogIn, send } from '../api.mjs';
import { useResource } from '../live.mjs';
import { href, join, root } from '../route.mjs';
import { can, me, meta, theme, zone } from '../session.mjs';
import { crumbs } from '../shell.mjs';
import { sentence } from '../words.mjs';
import { Ago, Facts, Stamp, StateWord, Tag } from '../parts/basics.mjs';
import { Empty, Shown } from '../parts/states.mjs';
import { complain, confirm, notify, showSecret } from '../parts/dialog.mjs';
import { List, Plain, Tabs } from '../parts/list.mjs';

const TABS = () =>
  [
    ['me', 'Me'],
    can('keys:read') && ['keys', 'API keys'],
    can('keys:read') && meta.value?.logins?.length && ['sessions', 'Sessions'],
    can('audit:read') && ['audit', 'Who did what'],
    can('system:health_read') && ['health', 'Health'],
    can('system:config_read') && ['config', 'Configuration'],
    ['about', 'About'],
  ].filter(Boolean);

export default function Settings({ tab = 'me' }) {
  crumbs.value = [['Settings']];
  const View =
    /** @type {Record<string, any>} */ ({
      me: Mine,
      keys: Keys,
      sessions: Sessions,
      audit: Log,
      health: Health,
      config: Config,
      about: About,
    })[tab] ?? Mine;
  return html`<${Plain} title="Settings"><${Tabs} label="Settings" tabs=${TABS()} active=${tab} to=${(/** @type {string} */ id) => href(join('settings', id))} /><${View} /><//>`;
}

function Mine() {
  const { principal, permissions } = me.value;
  const groups = new Map();
  for (const [name, spaces] of Object.entries(permissions)) {
    const [resource, action] = name.split(':');
    groups.set(resource, [...(groups.get(resource) ?? []), { action, spaces }]);
  }
  const leave = async () => {
    try {
      await send('v1/session', 'DELETE');
    } catch (error) {
      if (!isMissingRoute(error)) {
        complain(error);
        return;
      }
    }
    mustLogIn.value = true;
  };
  return html`<section class="panel"><header><h2>Me</h2>${meta.value?.authentication === 'own' ? html`<button class="btn sm right" type="button" onClick=${leave}>Log out</button>` : ''}</header><div class="section"><${Facts} pairs=${[
    ['Name', principal.name],
    [
      'Kind',
      { local: 'anybody on this machine', key: 'an API key', user: 'a user', gateway: 'named by the gateway' }[principal.kind] ??
        principal.kind,
    ],
    ['Id', principal.id],
  ]} /></div></section>
    <section class="panel"><header><h2>What I may do</h2></header><table class="table stack"><colgroup><col class="c180" /><col /></colgroup><tbody>${[...groups].map(([resource, list]) => html`<tr key=${resource}><td class="strong">${sentence(resource)}</td><td class="wrap-text">${list.map((/** @type {any} */ one) => html`<${Tag} key=${one.action}>${one.action}${one.spaces ? ` in ${one.spaces.join(', ')}` : ''}<//> `)}</td></tr>`)}</tbody></table></section>
    <section class="panel"><header><h2>This browser</h2></header><div class="section choices"><div class="row"><span class="grow">Theme</span><div class="group">${[
      ['', 'System'],
      ['light', 'Light'],
      ['dark', 'Dark'],
    ].map(
      ([value, text]) =>
        html`<button class="btn sm" type="button" key=${value} aria-pressed=${theme.value === value} onClick=${() => {
          theme.value = /** @type {''} */ (value);
        }}>${text}</button>`,
    )}</div></div><div class="row"><span class="grow">Times</span><div class="group">${[
      ['local', 'Local'],
      ['UTC', 'UTC'],
    ].map(
      ([value, text]) =>
        html`<button class="btn sm" type="button" key=${value} aria-pressed=${zone.value === value} onClick=${() => {
          zone.value = /** @type {'UTC'} */ (value);
        }}>${text}</button>`,
    )}</div></div></div></section>`;
}

const ROLES = ['viewer', 'auditor', 'submitter', 'operator', 'publisher', 'admin'];

/** @param {any} made */
const secret = (made) => showSecret(`The key ${made.name}`, made.secret);

const create = () =>
  confirm({
    title: 'Create an API key',
    body: 'It can have no more than your own permissions. Its secret is shown once.',
    wide: true,
    reason: 'none',
    label: 'Create',
    keep: 'Not now',
    first: { name: '', role: 'viewer', spaces: '', days: '90' },
    ready: (form) => /^[A-Za-z0-9._-]+$/.test(form.name.trim()),
    fields: (form, set) =>
      html`<div class="field"><label for="k-name">Name</label><input class="input" id="k-name" data-first value=${form.name} onInput=${(/** @type {any} */ e) => set({ name: e.target.value })} /></div><div class="field"><label for="k-role">Role</label><select class="input" id="k-role" value=${form.role} onChange=${(/** @type {any} */ e) => set({ role: e.target.value })}>${ROLES.map((role) => html`<option key=${role} value=${role}>${sentence(role)}</option>`)}</select></div><div class="field"><label for="k-space">Namespaces <span class="req">with commas; empty for all</span></label><input class="input" id="k-space" value=${form.spaces} onInput=${(/** @type {any} */ e) => set({ spaces: e.target.value })} /></div><div class="field"><label for="k-days">Days until it expires</label><input class="input num" id="k-days" inputmode="numeric" value=${form.days} onInput=${(/** @type {any} */ e) => set({ days: e.target.value })} /></div>`,
    act: async (form) => {
      const spaces = form.spaces
        .split(',')
        .map((/** @type {string} */ one) => one.trim())
        .filter(Boolean);
      const days = Math.max(1, Math.min(366, Number(form.days) || 90));
      secret(
        await send('v1/keys', 'POST', {
          name: form.name.trim(),
          roles: [form.role],
          ...(spaces.length ? { namespaces: spaces } : {}),
          expires_at: new Date(Date.now() + days * 86400000 - 60000).toISOString(),
        }),
      );
      return 'stay';
    },
  });
const rotate = (/** @type {any} */ key) =>
  confirm({
    title: `Rotate ${key.name}?`,
    body: 'A new secret takes its place. The old one works for another hour.',
    reason: 'none',
    label: 'Rotate',
    act: async () => {
      secret(await send(`v1/keys/${encodeURIComponent(key.key_id)}/rotate`, 'POST', { overlap_seconds: 3600 }));
      return 'stay';
    },
  });
const revoke = (/** @type {any} */ key) =>
  confirm({
    title: `Revoke ${key.name}?`,
    body: 'Requests with it are refused at once. This can’t be undone.',
    reason: 'none',
    typed: key.name,
    label: 'Revoke',
    danger: true,
    act: async () => {
      await send(`v1/keys/${encodeURIComponent(key.key_id)}`, 'DELETE');
      notify({ title: `${key.name} is revoked.`, hue: 'waiting', glyph: 'cancelled' });
    },
  });

/** @returns {import('../words.mjs').Look} */
const keyLook = (/** @type {any} */ key) =>
  key.revoked_at
    ? { word: 'Revoked', hue: 'waiting', glyph: 'cancelled' }
    : key.expires_at && Date.parse(key.expires_at) < Date.now()
      ? { word: 'Expired', hue: 'waiting', glyph: 'cancelled' }
      : { word: 'Valid', hue: 'done', glyph: 'done' };

function Keys() {
  return html`<section class="panel"><header><h2>API keys</h2>${can('keys:create') ? html`<button class="btn sm right" type="button" onClick=${create}>Create a key…</button>` : ''}</header><${List} path="v1/keys" limit=${200} id=${(/** @type {any} */ key) => key.key_id} widths=${['c140', 'c180', '', 'c140', 'c140', 'c180']} columns=${[
    ['State', (/** @type {any} */ key) => html`<${StateWord} look=${keyLook(key)} />`],
    ['Name', (/** @type {any} */ key) => html`<span class="strong">${key.name}</span>`],
    [
      'May',
      (/** @type {any} */ key) =>
        html`${[...key.roles, ...key.permissions].map((/** @type {string} */ one) => html`<${Tag} key=${one}>${one}<//> `)}${key.namespaces?.length ? html`<span class="dim small">in ${key.namespaces.join(', ')}</span>` : ''}`,
      'wrap-text',
    ],
    ['Last used', (/** @type {any} */ key) => (key.last_used_at ? html`<${Ago} at=${key.last_used_at} suffix=" ago" />` : 'never'), 'soft'],
    [
      'Expires',
      (/** @type {any} */ key) => (key.expires_at ? html`<span title=${key.expires_at}>${key.expires_at.slice(0, 10)}</span>` : 'never'),
      'soft',
    ],
    [
      '',
      (/** @type {any} */ key) =>
        key.revoked_at
          ? ''
          : html`<span class="row end">${can('keys:create') ? html`<button class="btn sm" type="button" onClick=${() => rotate(key)}>Rotate…</button>` : ''}${can('keys:revoke') ? html`<button class="btn sm danger" type="button" onClick=${() => revoke(key)}>Revoke…</button>` : ''}</span>`,
      'num',
    ],
  ]} empty=${html`<${Empty} icon="key" title="No API keys" command="tasker key create --name ci --role submitter">With a key in the database, this server asks who is there.<//>`} /></section>`;
}

const endSession = (/** @type {any} */ one) =>
  confirm({
    title: 'End this session?',
    body: `${one.principal?.name ?? 'Its user'} has to log in again.`,
    reason: 'none',
    label: 'End it',
    danger: true,
    act: async () => {
      await send(`v1/sessions/${encodeURIComponent(one.session_id)}`, 'DELETE');
      notify({ title: 'The session has ended.', hue: 'waiting', glyph: 'cancelled' });
    },
  });

function Sessions() {
  return html`<section class="panel"><header><h2>Sessions</h2><span class="dim small">of browsers, that have not ended</span></header><${List} path="v1/sessions" id=${(/** @type {any} */ one) => one.session_id} widths=${['c180', 'c140', 'c140', 'c140', '', 'c100']} columns=${[
    ['Who', (/** @type {any} */ one) => html`<span class="strong">${one.principal?.name ?? ''}</span>`],
    ['Begun', (/** @type {any} */ one) => html`<${Ago} at=${one.created_at} suffix=" ago" />`, 'soft'],
    ['Ends', (/** @type {any} */ one) => html`<${Stamp} at=${one.expires_at} />`, 'soft'],
    ['Address', (/** @type {any} */ one) => one.address ?? '', 'mono soft'],
    ['Browser', (/** @type {any} */ one) => one.user_agent ?? '', 'soft'],
    [
      '',
      (/** @type {any} */ one) =>
        can('keys:revoke') ? html`<button class="btn sm danger" type="button" onClick=${() => endSession(one)}>End…</button>` : '',
      'num',
    ],
  ]} empty=${html`<${Empty} icon="key" title="No sessions">They begin when somebody logs in with a browser.<//>`} /></section>`;
}

function Log() {
  return html`<section class="panel"><header><h2>Who did what</h2><span class="dim small">requests that changed something, or were refused</span></header><${List} path="v1/audit" id=${(/** @type {any} */ one) => one.access_id} widths=${['c180', 'c140', 'c140', 'c180', '', '']} columns=${[
    ['When', (/** @type {any} */ one) => html`<${Stamp} at=${one.at} />`, 'soft'],
    [
      'Result',
      (/** @type {any} */ one) =>
        html`<${StateWord} look=${/** @type {any} */ ({ ok: { word: 'Done', hue: 'done', glyph: 'done' }, denied: { word: 'Refused', hue: 'failed', glyph: 'isolated' }, failed: { word: 'Failed', hue: 'failed', glyph: 'failed' } })[one.outcome] ?? { word: one.outcome, hue: 'waiting', glyph: 'pending' }} />`,
    ],
    ['Who', (/** @type {any} */ one) => html`<span class="strong">${one.principal?.name ?? 'unknown'}</span>`],
    ['Permission', (/** @type {any} */ one) => one.permission, 'mono soft'],
    ['Request', (/** @type {any} */ one) => `${one.method} ${one.path}`, 'mono soft'],
    ['Reason', (/** @type {any} */ one) => one.reason ?? '', 'soft'],
  ]} empty=${html`<${Empty} icon="note" title="Nothing yet" />`} /></section>`;
}

function Health() {
  const found = useResource('health', (stop) => ask('health/detailed', { signal: stop }), { every: 3000 });
  const look = (/** @type {string} */ status) =>
    /** @type {any} */ ({
      ok: { word: 'In order', hue: 'done', glyph: 'done' },
      degraded: { word: 'Degraded', hue: 'retry', glyph: 'blocked' },
      down: { word: 'Down', hue: 'failed', glyph: 'failed' },
    })[status] ?? { word: status, hue: 'waiting', glyph: 'pending' };
  return html`<${Shown} of=${found}>${(/** @type {any} */ data) =>
    html`<section class="panel"><header><h2>Health</h2></header><div class="section"><${Facts} pairs=${[
      ['Server', html`<${StateWord} look=${look(data.status)} />`],
      ['Version', data.version],
      ['Tokens', data.tokens],
      [
        'Open steps',
        Object.entries(data.open_steps ?? {})
          .map(([state, n]) => `${n} ${state.replaceAll('_', ' ')}`)
          .join(', ') || 'none',
      ],
    ]} /></div><table class="table stack"><colgroup><col class="c200" /><col class="c140" /><col class="c100" /><col /></colgroup><thead><tr><th>Service</th><th>State</th><th class="num">Answers in</th><th>Message</th></tr></thead><tbody>${Object.entries(data.checks).map(([name, check]) => html`<tr key=${name}><td class="strong" data-h="Service">${sentence(name)}</td><td data-h="State"><${StateWord} look=${look(check.status)} /></td><td class="num soft" data-h="Answers in">${check.duration_ms === null || check.duration_ms === undefined ? '–' : `${check.duration_ms} ms`}</td><td class="soft wrap-text" data-h="Message">${check.message}</td></tr>`)}</tbody></table></section>`}<//>`;
}

function Config() {
  return html`<section class="panel"><header><h2>Configuration</h2><span class="dim small">as the process was started; secrets are not told</span></header><${List} path="v1/config" limit=${50} every=${0} id=${(/** @type {any} */ one) => one.key} widths=${['c200', '', 'c180']} columns=${[
    ['Key', (/** @type {any} */ one) => html`<span class="strong">${one.key}</span>`],
    ['Value', (/** @type {any} */ one) => (typeof one.value === 'string' ? one.value : JSON.stringify(one.value)), 'mono'],
    ['From', (/** @type {any} */ one) => one.source, 'soft'],
  ]} empty=${html`<${Empty} icon="settings" title="This server tells no configuration" command="tasker config show" />`} /></section>`;
}

function About() {
  const { name, authentication, features } = meta.value;
  const document = new URL('openapi.json', root).href;
  return html`<section class="panel"><header><h2>About</h2></header><div class="section"><${Facts} pairs=${[
    ['Server', name],
    ['Address', root.href],
    [
      'Asks who is there',
      { off: 'no: everybody on this machine may do everything', own: 'yes: API keys and tokens', gateway: 'yes: by the gateway before it' }[
        authentication
      ] ?? authentication,
    ],
    ['Has', features.join(', ')],
    ['API', html`<a class="link" href=${document} target="_blank" rel="noopener">openapi.json</a>`],
  ]} /></div></section>`;
}
