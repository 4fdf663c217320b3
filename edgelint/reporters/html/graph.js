// @ts-check
// The graph: only what is in the window is in the document; far out, a few shapes stand for everything.

const FAR = 0.22; // Zoom below which boxes are drawn as one shape per colour.
const LONG = 1600; // Pixels from which an edge is looked at in every frame.
const BUCKET = 400; // Pixels of height that edges are looked up by.
const EDGE = 60; // Pixels of the drawing that always stay in the window.

const stage = $("stage"), graph = $("graph");
const live = { boxes: new Map(), edges: new Map(), outlines: new Map(), far: false };
let asked = false;

/** What is where in the shown sheet. */
function prepare() {
  const { boxes, edges } = sheet;
  const count = boxes.x.length;
  const places = Array.from({ length: count }, (_, box) => box);
  const steps = sheet.memory.length;
  index = {
    steps,
    byTop: places.sort((a, b) => boxes.y[a] - boxes.y[b]),
    leaving: Array.from({ length: count }, () => []),
    entering: Array.from({ length: count }, () => []),
    buckets: new Map(), long: [],
    tallest: boxes.h.reduce((most, height) => Math.max(most, height), 0),
    most: greatest(sheet.memory),
    scales: { macs: greatest(boxes.macs), live: greatest(boxes.live), weights: greatest(boxes.weights) },
    dtypes: [...new Set(boxes.dtype.map(text))].filter(Boolean),
    worst: boxes.findings.map((list) => worst(list)),
    histograms: new Map(sheet.constants.map((each) => [each[0], each])),
  };
  edges.line.forEach((line, edge) => {
    index.leaving[edges.from[edge]].push(edge);
    index.entering[edges.to[edge]].push(edge);
    if (line.length) file(line, edge);
  });
}

/** The greatest of numbers of which some are unknown. */
const greatest = (/** @type {(number|null)[]} */ values) =>
  values.reduce((most, value) => Math.max(Number(most), value ?? 0), 0);

/** Notes in which stretches of height an edge is. */
function file(/** @type {number[]} */ line, /** @type {number} */ edge) {
  const top = line[1], bottom = line[line.length - 1];
  if (bottom - top > LONG) { index.long.push(edge); return; }
  for (let at = Math.floor(top / BUCKET); at <= Math.floor(bottom / BUCKET); at++) {
    if (!index.buckets.has(at)) index.buckets.set(at, []);
    index.buckets.get(at).push(edge);
  }
}

/** The worst severity that is shown among findings. */
function worst(/** @type {number[]} */ list) {
  const found = list.map((number) => data.findings[number][2]).filter((severity) => state.shown.has(severity));
  return SEVERITIES.find((severity) => found.includes(severity)) ?? "";
}

// ---- drawing

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

function clear() {
  for (const layer of ["scopes", "wires", "boxes"]) $(layer).replaceChildren();
  live.boxes.clear(); live.edges.clear(); live.outlines.clear(); live.far = false;
}

/** Draws everything anew, as after a change of colours. */
function refresh() { clear(); redraw(); }

function size() {
  const area = graph.getBoundingClientRect();
  return { width: area.width || 800, height: area.height || 600 };
}

function draw() {
  if (state.printing) return;
  const { width, height } = size();
  keepInside(width / state.zoom, height / state.zoom);
  stage.setAttribute("transform", `translate(${-state.x * state.zoom},${-state.y * state.zoom}) scale(${state.zoom})`);
  const far = state.zoom < FAR;
  if (far !== live.far) { clear(); live.far = far; }
  if (!far) drawNear(state.x, state.y, width / state.zoom, height / state.zoom);
  else if (!$("boxes").firstChild) drawFar(state.zoom);
  drawStrip();
}

/** Pulls the window back where it has left the drawing. */
function keepInside(/** @type {number} */ width, /** @type {number} */ height) {
  const edge = EDGE / state.zoom;
  state.x = Math.min(Math.max(state.x, edge - width), sheet.width - edge);
  state.y = Math.min(Math.max(state.y, edge - height), sheet.height - edge);
}

/** Everything in one path per colour, for when boxes are too small to read. */
function drawFar(/** @type {number} */ zoom) {
  const { boxes, edges } = sheet;
  const colors = new Map();
  for (let box = 0; box < boxes.x.length; box++) {
    const color = index.worst[box] ? COLORS.severity(box) : COLORS[state.color](box);
    const shape = `M${boxes.x[box]},${boxes.y[box]}h${boxes.w[box]}v${boxes.h[box]}h${-boxes.w[box]}z`;
    colors.set(color, (colors.get(color) ?? "") + shape);
  }
  const shapes = edges.line.map((line) => {
    let shape = "";
    for (let at = 0; at < line.length; at += 2) shape += `${at ? "L" : "M"}${line[at]},${line[at + 1]}`;
    return shape;
  });
  $("wires").append(drawn("path", { d: shapes.join(""), class: "far", "stroke-width": 0.6 / zoom }));
  for (const [color, shape] of colors) $("boxes").append(drawn("path", { d: shape, fill: color }));
}

/** Each element in a part of the drawing, in its coordinates. */
function drawNear(left, top, width, height) {
  const right = left + width, bottom = top + height;
  exchange(live.outlines, outlinesWithin(left, top, right, bottom), $("scopes"), makeOutline);
  exchange(live.boxes, boxesWithin(left, top, right, bottom), $("boxes"), makeBox);
  exchange(live.edges, edgesWithin(left, top, right, bottom), $("wires"), makeEdge);
}

function boxesWithin(left, top, right, bottom) {
  const { boxes } = sheet;
  const found = new Set();
  for (let at = lowest(top - index.tallest); at < index.byTop.length; at++) {
    const box = index.byTop[at];
    if (boxes.y[box] > bottom) break;
    const across = boxes.x[box] <= right && boxes.x[box] + boxes.w[box] >= left;
    if (across && boxes.y[box] + boxes.h[box] >= top) found.add(box);
  }
  return found;
}

function edgesWithin(left, top, right, bottom) {
  const found = new Set();
  const look = (/** @type {number} */ edge) => {
    const line = sheet.edges.line[edge];
    if (line[1] > bottom || line[line.length - 1] < top) return;
    let least = Infinity, most = -Infinity;
    for (let at = 0; at < line.length; at += 2) { least = Math.min(least, line[at]); most = Math.max(most, line[at]); }
    if (least <= right && most >= left) found.add(edge);
  };
  for (let at = Math.floor(top / BUCKET); at <= Math.floor(bottom / BUCKET); at++) {
    (index.buckets.get(at) ?? []).forEach(look);
  }
  index.long.forEach(look);
  return found;
}

function outlinesWithin(left, top, right, bottom) {
  const found = new Set();
  sheet.outlines.forEach(([, x, y, width, height], place) => {
    if (x <= right && x + width >= left && y <= bottom && y + height >= top) found.add(place);
  });
  return found;
}

/** The first place in `byTop` whose box begins at or below `y`. */
function lowest(/** @type {number} */ y) {
  let low = 0, high = index.byTop.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sheet.boxes.y[index.byTop[middle]] < y) low = middle + 1; else high = middle;
  }
  return low;
}

/** Takes out of the document what is not wanted any more, and puts in what is new. */
function exchange(/** @type {Map<number, Element>} */ present, /** @type {Set<number>} */ wanted, parent, make) {
  for (const [key, node] of present) if (!wanted.has(key)) { node.remove(); present.delete(key); }
  for (const key of wanted) {
    if (present.has(key)) continue;
    const node = make(key);
    present.set(key, node);
    parent.append(node);
  }
}

function makeBox(/** @type {number} */ box) {
  const { boxes } = sheet;
  const x = boxes.x[box], y = boxes.y[box], w = boxes.w[box], h = boxes.h[box];
  const color = COLORS[state.color](box), light = pale(color);
  const kind = ["box", light ? "pale" : "", index.worst[box], text(boxes.change[box])].filter(Boolean).join(" ");
  const group = drawn("g", { class: kind, id: `box-${box}`, role: "img", "aria-label": described(box) });
  group.classList.toggle("selected", box === state.box);
  group.classList.toggle("dimmed", isDimmed(box));
  group.append(
    drawn("rect", { x, y, width: w, height: h, rx: 5 }),
    drawn("path", { d: `M${x},${y + 22}v-17q0,-5 5,-5h${w - 10}q5,0 5,5v17z`, fill: color }),
    drawn("text", { x: x + 8, y: y + 15, class: "title" }, text(boxes.title[box])),
    ...boxes.lines[box].map((line, row) =>
      drawn("text", { x: x + 8, y: y + 34 + 15 * row, class: "line" }, text(line))),
  );
  const count = boxes.findings[box].filter((number) => state.shown.has(data.findings[number][2])).length;
  if (count) {
    group.append(
      drawn("circle", { cx: x + w, cy: y, r: 8, class: "mark" }),
      drawn("text", { x: x + w, y: y + 3.5, class: "badge" }, String(count)),
    );
  }
  return group;
}

function makeEdge(/** @type {number} */ edge) {
  const { edges, wires } = sheet;
  const line = edges.line[edge], from = edges.from[edge], to = edges.to[edge], d = way(line);
  const x = line[line.length - 2], y = line[line.length - 1];
  const near = from === state.box || to === state.box ? " near" : "";
  const group = drawn("g", {});
  group.classList.toggle("dimmed", isDimmed(from) || isDimmed(to));
  group.append(
    drawn("path", { d, class: `wire${near}` }),
    drawn("path", { d, class: "hit", "data-edge": edge }),
    drawn("path", { d: `M${x - 3.5},${y - 6}L${x + 3.5},${y - 6}L${x},${y}Z`, class: `tip${near}` }),
  );
  const upright = line.length === 4 && Math.abs(line[0] - line[2]) < 1;
  if (state.zoom >= 1 && upright && edges.wire[edge] >= 0) {
    const place = { x: line[0] + 5, y: (line[1] + line[3]) / 2 + 3, class: "shape" };
    group.append(drawn("text", place, text(wires.type[edges.wire[edge]])));
  }
  return group;
}

/** Smooth from point to point, and upright at all of them. */
function way(/** @type {number[]} */ line) {
  let d = `M${line[0]},${line[1]}`;
  for (let at = 2; at < line.length; at += 2) {
    const fromX = line[at - 2], fromY = line[at - 1], x = line[at], y = line[at + 1], middle = (fromY + y) / 2;
    d += fromX === x ? `L${x},${y}` : `C${fromX},${middle} ${x},${middle} ${x},${y}`;
  }
  return d;
}

function makeOutline(/** @type {number} */ place) {
  const [name, x, y, width, height] = sheet.outlines[place];
  const group = drawn("g", { class: "scope" });
  group.append(drawn("rect", { x, y, width, height, rx: 8 }));
  if (text(name)) group.append(drawn("text", { x: x + 6, y: y - 2 }, text(name)));
  return group;
}

/** Whether a box has nothing to do with the selected one, while that is asked for. */
function isDimmed(/** @type {number} */ box) { return state.traced && state.box >= 0 && !traced().has(box); }

/** The selected box with all above and below it that it depends on or that depend on it. */
function traced() {
  if (index.traced?.box === state.box) return index.traced.found;
  const found = new Set([state.box]);
  for (const [lists, end] of [[index.entering, sheet.edges.from], [index.leaving, sheet.edges.to]]) {
    const walk = [state.box];
    for (let box = walk.pop(); box !== undefined; box = walk.pop()) {
      for (const edge of lists[box]) if (!found.has(end[edge])) { found.add(end[edge]); walk.push(end[edge]); }
    }
  }
  index.traced = { box: state.box, found };
  return found;
}

// ---- the window

function zoomAt(/** @type {number} */ factor, px = size().width / 2, py = size().height / 2) {
  const zoom = Math.min(4, Math.max(0.01, state.zoom * factor));
  const crossing = (zoom >= 1) !== (state.zoom >= 1);
  state.x += px / state.zoom - px / zoom;
  state.y += py / state.zoom - py / zoom;
  state.zoom = zoom;
  if (crossing || zoom < FAR) clear();
  redraw();
}

/** The graph from its top, over its whole width as long as it can be read. */
function fit() {
  const { width } = size(), { boxes } = sheet;
  state.zoom = Math.min(1, Math.max(0.5, (width - 48) / Math.max(1, sheet.width)));
  const entry = Math.max(0, boxes.kind.indexOf(1)), wide = sheet.width * state.zoom > width;
  const middle = wide && boxes.x.length ? boxes.x[entry] + boxes.w[entry] / 2 : sheet.width / 2;
  state.x = middle - width / state.zoom / 2;
  state.y = -24 / state.zoom;
  refresh();
}

function center(/** @type {number} */ box) {
  const { width, height } = size(), { boxes } = sheet;
  if (state.zoom < FAR) state.zoom = 0.8;
  state.x = boxes.x[box] + boxes.w[box] / 2 - width / state.zoom / 2;
  state.y = boxes.y[box] + boxes.h[box] / 2 - height / state.zoom / 2;
}

const PRINTED = 400; // Boxes up to which all of them are printed to be read.

/** All of the graph in one picture, as large as the paper allows. */
function beforePrint() {
  clear();
  state.printing = true;
  stage.removeAttribute("transform");
  graph.setAttribute("viewBox", `-20 -20 ${sheet.width + 40} ${sheet.height + 40}`);
  graph.setAttribute("preserveAspectRatio", "xMidYMin");
  if (sheet.boxes.x.length <= PRINTED) drawNear(-20, -20, sheet.width + 40, sheet.height + 40); else drawFar(FAR);
}

function afterPrint() {
  state.printing = false;
  graph.removeAttribute("viewBox");
  graph.removeAttribute("preserveAspectRatio");
  refresh();
}
