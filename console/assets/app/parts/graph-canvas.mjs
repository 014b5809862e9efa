// A graph of more than 500 nodes: a canvas that draws what is seen.
// @ts-check
import { html, useEffect, useRef } from '../html.mjs';
import { stateOf } from '../graph.mjs';
import { stepLook } from '../words.mjs';

const MARGIN = 24;

/** @param {{ graph: any, selected: string | null, choose: (id: string) => void, lit: Set<string> | null, scale: number }} props */
export function GraphCanvas({ graph, selected, choose, lit, scale }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const width = (graph.width + 2 * MARGIN) * scale;
  const height = (graph.height + 2 * MARGIN) * scale;
  useEffect(() => {
    const [element, surface] = [box.current, canvas.current];
    if (!element || !surface) return undefined;
    let frame = 0;
    const draw = () => {
      frame = 0;
      const style = getComputedStyle(document.documentElement);
      const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
      const dark =
        getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches;
      const probe = (/** @type {string} */ name) =>
        resolve(colour(name), document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : dark);
      const ratio = devicePixelRatio || 1;
      const [w, h] = [element.clientWidth, element.clientHeight];
      surface.width = w * ratio;
      surface.height = h * ratio;
      surface.style.width = `${w}px`;
      surface.style.height = `${h}px`;
      surface.style.transform = `translate(${element.scrollLeft}px, ${element.scrollTop}px)`;
      const pen = surface.getContext('2d');
      if (!pen) return;
      const [left, top] = [element.scrollLeft, element.scrollTop];
      pen.setTransform(ratio * scale, 0, 0, ratio * scale, (MARGIN * scale - left) * ratio, (MARGIN * scale - top) * ratio);
      const seen = {
        x1: left / scale - MARGIN - 40,
        x2: (left + w) / scale - MARGIN + 40,
        y1: top / scale - MARGIN - 40,
        y2: (top + h) / scale - MARGIN + 40,
      };
      pen.lineWidth = 1 / Math.min(1, scale);
      pen.strokeStyle = probe('--line-control');
      pen.beginPath();
      for (const edge of graph.edges) {
        const [a, b] = [edge.points[0], edge.points[edge.points.length - 1]];
        if (
          Math.max(a[1], b[1]) < seen.y1 ||
          Math.min(a[1], b[1]) > seen.y2 ||
          Math.max(a[0], b[0]) < seen.x1 ||
          Math.min(a[0], b[0]) > seen.x2
        )
          continue;
        pen.moveTo(a[0], a[1]);
        for (const [x, y] of edge.points.slice(1)) pen.lineTo(x, y);
      }
      pen.stroke();
      const hues = {
        waiting: probe('--waiting'),
        work: probe('--work'),
        retry: probe('--retry'),
        done: probe('--done'),
        failed: probe('--failed'),
      };
      const [panel, ink, iris] = [probe('--panel'), probe('--ink'), probe('--iris')];
      pen.font = '600 12px sans-serif';
      pen.textBaseline = 'middle';
      for (const node of graph.nodes) {
        const [x, y, nw, nh] = [node.x, node.y, node.width, node.height];
        if (x > seen.x2 || x + nw < seen.x1 || y > seen.y2 || y + nh < seen.y1) continue;
        pen.globalAlpha = lit && !lit.has(node.id) ? 0.25 : 1;
        const hue = hues[node.created || graph.kind === 'template' ? stepLook(stateOf(node)).hue : 'waiting'];
        pen.fillStyle = panel;
        pen.strokeStyle = node.id === selected ? iris : hue;
        pen.lineWidth = node.id === selected ? 3 : 1.25;
        pen.beginPath();
        pen.roundRect(x, y, nw, nh, 8);
        pen.fill();
        pen.stroke();
        pen.fillStyle = hue;
        pen.fillRect(x + 8, y + nh / 2 - 5, 10, 10);
        if (scale > 0.35) {
          pen.fillStyle = ink;
          pen.fillText(
            node.name.length * 7 > nw - 30 ? `${node.name.slice(0, Math.floor((nw - 36) / 7))}…` : node.name,
            x + 24,
            y + nh / 2,
          );
        }
      }
      pen.globalAlpha = 1;
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    draw();
    element.addEventListener('scroll', soon, { passive: true });
    const size = new ResizeObserver(soon);
    size.observe(element);
    return () => {
      element.removeEventListener('scroll', soon);
      size.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [graph, selected, lit, scale]);
  const click = (/** @type {MouseEvent} */ event) => {
    const area = canvas.current?.getBoundingClientRect();
    const element = box.current;
    if (!area || !element) return;
    const x = (event.clientX - area.left + element.scrollLeft) / scale - MARGIN;
    const y = (event.clientY - area.top + element.scrollTop) / scale - MARGIN;
    const hit = graph.nodes.find(
      (/** @type {any} */ node) => x >= node.x && x <= node.x + node.width && y >= node.y && y <= node.y + node.height,
    );
    if (hit) choose(hit.id);
  };
  return html`<div class="paper canvas" ref=${box} tabindex="0" role="group" aria-label="Drawing of the graph; the list of steps says the same"><div class="sheet" style=${{ width: `${width}px`, height: `${height}px` }}><canvas ref=${canvas} onClick=${click}></canvas></div></div>`;
}

/** One side of `light-dark(a, b)`. @param {string} value @param {boolean} dark */
function resolve(value, dark) {
  const both = /^light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)$/i.exec(value);
  return both ? both[dark ? 2 : 1] : value;
}
