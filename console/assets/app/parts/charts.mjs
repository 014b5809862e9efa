// The chart of tasks over time, with a line where the reader points.
// @ts-check
import { html, useState } from '../html.mjs';
import { axisOf, labelled, lineOf, nearest, placeOf } from '../chart.mjs';
import { clock, count, stamp } from '../format.mjs';
import { zone } from '../session.mjs';

const WIDTH = 776;
const HEIGHT = 240;
const LEFT = 44;
const RIGHT = 768;
const BOTTOM = 212;
const TOP = 14;

/** @typedef {{ at: string, created: number, completed: number, failed: number }} Point */

/** Series of the chart: key and word. @type {['created' | 'completed' | 'failed', string][]} */
const SERIES = [
  ['created', 'created'],
  ['completed', 'completed'],
  ['failed', 'failed or blocked'],
];

/** Where the chart is wider than its box, the newest is seen first. @param {HTMLElement | null} box */
const toTheEnd = (box) => {
  if (box) box.scrollLeft = box.scrollWidth;
};

/** Tasks created, completed, and failed, over time. @param {{ points: Point[], minutes: number, title: string, to?: string }} props minutes between two points, where there is more */
export function TasksOverTime({ points, minutes, title, to }) {
  const [read, setRead] = useState(-1);
  const { step, top } = axisOf(Math.max(0, ...points.flatMap((point) => SERIES.map(([key]) => point[key]))));
  const box = { left: LEFT, right: RIGHT, bottom: BOTTOM, height: BOTTOM - TOP, top };
  const x = (/** @type {number} */ i) => placeOf(i, points.length, LEFT, RIGHT);
  const y = (/** @type {number} */ value) => BOTTOM - (box.height * value) / top;
  const width = Math.max(1, Math.min(7, ((RIGHT - LEFT) / Math.max(1, points.length)) * 0.6));
  const label = (/** @type {string} */ at) => (minutes >= 1440 ? stamp(at, zone.value).slice(5, 10) : clock(at, zone.value).slice(0, 5));
  const total = (/** @type {'created' | 'completed' | 'failed'} */ key) => count(points.reduce((sum, point) => sum + point[key], 0));
  const find = (/** @type {any} */ event) => {
    const area = event.currentTarget.getBoundingClientRect();
    setRead(nearest(((event.clientX - area.left) / area.width) * WIDTH, points.length, LEFT, RIGHT));
  };
  const point = points[read];
  const card = point ? Math.max(LEFT, Math.min(x(read) - (x(read) > WIDTH / 2 ? 128 : -12), RIGHT - 116)) : 0;
  const name = `${title}: ${SERIES.map(([key, word]) => `${total(key)} ${word}`).join(', ')}`;
  return html`<section class="panel"><header><h2>${to ? html`<a href=${to}>${title}</a>` : title}</h2><span class="right lg">${SERIES.map(([key, word], i) => html`<i key=${key} class="l${i + 1}"></i>${word} <b>${total(key)}</b>`)}</span></header>
    <div class="chartbox" ref=${toTheEnd}><svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${name} onPointerMove=${find} onPointerLeave=${() => setRead(-1)}>
      ${Array.from({ length: Math.round(top / step) + 1 }, (_, i) => html`<g key=${i}><path class=${i ? 'grid' : 'axis'} d="M${LEFT} ${y(i * step)}H${RIGHT}" /><text x=${LEFT - 8} y=${y(i * step) + 3.5} text-anchor="end">${count(i * step)}</text></g>`)}
      ${labelled(points.length, 5).map((i, n, list) => html`<text key=${i} x=${x(i)} y=${HEIGHT - 8} text-anchor=${list.length === 1 ? 'middle' : n === 0 ? 'start' : n === list.length - 1 ? 'end' : 'middle'}>${label(points[i].at)}</text>`)}
      ${points.map((one, i) => (one.failed ? html`<rect key=${i} class="bar" x=${x(i) - width / 2} y=${y(one.failed)} width=${width} height=${BOTTOM - y(one.failed)} rx="1" />` : ''))}
      <path class="s1" d=${lineOf(
        points.map((one) => one.created),
        box,
      )} /><path class="s2" d=${lineOf(
        points.map((one) => one.completed),
        box,
      )} />
      ${point ? html`<path class="reader" d="M${x(read)} ${TOP}V${BOTTOM}" /><circle class="c1" cx=${x(read)} cy=${y(point.created)} r="3" /><circle class="c2" cx=${x(read)} cy=${y(point.completed)} r="3" /><g class="card" transform="translate(${card} ${TOP + 2})"><rect width="116" height="78" rx="6" /><text class="tt" x="10" y="18">${minutes >= 60 ? stamp(point.at, zone.value).slice(5, 16) : label(point.at)}</text>${SERIES.map(([key, word], i) => html`<g key=${key}><text x="10" y=${36 + 16 * i}>${word.split(' ')[0]}</text><text class="tt" x="106" y=${36 + 16 * i} text-anchor="end">${count(point[key])}</text></g>`)}</g>` : ''}
    </svg></div></section>`;
}
