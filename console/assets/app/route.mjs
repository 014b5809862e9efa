// Addresses: each view is a URL, relative to where the console stands, kept by the History API.
// @ts-check
import { signal } from '@preact/signals';

/** The folder of the console, `…/console/`. */
export const folder = new URL(document.baseURI);
/** The server's root, one folder above. */
export const root = new URL('..', folder);
// From here on the page's address changes and the folder must not.
document.querySelector('base')?.setAttribute('href', folder.href);

const read = () => {
  const path = location.pathname.startsWith(folder.pathname) ? location.pathname.slice(folder.pathname.length) : '';
  return { path: path.replace(/\/$/, ''), query: new URLSearchParams(location.search) };
};

/** Where the reader is. */
export const here = signal(read());

/** The address of a view. @param {string} path @param {Record<string, any> | URLSearchParams} [query] */
export function href(path, query) {
  const text = queryOf(query);
  return folder.pathname + path + (text ? `?${text}` : '');
}

/** A query without empty values; arrays repeat. @param {Record<string, any> | URLSearchParams} [query] */
export function queryOf(query) {
  if (!query) return '';
  if (query instanceof URLSearchParams) return query.toString();
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') out.append(key, String(one));
    }
  }
  return out.toString();
}

/** Parts of a path, encoded. @param {...string} parts */
export const join = (...parts) => parts.map(encodeURIComponent).join('/');

/** Goes to a view. @param {string} path @param {Record<string, any> | URLSearchParams} [query] @param {boolean} [replace] */
export function go(path, query, replace) {
  const to = href(path, query);
  if (to === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  const before = here.value.path;
  here.value = read();
  if (!replace && before !== here.value.path) document.getElementById('main')?.scrollTo?.(0, 0);
}

/** Changes the query of the present view. @param {Record<string, any>} changes @param {boolean} [push] */
export function setQuery(changes, push) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    query.delete(key);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') query.append(key, String(one));
    }
  }
  go(here.value.path, query, !push);
}

addEventListener('popstate', () => {
  here.value = read();
});
addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
  if (link.origin !== folder.origin || !link.pathname.startsWith(folder.pathname)) return;
  event.preventDefault();
  if (link.hash && link.pathname === folder.pathname && link.getAttribute('href')?.startsWith('#')) return;
  go(link.pathname.slice(folder.pathname.length), new URLSearchParams(link.search));
});

/** Matches `tasks/:id/:tab?` and returns its parts. @param {string} pattern @param {string} path */
export function match(pattern, path) {
  const names = pattern ? pattern.split('/') : [];
  const parts = path ? path.split('/') : [];
  if (parts.length > names.length) return null;
  /** @type {Record<string, string>} */
  const found = {};
  for (const [i, name] of names.entries()) {
    const part = parts[i];
    if (name.startsWith(':')) {
      if (part === undefined) {
        if (!name.endsWith('?')) return null;
      } else {
        try {
          found[name.replace(/[:?]/g, '')] = decodeURIComponent(part);
        } catch {
          return null;
        }
      }
    } else if (part !== name) return null;
  }
  return found;
}
