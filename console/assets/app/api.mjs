// The API client: one way to ask, problems as errors, and what is known of the connection.
// @ts-check
import { signal } from '@preact/signals';
import { queryOf, root } from './route.mjs';

/** An answer that says no (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {any} body @param {string | null} request */
  constructor(status, body, request) {
    super(body?.detail || body?.title || `The server answered ${status}`);
    this.status = status;
    this.code = body?.code ?? '';
    this.title = body?.title ?? '';
    this.taskId = body?.task_id ?? null;
    /** @type {{ pointer: string, detail: string }[]} */
    this.errors = body?.errors ?? [];
    this.request = request ?? '';
  }
}
/** The server did not answer. */
export class Unreachable extends Error {}

/** Since when the server has not answered, and when it is asked again. @type {import('@preact/signals').Signal<null | { since: number, next: number }>} */
export const outage = signal(null);
/** Grows when the server answers again, or something was changed here: what is shown is read anew. */
export const changes = signal(0);
/** Whether the API asks who is there. */
export const mustLogIn = signal(false);

let waiting = 0;
function lost() {
  const now = Date.now();
  if (!outage.value) outage.value = { since: now, next: now };
  if (!waiting) retryIn(1000);
}
function retryIn(/** @type {number} */ pause) {
  clearTimeout(waiting);
  if (outage.value) outage.value = { since: outage.value.since, next: Date.now() + pause };
  waiting = setTimeout(() => tryAgain(pause), pause);
}
/** Asks whether the server is there again. */
export async function tryAgain(pause = 1000) {
  clearTimeout(waiting);
  try {
    const response = await fetch(new URL('health/live', root), { cache: 'no-store' });
    if (response.status >= 502 && response.status <= 504) throw new Error();
    waiting = 0;
    outage.value = null;
    changes.value += 1;
  } catch {
    retryIn(Math.min(8000, pause * 1.6));
  }
}

/**
 * Asks the API.
 * @param {string} path below the server's root, such as `v1/tasks`
 * @param {{ method?: string, query?: Record<string, any> | URLSearchParams, body?: any, raw?: string, type?: string, as?: 'json' | 'text' | 'response', signal?: AbortSignal, headers?: Record<string, string> }} [options]
 */
export async function ask(path, { method = 'GET', query, body, raw, type, as = 'json', signal: stop, headers = {} } = {}) {
  const url = new URL(path, root);
  url.search = queryOf(query);
  if (method !== 'GET') headers = { ...headers, 'X-Tasker-Request': '1' };
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  if (sent !== undefined) headers = { ...headers, 'Content-Type': type ?? 'application/json' };
  let response;
  try {
    response = await fetch(url, { method, headers, body: sent, signal: stop });
  } catch (error) {
    if (stop?.aborted) throw error;
    lost();
    throw new Unreachable('The server does not answer.');
  }
  if (!response.ok) {
    const request = response.headers.get('x-request-id');
    const problem = await response.json().catch(() => null);
    if (!problem && response.status >= 502 && response.status <= 504) {
      lost();
      throw new Unreachable('The server does not answer.');
    }
    if (response.status === 401) mustLogIn.value = true;
    throw new Problem(response.status, problem, request);
  }
  if (outage.value) {
    clearTimeout(waiting);
    waiting = 0;
    outage.value = null;
  }
  if (as === 'response') return response;
  if (as === 'text') return response.text();
  return response.status === 204 ? null : response.json();
}

/** Sends a change; what is shown is read anew. @param {string} path @param {string} method @param {any} [body] @param {any} [options] */
export async function send(path, method, body, options = {}) {
  const answer = await ask(path, { method, body, ...options });
  changes.value += 1;
  return answer;
}

/** All items of a list, page after page, up to `most`. @param {string} path @param {Record<string, any>} [query] @param {number} [most] @param {AbortSignal} [stop] */
export async function all(path, query = {}, most = 1000, stop) {
  /** @type {any[]} */
  let items = [];
  let cursor;
  do {
    const page = await ask(path, { query: { ...query, cursor }, signal: stop });
    items = items.concat(page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return { items, more: Boolean(cursor) };
}

/** The text of an answer, or null if it is longer than `most` characters: compressed answers do not tell their length. @param {Response} response @param {number} most */
export async function textUpTo(response, most) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    if (text.length > most) {
      await reader.cancel();
      return null;
    }
  }
  return text;
}

/** Whether a route is there: 404 of a route, not of a thing. @param {unknown} error */
export const isMissingRoute = (error) => error instanceof Problem && (error.code === 'no_such_route' || error.code === 'no_such_method');
