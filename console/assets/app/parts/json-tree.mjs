// A JSON value as a tree: text only, drawn as far as it is opened, with copies of values and paths.
// @ts-check
import { html, useMemo, useState } from '../html.mjs';
import { children, parse, print } from '../json.mjs';
import { Copy, Icon } from './basics.mjs';
import { bytes } from '../format.mjs';

/** How many fields are drawn at once. */
const AT_ONCE = 200;
/** The longest string that is shown whole. */
const LONGEST = 400;

const brief = (/** @type {any} */ node) =>
  node.t === 'object'
    ? `${node.v.length} ${node.v.length === 1 ? 'field' : 'fields'}`
    : `${node.v.length} ${node.v.length === 1 ? 'item' : 'items'}`;

function Leaf({ node }) {
  const [whole, set] = useState(false);
  if (node.t !== 'string') return html`<span class="v ${node.t}">${node.v}</span>`;
  const text = JSON.stringify(node.v);
  if (text.length <= LONGEST || whole) return html`<span class="v string">${text}</span>`;
  return html`<span class="v string">${text.slice(0, LONGEST)}…</span> <button type="button" class="link small" onClick=${() => set(true)}>all ${text.length} characters</button>`;
}

function Branch({ name, node, depth, path }) {
  const isBranch = node.t === 'object' || node.t === 'array';
  const [open, set] = useState(depth < 2 && (!isBranch || node.v.length <= 40));
  const [most, setMost] = useState(AT_ONCE);
  if (!isBranch) return html`<li><span class="k">${name}</span>${name === '' ? '' : ' '}<${Leaf} node=${node} /></li>`;
  const rows = open ? children(node).slice(0, most) : [];
  return html`<li class=${open ? 'open' : 'shut'}><button type="button" class="twig" aria-expanded=${open} onClick=${() => set(!open)}><span class="k">${name}</span> <span class="p">${brief(node)}</span></button>
    ${open ? html`<ul>${rows.map(([key, one]) => html`<${Branch} key=${key} name=${key} node=${one} depth=${depth + 1} path=${`${path}/${key}`} />`)}${node.v.length > most ? html`<li><button type="button" class="link small" onClick=${() => setMost(most + AT_ONCE)}>${node.v.length - most} more</button></li>` : ''}</ul>` : ''}</li>`;
}

/** A value. @param {{ text?: string, node?: any, name?: string, label?: string }} props text: JSON as it came, so that numbers keep their digits */
export function JsonTree({ text, node, name = '', label }) {
  const read = useMemo(() => {
    if (node) return { node };
    try {
      return { node: parse(text ?? 'null') };
    } catch (error) {
      return { error };
    }
  }, [text, node]);
  if (!read.node) return html`<pre class="raw">${text}</pre>`;
  const top = read.node;
  const isBranch = top.t === 'object' || top.t === 'array';
  return html`<ul class="json" aria-label=${label}>${
    isBranch && !name
      ? top.v.length
        ? children(top)
            .slice(0, 500)
            .map(([key, one]) => html`<${Branch} key=${key} name=${key} node=${one} depth=${1} path=${`/${key}`} />`)
        : html`<li><span class="p">${top.t === 'object' ? '{ }' : '[ ]'}</span></li>`
      : html`<${Branch} name=${name} node=${top} depth=${0} path="" />`
  }</ul>`;
}

/** A value with its head: tree or raw, copy, download. */
export function Document({ title, text, href, file, children: more }) {
  const [raw, set] = useState(false);
  const pretty = useMemo(() => {
    try {
      return print(parse(text));
    } catch {
      return text;
    }
  }, [text]);
  return html`<section class="panel document"><header><h2 class="clip">${title}</h2><span class="dim small">${bytes(new Blob([text]).size)}</span>${more ?? ''}<span class="right row"><span class="group"><button class="btn sm" type="button" aria-pressed=${!raw} onClick=${() => set(false)}>Tree</button><button class="btn sm" type="button" aria-pressed=${raw} onClick=${() => set(true)}>Raw</button></span><${Copy} text=${pretty} label="Copy ${title}" />${href ? html`<a class="btn ghost sm icon" href=${href} download=${file ?? `${title}.json`} aria-label="Download ${title}" title="Download"><${Icon} name="save" small /></a>` : ''}</span></header><div class="section">${raw ? html`<pre class="raw" tabindex="0">${pretty}</pre>` : html`<${JsonTree} text=${text} label=${title} />`}</div></section>`;
}
