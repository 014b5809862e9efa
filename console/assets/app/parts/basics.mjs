// Small parts: icons, glyphs, state words, ids, times, chips, segments.
// @ts-check
import { html, useState } from '../html.mjs';
import { age, clock, count, shortId, stamp } from '../format.mjs';
import { now, zone } from '../session.mjs';

export const Icon = ({ name, small, class: more = '' }) =>
  html`<svg class="i ${small ? 's14' : ''} ${more}" aria-hidden="true"><use href="#i-${name}" /></svg>`;

/** A state's glyph. @param {{ look: import('../words.mjs').Look, class?: string }} props */
export const Glyph = ({ look, class: more = '' }) =>
  look.glyph === 'pause'
    ? html`<svg class="i ${look.hue} ${more}" aria-hidden="true"><use href="#i-pause" /></svg>`
    : html`<svg class="g ${look.hue} ${look.turns ? 'turn' : ''} ${more}" aria-hidden="true"><use href="#g-${look.glyph}" /></svg>`;

/** Glyph and word. @param {{ look: import('../words.mjs').Look, word?: string }} props */
export const StateWord = ({ look, word }) =>
  html`<span class="state ${look.hue}"><${Glyph} look=${look} /><span>${word ?? look.word}</span>${look.glyph === 'manual' ? html`<${Icon} name="hand" small />` : ''}</span>`;

/** How long ago, with the time itself on hover. */
export function Ago({ at, suffix = '' }) {
  if (!at) return html`<span class="dim">–</span>`;
  return html`<time datetime=${at} title=${stamp(at, zone.value)}>${age(now.value - Date.parse(at))}${suffix}</time>`;
}
/** A time of day, with the date on hover. */
export const Clock = ({ at }) =>
  at ? html`<time datetime=${at} title=${stamp(at, zone.value)}>${clock(at, zone.value)}</time>` : html`<span class="dim">–</span>`;
/** Date and time. */
export const Stamp = ({ at }) => (at ? html`<time datetime=${at}>${stamp(at, zone.value)}</time>` : html`<span class="dim">–</span>`);

/** An id, shortened, and a button that copies it. */
export function CopyId({ id, label = 'id', whole = false }) {
  return html`<span class="copyid"><b class="mono" title=${id}>${whole ? id : shortId(id)}</b><${Copy} text=${id} label="Copy the ${label}" /></span>`;
}

/** A button that copies text, and says so. */
export function Copy({ text, label = 'Copy', children }) {
  const [done, set] = useState(false);
  const copy = async (/** @type {Event} */ event) => {
    event.stopPropagation();
    event.preventDefault();
    await copyText(text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<button type="button" class="btn ghost sm ${children ? '' : 'icon'}" aria-label=${children ? undefined : label} title=${done ? 'Copied' : label} onClick=${copy}><${Icon} name=${done ? 'check' : 'copy'} small />${children ? (done ? 'Copied' : children) : ''}</button>`;
}

/** Copies text, also without TLS. @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** The states of a task's steps, in fixed order. @param {{ parts: [string, string, number][], tall?: boolean }} props class, word, number */
export function Segments({ parts, tall }) {
  const shown = parts.filter(([, , n]) => n > 0);
  const label = shown.map(([, word, n]) => `${count(n)} ${word}`).join(', ');
  return html`<div class="seg ${tall ? 'tall' : ''} grow" role="img" aria-label=${label || 'no steps'} title=${label}>${shown.map(([hue, , n]) => html`<i key=${hue} class=${hue} style=${{ '--n': n }}></i>`)}${shown.length ? '' : html`<i class="waiting" style=${{ '--n': 1 }}></i>`}</div>`;
}

/** Segments of the counts in a task's summary. @param {any} steps @returns {[string, string, number][]} */
export function segmentsOf(steps) {
  const failed = steps.failed ?? 0;
  const waiting = steps.total - steps.satisfied - steps.running - steps.retrying - failed - (steps.isolated ?? 0);
  return [
    ['done', 'done', steps.satisfied],
    ['work', 'running', steps.running],
    ['retry', 'wait for retry', steps.retrying],
    ['failed', 'failed', failed + (steps.isolated ?? 0)],
    ['waiting', 'waiting', Math.max(0, waiting)],
  ];
}

export const Tag = ({ children }) => html`<span class="tag" title=${children}>${children}</span>`;

/** A filter that is in force. */
export const Chip = ({ name, value, mine, onRemove, onClick, title }) =>
  html`<span class="chip ${mine ? 'mine' : ''}"><button type="button" class="chip-text" title=${title ?? 'Change this filter'} onClick=${onClick}><span class="k">${name}</span> ${value}</button>${onRemove ? html`<button type="button" class="chip-x" aria-label="Remove the filter ${name}" title="Remove" onClick=${onRemove}><${Icon} name="x" small class="x" /></button>` : ''}</span>`;

/** Facts as pairs. @param {{ pairs: [string, any][] }} props */
export const Facts = ({ pairs }) =>
  html`<dl class="facts">${pairs.filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]) => html`<dt key=${name}>${name}</dt><dd title=${typeof value === 'string' ? value : undefined}>${value}</dd>`)}</dl>`;
