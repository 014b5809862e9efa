// What stands where data would: nothing yet, no match, not allowed, failed, loading.
// @ts-check
import { html } from '../html.mjs';
import { Icon, Copy } from './basics.mjs';
import { Problem } from '../api.mjs';
import { now } from '../session.mjs';
import { outage, tryAgain } from '../api.mjs';
import { clock, countdown } from '../format.mjs';
import { zone } from '../session.mjs';

export const Empty = ({ icon = 'tasks', title, children, command, action }) =>
  html`<section class="empty"><${Icon} name=${icon} /><h3>${title}</h3>${children ? html`<p class="small">${children}</p>` : ''}${command ? html`<code>${command}</code>` : ''}${action ?? ''}</section>`;

/** Loading is not empty. */
export function Loading({ rows = 6 }) {
  return html`<div class="loading" role="status" aria-label="Loading">${Array.from({ length: rows }, (_, i) => html`<div class="row" key=${i}><span class="skeleton sk-a"></span><span class="skeleton sk-b${i % 4}"></span><span class="grow"></span><span class="skeleton sk-c${i % 3}"></span></div>`)}</div>`;
}

/** An answer that says no. @param {{ error: any }} props */
export function Trouble({ error }) {
  const problem = error instanceof Problem ? error : null;
  const request = problem?.request;
  const copy = request ? html`<${Copy} text=${request} label="Copy the request id">Copy request id<//>` : '';
  if (problem?.status === 403) return html`<${Empty} icon="lock" title="You may not see this" action=${copy}>${problem.message}<//>`;
  if (problem?.status === 404)
    return html`<${Empty} icon="search" title=${problem.title || 'There is no such thing'} action=${copy}>${problem.message}<//>`;
  return html`<${Empty} icon="warn" title=${problem?.title || 'This could not be shown'} action=${copy}>${error?.message ?? String(error)}<//>`;
}

/** A resource's data, or what stands in its place. */
export function Shown({ of, children, rows, empty }) {
  if (of.error && of.data === undefined) return html`<${Trouble} error=${of.error} />`;
  if (of.data === undefined) return html`<${Loading} rows=${rows} />`;
  if (empty && empty.when(of.data)) return empty.show;
  return children(of.data);
}

/** The server does not answer: since when, and when it is asked again. */
export function Outage() {
  const lost = outage.value;
  if (!lost) return null;
  return html`<div class="outage" role="alert"><${Icon} name="plug" /><p><b class="strong">Server unreachable since ${clock(lost.since, zone.value)}.</b> <span class="soft">Showing what was. Trying again in ${countdown(lost.next - now.value)}.</span></p><button class="btn sm" type="button" onClick=${() => tryAgain()}>Try now</button></div>`;
}
