// @ts-check
// What is selected, and the ways from there: to other graphs, along edges, to findings, by name.

function select(/** @type {number} */ box, { move = true, tab = "Node" } = {}) {
  state.box = box;
  if (box >= 0 && box < index.steps) state.step = box;
  if (box >= 0) {
    if (move) center(box);
    if (tab) state.tab = tab;
    graph.setAttribute("aria-activedescendant", `box-${box}`);
    say(described(box));
    history.replaceState(null, "", `#${addressOf(box)}`);
  }
  refresh(); panel();
}

function unselect() {
  state.box = -1; state.traced = false;
  graph.removeAttribute("aria-activedescendant");
  refresh(); panel();
}

/** The address of a box: m = model, v = view, g = graph, n = node by name, i = by number. */
function addressOf(/** @type {number} */ box) {
  const parts = new URLSearchParams(), name = text(sheet.boxes.name[box]);
  if (state.model) parts.set("m", String(state.model));
  if (state.view) parts.set("v", String(state.view));
  if (state.sheet) parts.set("g", String(state.sheet));
  if (name) parts.set("n", name); else parts.set("i", String(box));
  return parts;
}

/** Opens what the address of the page names; whether it names something. */
function fromLink() {
  if (location.hash.length < 2) return false;
  const asked = new URLSearchParams(location.hash.slice(1));
  const number = (/** @type {string} */ key) => Number(asked.get(key) ?? 0);
  const picture = everything.pictures[number("m")];
  if (!picture?.views[number("v")]?.sheets[number("g")]) return false;
  if (number("m") !== state.model) show(number("m"), false);
  if (number("v") !== state.view || number("g") !== state.sheet) open(number("v"), number("g"));
  const name = asked.get("n"), { boxes } = sheet;
  let box = asked.has("i") ? number("i") : -1;
  if (name !== null) box = boxes.name.findIndex((each) => text(each) === name);
  if (!(box >= 0 && box < boxes.x.length)) return false;
  if (box !== state.box) select(box);
  return true;
}

// ---- other graphs

/** Shows another model or target; of two that are compared, at the same node. */
function show(/** @type {number} */ model, carry = true) {
  const carried = carry ? matched() : null;
  state.model = model;
  data = everything.pictures[model];
  header();
  const view = everything.diff ? everything.diff.views[model] : 0;
  if (carried) open(view, carried[0], carried[1]); else open(view, 0);
}

/** Graph and box of the selected node in the other of two compared models. */
function matched() {
  const { diff } = everything;
  if (!diff || state.box < 0 || state.view !== diff.views[state.model]) return null;
  const [here, there] = state.model ? [2, 0] : [0, 2];
  const pair = diff.pairs.find((each) => each[here] === state.sheet && each[here + 1] === state.box);
  return pair ? [pair[there], pair[there + 1]] : null;
}

function open(/** @type {number} */ view, /** @type {number} */ number, box = -1) {
  const carried = view !== state.view && box < 0 ? counterpart(view) : null;
  state.view = view; state.sheet = carried ? carried[0] : number; state.box = -1; state.step = -1;
  sheet = data.views[view].sheets[state.sheet];
  prepare(); crumbs(); legend();
  $("view").value = String(view);
  const target = carried ? carried[1] : box;
  if (target >= 0) select(target); else { fit(); panel(); }
}

/** The box of another view that the selected one became, or was made of. */
function counterpart(/** @type {number} */ view) {
  if (state.box < 0) return null;
  for (const [fromSheet, fromBox, made] of data.links) {
    if (view === 1 && fromSheet === state.sheet && fromBox === state.box) return made[0];
    if (view === 0 && made.some(([s, b]) => s === state.sheet && b === state.box)) return [fromSheet, fromBox];
  }
  return byPort(view);
}

/** Inputs and outputs have no links, but names. */
function byPort(/** @type {number} */ view) {
  const { boxes } = sheet, kind = boxes.kind[state.box];
  if (!kind || state.sheet) return null;
  const other = data.views[view]?.sheets[0]?.boxes;
  const same = other ? other.kind.map((each, box) => (each === kind ? box : -1)).filter((box) => box >= 0) : [];
  const place = boxes.kind.slice(0, state.box).filter((each) => each === kind).length;
  return place < same.length ? [0, same[place]] : null;
}

function otherGraph() {
  if (everything.diff) show(1 - state.model);
  else if (data.views.length > 1) open(1 - state.view, 0);
}

// ---- along edges, to findings, by name

const middle = (/** @type {number} */ box) => sheet.boxes.y[box] + sheet.boxes.h[box] / 2;

function follow(/** @type {boolean} */ down) {
  if (state.box < 0) { select(index.byTop[0] ?? -1); return; }
  const edge = (down ? index.leaving : index.entering)[state.box][0];
  if (edge !== undefined) select((down ? sheet.edges.to : sheet.edges.from)[edge]);
}

function sideways(/** @type {number} */ by) {
  if (state.box < 0) return;
  const { x } = sheet.boxes;
  const row = index.byTop.filter((box) => Math.abs(middle(box) - middle(state.box)) < 2).sort((a, b) => x[a] - x[b]);
  select(row[(row.indexOf(state.box) + by + row.length) % row.length]);
}

function nextFinding(/** @type {number} */ by) {
  const here = (place) => place[0] === state.view;
  const list = data.findings.map((_, number) => number)
    .filter((number) => state.shown.has(data.findings[number][2]) && data.findings[number][6].some(here));
  if (!list.length) { say("no finding has a place in this graph"); return; }
  const at = list.indexOf(state.finding);
  const number = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length];
  goTo(number, data.findings[number][6].find(here));
}

function goTo(/** @type {number} */ number, /** @type {number[]} */ [view, where, box]) {
  state.finding = number;
  if (where !== state.sheet || view !== state.view) open(view, where);
  select(box);
}

function goToPeak() {
  const peak = sheet.memory.indexOf(index.most);
  if (peak >= 0 && index.most) select(peak, { tab: "Alive" });
}

function findText(/** @type {string} */ words) {
  const wanted = words.toLowerCase();
  const { boxes, wires } = sheet, count = boxes.x.length;
  const tensors = (box) => [...boxes.inputs[box], ...boxes.outputs[box]].map((wire) => text(wires.name[wire]));
  const said = (box) => [text(boxes.name[box]), text(boxes.title[box]), ...tensors(box)].join("\n").toLowerCase();
  let found = -1;
  for (let step = 1; wanted && step <= count && found < 0; step++) {
    const box = (Math.max(state.box, -1) + step + count) % count;
    if (said(box).includes(wanted)) found = box;
  }
  $("search").setAttribute("aria-invalid", String(Boolean(wanted) && found < 0));
  if (found >= 0) select(found); else if (wanted) say(`nothing is called ${words}`);
}
