// Who looks, what they may do, and what they chose: namespace, time zone, theme.
// @ts-check
import { signal, effect } from '@preact/signals';
import { ask, mustLogIn } from './api.mjs';

/** @type {import('@preact/signals').Signal<any>} */
export const me = signal(null);
/** @type {import('@preact/signals').Signal<any>} */
export const meta = signal(null);

/** Reads both. */
export async function begin() {
  const [mine, about] = await Promise.all([ask('v1/me'), ask('v1/meta')]);
  me.value = mine;
  meta.value = about;
  mustLogIn.value = false;
}

/** Whether the reader has a permission, in a namespace or anywhere. @param {string} permission @param {string} [namespace] */
export function can(permission, namespace) {
  const permissions = me.value?.permissions;
  if (!permissions || !(permission in permissions)) return false;
  const names = permissions[permission];
  return names === null || namespace === undefined || names.includes(namespace);
}

/** Whether the server has a feature. @param {string} name */
export const has = (name) => Boolean(meta.value?.features?.includes(name));

/** A choice that the browser keeps. @template T @param {string} key @param {T} first */
export function kept(key, first) {
  let value = first;
  try {
    const stored = localStorage.getItem(`tasker.${key}`);
    if (stored !== null) value = JSON.parse(stored);
  } catch {
    /* Without storage nothing is kept. */
  }
  const chosen = signal(value);
  effect(() => {
    try {
      localStorage.setItem(`tasker.${key}`, JSON.stringify(chosen.value));
    } catch {
      /* As above. */
    }
  });
  return chosen;
}

/** The namespace to look at; '' for all. */
export const namespace = kept('namespace', '');
/** @type {import('@preact/signals').Signal<'UTC' | 'local'>} */
export const zone = kept('zone', /** @type {'UTC' | 'local'} */ ('local'));
/** @type {import('@preact/signals').Signal<'' | 'light' | 'dark'>} */
export const theme = kept('theme', /** @type {'' | 'light' | 'dark'} */ (''));
effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
});

/** The time, each second; only while the page is seen. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
addEventListener('visibilitychange', () => {
  now.value = Date.now();
});
