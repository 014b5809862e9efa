// Where the nodes and edges of a graph are drawn: from above to below, or, of large graphs, from left to right. Pure.
// @ts-check

const CORNER = 9;
/** Between two nodes of a row, and between two rows. */
const GAP = 30;
const ROW_GAP = 36;
/** Names are drawn wider than the server measures them. */
const WIDER = 1.2;
/** A graph with more nodes beside each other, or more nodes, flows to the right. */
const MOST_BESIDE = 14;
const MOST = 500;

const r = (/** @type {number} */ n) => Math.round(n * 10) / 10;

/** The graph with its final coordinates, and the lines of its edges. @param {any} graph */
export function arrange(graph) {
  /** @type {Map<number, any[]>} */
  const levels = new Map();
  for (const node of graph.nodes) levels.set(node.level, [...(levels.get(node.level) ?? []), node]);
  const widest = Math.max(1, ...[...levels.values()].map((nodes) => nodes.length));
  return graph.nodes.length > MOST || widest > MOST_BESIDE ? right(graph) : down(graph, levels);
}

/** @param {any} graph @param {Map<number, any[]>} levels */
function down(graph, levels) {
  const longest = Math.max(0, ...graph.nodes.map((/** @type {any} */ node) => node.name.length));
  const width = Math.max(148, Math.min(240, 7.4 * longest + 60));
  const middle = (/** @type {any} */ node) => node.y + node.height / 2;
  const first = Math.min(...graph.nodes.map(middle));
  // The server keeps the middles of neighbours at least 68 apart.
  const scale = (width + GAP) / 68;
  const across = (/** @type {number} */ y) => width / 2 + (y - first) * scale;
  const tall = (/** @type {any} */ node) => (node.type === 'batch_worker' ? 64 : 44);
  /** @type {number[]} */
  const tops = [];
  /** @type {number[]} */
  const columns = [];
  let top = 0;
  const last = Math.max(...levels.keys());
  for (let level = 0; level <= last; level += 1) {
    const nodes = levels.get(level) ?? [];
    tops[level] = top;
    columns[level] = nodes.length ? nodes[0].x + nodes[0].width / 2 : (columns[level - 1] ?? 0) + 1;
    top += Math.max(44, ...nodes.map((node) => tall(node) + (node.type === 'batch_worker' ? 8 : 0))) + ROW_GAP;
  }
  const placed = new Map(
    graph.nodes.map((/** @type {any} */ node) => [
      node.id,
      { ...node, x: across(middle(node)) - width / 2, y: tops[node.level], width, height: tall(node) },
    ]),
  );
  /** @type {Map<string, any[]>} */
  const coming = new Map();
  for (const edge of graph.edges) coming.set(edge.to, [...(coming.get(edge.to) ?? []), edge]);
  for (const edges of coming.values()) edges.sort((a, b) => placed.get(a.from).x - placed.get(b.from).x);
  const edges = graph.edges.map((/** @type {any} */ edge) => {
    const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
    const siblings = coming.get(edge.to) ?? [];
    const place = siblings.indexOf(edge);
    const port = (place - (siblings.length - 1) / 2) * Math.min(24, (width - 40) / siblings.length);
    // Edges from further away bend later, so that lines to one node do not cross.
    const depth = Math.min(place, siblings.length - 1 - place);
    const lift = 14 + Math.min(3, depth) * 5;
    const stops = [];
    for (let level = from.level + 1; level < to.level; level += 1) stops.push([across(between(edge.points, columns[level])), level]);
    stops.push([to.x + width / 2 + port, to.level]);
    let at = from.x + width / 2;
    let path = `M${r(at)} ${r(from.y + from.height)}`;
    for (const [x, level] of stops) {
      const bend = tops[level] - lift;
      if (Math.abs(x - at) > 1) {
        const c = Math.min(CORNER, Math.abs(x - at) / 2);
        const side = Math.sign(x - at);
        path += `V${r(bend - c)}Q${r(at)} ${r(bend)} ${r(at + c * side)} ${r(bend)}H${r(x - c * side)}Q${r(x)} ${r(bend)} ${r(x)} ${r(bend + c)}`;
      }
      at = x;
      path += `V${r(tops[level])}`;
    }
    return { ...edge, d: path, head: `M${r(at - 3.5)} ${r(to.y - 6)}L${r(at)} ${r(to.y)}L${r(at + 3.5)} ${r(to.y - 6)}Z` };
  });
  const nodes = graph.nodes.map((/** @type {any} */ node) => placed.get(node.id));
  return fit({ ...graph, flow: 'down', nodes, edges, height: top - ROW_GAP });
}

/** Moves the drawing to the left edge. @param {any} graph */
function fit(graph) {
  const left = Math.min(...graph.nodes.map((/** @type {any} */ node) => node.x));
  const farthest = Math.max(...graph.nodes.map((/** @type {any} */ node) => node.x + node.width));
  return { ...graph, left, width: farthest - left };
}

/** The height of a line at a place, from the points that are left of it. @param {[number, number][]} points @param {number} x */
export function between(points, x) {
  for (let i = 1; i < points.length; i += 1) {
    const [[x1, y1], [x2, y2]] = [points[i - 1], points[i]];
    if (x <= x2 || i === points.length - 1) return x2 === x1 ? y2 : y1 + (y2 - y1) * Math.min(1, Math.max(0, (x - x1) / (x2 - x1)));
  }
  return points[0][1];
}

/** @param {any} graph */
function right(graph) {
  const wide = (/** @type {any} */ node) => ({ ...node, x: node.x * WIDER, width: node.width * WIDER });
  const edges = graph.edges.map((/** @type {any} */ edge) => {
    const points = edge.points.map(([x, y]) => [x * WIDER, y]);
    const [x, y] = points[points.length - 1];
    return { ...edge, points, d: sideways(points), head: `M${r(x - 6)} ${r(y - 3.5)}L${r(x)} ${r(y)}L${r(x - 6)} ${r(y + 3.5)}Z` };
  });
  return { ...graph, flow: 'right', nodes: graph.nodes.map(wide), edges, left: 0, width: graph.width * WIDER };
}

/** A line with right angles and round corners. @param {[number, number][]} points */
function sideways(points) {
  let path = `M${r(points[0][0])} ${r(points[0][1])}`;
  for (let i = 1; i < points.length; i += 1) {
    const [[x1, y1], [x2, y2]] = [points[i - 1], points[i]];
    if (Math.abs(y2 - y1) > 1) {
      const bend = (x1 + x2) / 2;
      const c = Math.min(CORNER, Math.abs(y2 - y1) / 2, Math.abs(x2 - x1) / 2);
      const side = Math.sign(y2 - y1);
      path += `H${r(bend - c)}Q${r(bend)} ${r(y1)} ${r(bend)} ${r(y1 + c * side)}V${r(y2 - c * side)}Q${r(bend)} ${r(y2)} ${r(bend + c)} ${r(y2)}`;
    }
    path += `H${r(x2)}`;
  }
  return path;
}
