// The drawing of a graph: SVG up to 500 nodes, with zoom, search, focus and a minimap; its twin as a list.
// @ts-check
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../html.mjs';
import { criticalEdges, edgeClass, neighbour, neverOf, nodeClass, nodeWords, reach, stateOf } from '../graph.mjs';
import { arrange } from '../arrange.mjs';
import { stepLook } from '../words.mjs';
import { count, plural } from '../format.mjs';
import { useKeys } from '../keys.mjs';
import { Glyph, Icon } from './basics.mjs';
import { GraphCanvas } from './graph-canvas.mjs';

const MARGIN = 24;
/** Room for the buttons above the drawing. */
const ABOVE = 52;
/** Above, a canvas is faster. */
const MOST_SVG = 500;
const ICONS = { decision: 'fork', deferred_convergence: 'join', batchable: 'stack', batch_worker: 'stack' };

const Batch = ({ node, x, y, w }) => {
  const by = node.group.by_state;
  const parts = [
    ['done', (by.complete ?? 0) + (by.resolved_manually ?? 0)],
    ['work', by.in_progress ?? 0],
    ['queued', by.enqueued ?? 0],
    ['retry', by.waiting_for_retry ?? 0],
    ['failed', by.error ?? 0],
    ['waiting', (by.pending ?? 0) + (by.cancelled ?? 0)],
  ].filter(([, n]) => n);
  const total = Math.max(1, node.group.total);
  let at = x;
  return parts.map(([hue, n]) => {
    const width = Math.max(3, (w * /** @type {number} */ (n)) / total - 1);
    const bar = html`<rect key=${hue} class="bar-${hue}" x=${at} y=${y} width=${width} height="6" rx="1" />`;
    at += width + 1;
    return bar;
  });
};

function Node({ node, about, selected, dimmed, choose, changed }) {
  const [x, y, w, h] = [node.x, node.y, node.width, node.height];
  const kind = nodeClass(node, about.isTemplate, about.never);
  const look = stepLook(!node.created && !about.isTemplate ? (about.never.has(node.id) ? 'not_created' : 'pending') : stateOf(node));
  const [what, right] = nodeWords(node, { ...about, due: about.due?.[node.id] });
  const middle = node.group ? 22 : h / 2;
  const left = about.isTemplate ? 14 : 38;
  const icon = ICONS[/** @type {'decision'} */ (node.type)];
  const room = w - left - 12 - what.length * 6;
  return html`<g class="node ${kind} ${dimmed ? 'dimmed' : ''}" onClick=${() => choose(node.id)}>
    <title>${node.name}: ${about.isTemplate ? what : look.word}${node.handler ? `, ${node.handler}` : ''}</title>
    ${selected ? html`<rect class="sel" x=${x - 4} y=${y - 4} width=${w + 8} height=${h + 8} rx="11" />` : ''}
    ${node.type === 'batch_worker' ? html`<rect class="stack" x=${x + 10} y=${y + 8} width=${w - 20} height=${h} rx="8" /><rect class="stack" x=${x + 5} y=${y + 4} width=${w - 10} height=${h} rx="8" />` : ''}
    <rect class="body" x=${x} y=${y} width=${w} height=${h} rx="8" />
    ${kind === 'n-retry' ? html`<rect class="ring" x=${x + 3} y=${y + 3} width=${w - 6} height=${h - 6} rx="5.5" />` : ''}
    ${about.isTemplate ? '' : look.turns ? html`<g transform="translate(${x + 20} ${y + middle})"><g class="spin"><svg class="g ${look.hue}" x="-8" y="-8" width="16" height="16"><use href="#g-${look.glyph}" /></svg></g></g>` : html`<svg class="g ${look.hue}" x=${x + 12} y=${y + middle - 8} width="16" height="16"><use href="#g-${look.glyph}" /></svg>`}
    <text class="name" x=${x + left} y=${y + middle - 2}>${clip(node.name, w - left - (icon ? 26 : 8), 7.2)}</text>
    <text class="what" x=${x + left} y=${y + middle + 13}>${what}</text>
    ${icon ? html`<svg class="k" x=${x + w - 24} y=${y + 7} width="14" height="14" viewBox="0 0 16 16"><use href="#i-${icon}" /></svg>` : ''}
    ${right && room > right.length * 6 ? html`<text x=${x + w - 12} y=${y + middle + 13} text-anchor="end">${right}</text>` : ''}
    ${node.group ? html`<${Batch} node=${node} x=${x + 12} y=${y + h - 14} w=${w - 24} />` : ''}
    ${changed ? html`<rect x=${x + w - 34} y=${y - 8} width=${changed === 'new' ? 30 : 52} height="15" rx="4" fill="var(--ink)" /><text class="flag" x=${x + w - 34 + (changed === 'new' ? 15 : 26)} y=${y + 3} text-anchor="middle">${changed}</text>` : ''}
  </g>`;
}
const clip = (/** @type {string} */ text, /** @type {number} */ width, /** @type {number} */ letter) =>
  text.length * letter <= width ? text : `${text.slice(0, Math.max(3, Math.floor(width / letter) - 1))}…`;

function Mini({ graph, about }) {
  const scale = Math.min(84 / graph.width, 62 / graph.height);
  return html`<div class="mini" aria-hidden="true"><svg width=${Math.max(12, graph.width * scale)} height=${Math.max(12, graph.height * scale)}>${graph.nodes.map(
    (/** @type {any} */ node) => {
      const hue = node.created ? stepLook(stateOf(node)).hue : 'waiting';
      return html`<rect key=${node.id} class="bar-${about.isTemplate ? 'waiting' : hue}" x=${(node.x - graph.left) * scale} y=${node.y * scale} width=${Math.max(2, node.width * scale)} height=${Math.max(2, node.height * scale)} rx="1" />`;
    },
  )}</svg></div>`;
}

/**
 * @param {{ graph: any, selected?: string | null, choose: (id: string | null) => void, now: number, due?: Record<string, string | null>, changed?: Record<string, string>, keys?: boolean, bare?: boolean }} props
 */
export function GraphView({ graph: given, selected = null, choose, now, due, changed = {}, keys = true, bare = false }) {
  const graph = useMemo(() => arrange(given), [given]);
  const isTemplate = graph.kind === 'template';
  const never = useMemo(() => neverOf(graph), [graph]);
  const nodes = useMemo(() => new Map(graph.nodes.map((/** @type {any} */ node) => [node.id, node])), [graph]);
  const [zoom, setZoom] = useState(0);
  const [wanted, setWanted] = useState('');
  const [focus, setFocus] = useState('all');
  const paper = useRef(/** @type {HTMLElement | null} */ (null));
  const [fit, setFit] = useState(1);
  const above = bare ? MARGIN : ABOVE;
  const [width, height] = [graph.width + 2 * MARGIN, graph.height + above + MARGIN];
  useLayoutEffect(() => {
    const element = paper.current;
    if (!element) return undefined;
    const measure = () =>
      setFit(Math.max(0.2, Math.min(1, (element.clientWidth - 8) / width, bare ? 1 : Math.max(0.62, (element.clientHeight - 8) / height))));
    measure();
    const size = new ResizeObserver(measure);
    size.observe(element);
    return () => size.disconnect();
  }, [width, height]);
  const scale = zoom || fit;
  const step = (/** @type {number} */ by) => setZoom(Math.max(0.2, Math.min(2.5, scale * by)));
  const walk = (/** @type {KeyboardEvent} */ event) => choose(neighbour(graph, selected, event.key));
  useKeys(
    keys && !bare
      ? {
          f: ['Fit the graph', () => setZoom(0)],
          '+': ['Zoom in', () => step(1.2)],
          '-': ['Zoom out', () => step(1 / 1.2)],
          ArrowDown: ['Step after', walk],
          ArrowUp: ['Step before', walk],
          ArrowLeft: ['Step to the left', walk],
          ArrowRight: ['Step to the right', walk],
        }
      : {},
  );
  useEffect(() => {
    const node = nodes.get(selected);
    const element = paper.current;
    if (!node || !element || bare) return;
    const [x, y] = [(node.x - graph.left + MARGIN) * scale, (node.y + above) * scale];
    if (x < element.scrollLeft || x + node.width * scale > element.scrollLeft + element.clientWidth)
      element.scrollLeft = x - element.clientWidth / 2;
    if (y < element.scrollTop || y + 60 > element.scrollTop + element.clientHeight) element.scrollTop = y - element.clientHeight / 2;
  }, [selected]);
  const lit = useMemo(() => {
    if (wanted)
      return new Set(graph.nodes.filter((/** @type {any} */ node) => node.name.includes(wanted)).map((/** @type {any} */ node) => node.id));
    if (focus === 'critical') return new Set(graph.analysis.critical_path);
    if (focus === 'failed')
      return new Set(
        graph.nodes
          .filter((/** @type {any} */ node) => stateOf(node) === 'error' || stateOf(node) === 'waiting_for_retry')
          .map((/** @type {any} */ node) => node.id),
      );
    if (selected && focus === 'before') return new Set([selected, ...reach(graph, selected, 'to')]);
    if (selected && focus === 'after') return new Set([selected, ...reach(graph, selected, 'from')]);
    return null;
  }, [graph, wanted, focus, selected]);
  const critical = useMemo(() => (focus === 'critical' ? criticalEdges(graph.analysis.critical_path) : new Set()), [graph, focus]);
  const about = { isTemplate, never, now, due };
  const drag = useRef(/** @type {any} */ (null));
  const down = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('.node, button'))) return;
    drag.current = { x: event.clientX + (paper.current?.scrollLeft ?? 0), y: event.clientY + (paper.current?.scrollTop ?? 0) };
  };
  const dragged = (/** @type {PointerEvent} */ event) => {
    if (!drag.current || !paper.current || !event.buttons) {
      drag.current = null;
      return;
    }
    paper.current.scrollLeft = drag.current.x - event.clientX;
    paper.current.scrollTop = drag.current.y - event.clientY;
  };
  const wheel = (/** @type {WheelEvent} */ event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      step(event.deltaY < 0 ? 1.1 : 1 / 1.1);
    }
  };
  const isBig = graph.nodes.length > MOST_SVG;
  return html`<div class="graph-wrap ${bare ? 'bare' : ''}">
    ${
      bare
        ? ''
        : html`<div class="bar"><label class="search"><${Icon} name="search" small /><input type="search" aria-label="Find a step" placeholder="Find a step" value=${wanted} onInput=${(/** @type {any} */ e) => setWanted(e.target.value.trim())} onKeyDown=${(
            /** @type {KeyboardEvent} */ e,
          ) => {
            if (e.key === 'Enter' && lit?.size) choose([...lit][0]);
          }} /></label>
      ${isTemplate ? '' : html`<select class="btn sm" aria-label="Focus" value=${focus} onChange=${(/** @type {any} */ e) => setFocus(e.target.value)}><option value="all">Focus: all</option><option value="failed">Failures</option><option value="critical">Critical path</option><option value="before">Before the chosen step</option><option value="after">After the chosen step</option></select>`}
      <span class="grow"></span><div class="group"><button class="btn sm icon" type="button" aria-label="Zoom out" onClick=${() => step(1 / 1.2)}><${Icon} name="minus" small /></button><button class="btn sm zoom" type="button" title="Original size" onClick=${() => setZoom(1)}>${Math.round(scale * 100)} %</button><button class="btn sm icon" type="button" aria-label="Zoom in" onClick=${() => step(1.2)}><${Icon} name="plus" small /></button></div><button class="btn sm icon" type="button" aria-label="Fit the graph" title="Fit the graph (f)" onClick=${() => setZoom(0)}><${Icon} name="fit" small /></button></div>`
    }
    ${
      isBig
        ? html`<${GraphCanvas} graph=${graph} selected=${selected} choose=${choose} lit=${lit} scale=${zoom || Math.max(0.4, fit)} />`
        : html`<div class="paper" ref=${paper} tabindex=${bare ? undefined : 0} role="group" aria-label="Drawing of the graph; the same follows as a list" onPointerDown=${down} onPointerMove=${dragged} onPointerUp=${() => {
            drag.current = null;
          }} onWheel=${wheel}>
      <svg class="graph" width=${Math.round(width * scale)} height=${Math.round(height * scale)} viewBox="0 0 ${Math.round(width)} ${Math.round(height)}" aria-hidden="true"><g transform="translate(${MARGIN - graph.left} ${above})">
        ${graph.edges.map((/** @type {any} */ edge) => {
          const kind = edgeClass(edge, nodes, /** @type {any} */ (critical), isTemplate);
          const dim = lit && !(lit.has(edge.from) && lit.has(edge.to)) ? 'dimmed' : '';
          return html`<g key=${`${edge.from} ${edge.to}`} class=${dim}><path class="e ${kind}" d=${edge.d} /><path class="h ${kind}" d=${edge.head} /></g>`;
        })}
        ${graph.nodes.map((/** @type {any} */ node) => html`<${Node} key=${node.id} node=${node} about=${about} selected=${node.id === selected} dimmed=${lit && !lit.has(node.id)} choose=${choose} changed=${changed[node.id]} />`)}
      </g></svg></div>`
    }
    ${bare || isBig || graph.nodes.length < 8 ? '' : html`<${Mini} graph=${graph} about=${about} />`}
  </div>${bare ? '' : html`<${Twin} graph=${graph} about=${about} selected=${selected} choose=${choose} />`}`;
}

/** The same graph as a list: failures first, then what works, then the order of execution. */
function Twin({ graph, about, selected, choose }) {
  const [open, setOpen] = useState(graph.nodes.length <= MOST_SVG);
  if (!open)
    return html`<button class="btn sm twin-more" type="button" onClick=${() => setOpen(true)}>List of ${plural(graph.nodes.length, 'step')}</button>`;
  const order = new Map(graph.analysis.execution_order.map((/** @type {string} */ id, /** @type {number} */ i) => [id, i]));
  const rank = (/** @type {any} */ node) =>
    about.isTemplate ? 0 : { failed: 0, retry: 1, work: 2, waiting: 3, done: 4 }[stepLook(node.created ? stateOf(node) : 'pending').hue];
  const nodes = [...graph.nodes].sort((a, b) => rank(a) - rank(b) || order.get(a.id) - order.get(b.id));
  const move = (/** @type {KeyboardEvent} */ event) => {
    const items = [.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll('[role=treeitem]')];
    const i = items.indexOf(/** @type {Element} */ (event.target));
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    /** @type {HTMLElement | undefined} */ (items[to])?.focus();
  };
  return html`<ul class="tree" role="tree" aria-label="Steps" onKeyDown=${move}>${nodes.map((node, i) => {
    const look = stepLook(
      node.created || about.isTemplate
        ? about.isTemplate
          ? 'pending'
          : stateOf(node)
        : about.never.has(node.id)
          ? 'not_created'
          : 'pending',
    );
    const [what, right] = nodeWords(node, { ...about, due: about.due?.[node.id] });
    const before = graph.edges.filter((/** @type {any} */ edge) => edge.to === node.id).map((/** @type {any} */ edge) => edge.from);
    const text = [
      what,
      before.length ? `after ${before.slice(0, 3).join(', ')}${before.length > 3 ? ` and ${count(before.length - 3)} more` : ''}` : '',
    ]
      .filter(Boolean)
      .join(', ');
    return html`<li key=${node.id} role="treeitem" aria-level="1" aria-setsize=${nodes.length} aria-posinset=${i + 1} aria-selected=${node.id === selected} tabindex=${node.id === selected || (!selected && i === 0) ? 0 : -1} aria-label="${node.name}, ${text}${right ? `, ${right}` : ''}" onClick=${() => choose(node.id)} onKeyDown=${(
      /** @type {KeyboardEvent} */ e,
    ) => {
      if (e.key === 'Enter' || e.key === ' ') {
        e.preventDefault();
        e.stopPropagation();
        choose(node.id);
      }
    }}><div class="it">${about.isTemplate ? html`<${Icon} name=${ICONS[/** @type {'decision'} */ (node.type)] ?? 'handler'} />` : html`<${Glyph} look=${look} />`}<span class="strong clip">${node.name}</span><span class="small dim">${right}</span><span class="sub">${text}</span></div></li>`;
  })}</ul>`;
}
