// A list of the API as a table: read page by page, with a head, an empty state, and j/k.
// @ts-check
import { html, useState } from '../html.mjs';
import { ask } from '../api.mjs';
import { useResource } from '../live.mjs';
import { useKeys } from '../keys.mjs';
import { Loading, Trouble } from './states.mjs';

/**
 * @param {{ path: string, query?: Record<string, any>, columns: [string, (row: any) => any, string?][], widths?: string[], empty: any, id: (row: any) => string | number, open?: (row: any) => void, every?: number, limit?: number, filter?: (row: any) => boolean, current?: string }} props
 * columns: title, cell, class of the cell
 */
export function List({ path, query = {}, columns, widths = [], empty, id, open, every = 5000, limit = 50, filter, current }) {
  const [most, setMost] = useState(limit);
  const [at, setAt] = useState(-1);
  const found = useResource(
    `list:${path}:${JSON.stringify(query)}:${most}`,
    async (stop) => {
      /** @type {any[]} */
      let items = [];
      let cursor;
      do {
        const page = await ask(path, { query: { ...query, limit: Math.min(200, most - items.length), cursor }, signal: stop });
        items = items.concat(page.items);
        cursor = page.next_cursor;
      } while (cursor && items.length < most);
      return { items, more: Boolean(cursor) };
    },
    { every },
  );
  const [last, setLast] = useState(/** @type {any} */ (null));
  if (found.data && found.data !== last) setLast(found.data);
  const data = found.data ?? (found.loading ? last : null);
  const rows = (data?.items ?? []).filter(filter ?? (() => true));
  useKeys(
    open
      ? {
          j: ['Next row', () => setAt(Math.min(rows.length - 1, at + 1))],
          k: ['Previous row', () => setAt(Math.max(0, at - 1))],
          Enter: [
            'Open it',
            () => {
              if (rows[at]) open(rows[at]);
            },
          ],
        }
      : {},
  );
  if (found.error && !data) return html`<${Trouble} error=${found.error} />`;
  if (!data) return html`<${Loading} />`;
  if (!rows.length) return empty;
  return html`<div class="scroll-x"><table class="table stack"><colgroup>${columns.map(([title], i) => html`<col key=${title} class=${widths[i] ?? ''} />`)}</colgroup><thead><tr>${columns.map(([title, , kind]) => html`<th key=${title} class=${kind?.includes('num') ? 'num' : ''}>${title}</th>`)}</tr></thead><tbody>${rows.map(
    (row, i) =>
      html`<tr key=${id(row)} class=${i === at ? 'cursor' : ''} aria-selected=${current !== undefined && String(id(row)) === current ? 'true' : undefined} data-open=${open ? true : undefined} onClick=${(
        /** @type {MouseEvent} */ e,
      ) => {
        if (open && !(e.target instanceof Element && e.target.closest('a, button, input'))) open(row);
      }}>${columns.map(([title, cell, kind]) => {
        const content = cell(row);
        return html`<td key=${title} class=${kind ?? ''} data-h=${title} title=${typeof content === 'string' && content.length > 16 ? content : undefined}>${content}</td>`;
      })}</tr>`,
  )}</tbody></table></div>${data.more ? html`<div class="table-foot"><button class="btn sm" type="button" onClick=${() => setMost(most + 200)}>More</button></div>` : ''}`;
}

/** A plain page with a title. */
export const Plain = ({ title, note, actions, children, wide = true }) =>
  html`<main class="main plain" id="main" tabindex="-1"><div class="wrapper ${wide ? '' : 'narrow'}"><header class="row"><h1>${title}</h1><span class="dim small">${note}</span><span class="grow"></span>${actions}</header>${children}</div></main>`;

/** Tabs of a plain page. @param {{ tabs: [string, string, any?][], active: string, to: (id: string) => string, label: string }} props */
export const Tabs = ({ tabs, active, to, label }) =>
  html`<nav class="tabs flush" aria-label=${label}>${tabs.map(([id, title, n]) => html`<a key=${id} href=${to(id)} aria-current=${id === active ? 'page' : undefined}>${title}${n ? html`<span class="n">${n}</span>` : ''}</a>`)}</nav>`;
