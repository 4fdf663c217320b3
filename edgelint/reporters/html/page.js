// @ts-check
// The page: a graph drawn only where the window is, a strip of its execution, a sidebar.
// Names come from a model file: they are set as text, never as markup.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const everything = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent || "{}");
  /** @type {any} */ let data = everything.pictures[0];
  const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
  const text = (/** @type {number} */ number) => data.texts[number] ?? "";
  const SEVERITIES = ["error", "warning", "note"];
  const FAR = 0.22; // Zoom below which boxes are drawn as one shape per colour.
  const LONG = 1600; // Pixels from which an edge is looked at in every frame.
  const BUCKET = 400; // Pixels of height that edges are looked up by.
  const RAMP = ["#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594"];
  const PLACES = { kernel: "#2d7353", NPU: "#2d7353", CPU: "#b0741a", unsupported: "#c0353f", unknown: "#6e7681", "": "#6e7681" };
  const DTYPES = ["#2f5d9b", "#2d7353", "#80591f", "#8a3f77", "#9b3d3d", "#6a4a9c", "#5b5b66"];

  const state = {
    model: 0, view: 0, sheet: 0, box: -1, step: -1, tab: "Findings", color: "operator", traced: false,
    x: 0, y: 0, zoom: 1, shown: new Set(SEVERITIES), filter: "",
  };
  /** @type {any} */ let sheet;
  /** @type {any} */ let index;

  // ---- elements

  /** An HTML element with text, attributes and children. */
  function element(/** @type {string} */ tag, /** @type {any} */ attributes = {}, /** @type {any[]} */ ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "on") for (const [event, act] of Object.entries(/** @type {any} */ (value))) made.addEventListener(event, /** @type {any} */ (act));
      else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function drawn(/** @type {string} */ tag, /** @type {any} */ attributes, content = "") {
    const made = document.createElementNS(SVG, tag);
    for (const key in attributes) made.setAttribute(key, String(attributes[key]));
    if (content) made.textContent = content;
    return made;
  }

  const amount = (/** @type {number|null} */ count) => (count === null || count === undefined ? "unknown" : count.toLocaleString("en"));
  function bytes(/** @type {number|null} */ count) {
    if (count === null || count === undefined) return "unknown";
    for (const [unit, size] of /** @type {[string, number][]} */ ([["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]))
      if (count >= size) return `${(count / size).toFixed(1).replace(/\.0$/, "")} ${unit}`;
    return `${count} B`;
  }

  // ---- the sheet shown: what is where

  function prepare() {
    const { boxes, edges } = sheet;
    const count = boxes.x.length;
    const byTop = Array.from({ length: count }, (_, box) => box).sort((a, b) => boxes.y[a] - boxes.y[b]);
    const buckets = new Map(), long = [], leaving = [], entering = [];
    for (let box = 0; box < count; box++) { leaving.push([]); entering.push([]); }
    edges.line.forEach((line, edge) => {
      leaving[edges.from[edge]].push(edge);
      entering[edges.to[edge]].push(edge);
      if (!line.length) return;
      const top = line[1], bottom = line[line.length - 1];
      if (bottom - top > LONG) { long.push(edge); return; }
      for (let at = Math.floor(top / BUCKET); at <= Math.floor(bottom / BUCKET); at++) {
        if (!buckets.has(at)) buckets.set(at, []);
        buckets.get(at).push(edge);
      }
    });
    const steps = sheet.memory.length;
    index = {
      byTop, buckets, long, leaving, entering, steps,
      tallest: Math.max(0, ...boxes.h), most: sheet.memory.reduce((most, live) => Math.max(most, live ?? 0), 0),
      scales: {}, worst: boxes.findings.map((list) => worst(list)),
    };
    for (const key of ["macs", "live", "weights"]) index.scales[key] = boxes[key].reduce((most, value) => Math.max(most, value ?? 0), 0);
    index.dtypes = [...new Set(boxes.dtype.map(text))].filter(Boolean);
  }

  function worst(/** @type {number[]} */ list) {
    let best = SEVERITIES.length;
    for (const number of list) {
      const rank = SEVERITIES.indexOf(data.findings[number][2]);
      if (state.shown.has(SEVERITIES[rank])) best = Math.min(best, rank);
    }
    return SEVERITIES[best] ?? "";
  }

  const COLORS = {
    operator: (box) => data.families[text(sheet.boxes.family[box])] ?? data.families.other,
    severity: (box) => ({ error: "#c0353f", warning: "#9a6700", note: "#0969da", "": "#6e7681" })[index.worst[box]],
    MACs: (box) => ramp("macs", box),
    "live bytes": (box) => ramp("live", box),
    "weight bytes": (box) => ramp("weights", box),
    dtype: (box) => DTYPES[index.dtypes.indexOf(text(sheet.boxes.dtype[box])) % DTYPES.length] ?? "#6e7681",
    "runs on": (box) => PLACES[text(sheet.boxes.runs[box])] ?? PLACES.unknown,
  };

  function ramp(/** @type {string} */ key, /** @type {number} */ box) {
    const value = sheet.boxes[key][box], most = index.scales[key];
    if (!value || !most) return "#e4e7ee";
    return RAMP[Math.min(RAMP.length - 1, Math.floor((RAMP.length * Math.log1p(value)) / Math.log1p(most)))];
  }

  const pale = (/** @type {string} */ color) => ["#e4e7ee", ...RAMP.slice(0, 4)].includes(color);

  // ---- the graph

  const stage = $("stage"), graph = $("graph");
  const live = { boxes: new Map(), edges: new Map(), far: false };
  let asked = false;

  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }

  function clear() {
    $("wires").replaceChildren(); $("boxes").replaceChildren();
    live.boxes.clear(); live.edges.clear(); live.far = false;
  }

  function size() { const area = graph.getBoundingClientRect(); return { width: area.width || 800, height: area.height || 600 }; }

  function draw() {
    const { width, height } = size();
    stage.setAttribute("transform", `translate(${-state.x * state.zoom},${-state.y * state.zoom}) scale(${state.zoom})`);
    const far = state.zoom < FAR;
    if (far !== live.far) { clear(); live.far = far; }
    if (far) { if (!$("boxes").firstChild) drawFar(); } else drawNear(state.x, state.y, width / state.zoom, height / state.zoom);
    drawStrip();
  }

  /** Everything in one path per colour, for when boxes are too small to read. */
  function drawFar() {
    const { boxes, edges } = sheet;
    const colors = new Map();
    for (let box = 0; box < boxes.x.length; box++) {
      const color = index.worst[box] ? COLORS.severity(box) : COLORS[state.color](box);
      colors.set(color, (colors.get(color) ?? "") + `M${boxes.x[box]},${boxes.y[box]}h${boxes.w[box]}v${boxes.h[box]}h${-boxes.w[box]}z`);
    }
    let lines = "";
    for (const line of edges.line) for (let at = 0; at < line.length; at += 2) lines += `${at ? "L" : "M"}${line[at]},${line[at + 1]}`;
    $("wires").append(drawn("path", { d: lines, class: "far", "stroke-width": 1 / state.zoom }));
    for (const [color, shapes] of colors) $("boxes").append(drawn("path", { d: shapes, fill: color }));
  }

  function drawNear(left, top, width, height) {
    const { boxes, edges } = sheet;
    const right = left + width, bottom = top + height;
    const wanted = new Set();
    let at = lowest(top - index.tallest);
    for (; at < index.byTop.length; at++) {
      const box = index.byTop[at];
      if (boxes.y[box] > bottom) break;
      if (boxes.y[box] + boxes.h[box] >= top && boxes.x[box] <= right && boxes.x[box] + boxes.w[box] >= left) wanted.add(box);
    }
    exchange(live.boxes, wanted, $("boxes"), makeBox);
    const lines = new Set();
    const crosses = (edge) => {
      const line = edges.line[edge];
      if (line[1] > bottom || line[line.length - 1] < top) return;
      let least = Infinity, most = -Infinity;
      for (let x = 0; x < line.length; x += 2) { least = Math.min(least, line[x]); most = Math.max(most, line[x]); }
      if (least <= right && most >= left) lines.add(edge);
    };
    for (let bucket = Math.floor(top / BUCKET); bucket <= Math.floor(bottom / BUCKET); bucket++) (index.buckets.get(bucket) ?? []).forEach(crosses);
    index.long.forEach(crosses);
    exchange(live.edges, lines, $("wires"), makeEdge);
  }

  /** The first place in `byTop` whose box begins at or below `y`. */
  function lowest(/** @type {number} */ y) {
    let low = 0, high = index.byTop.length;
    while (low < high) { const middle = (low + high) >> 1; if (sheet.boxes.y[index.byTop[middle]] < y) low = middle + 1; else high = middle; }
    return low;
  }

  function exchange(/** @type {Map<number, Element>} */ present, /** @type {Set<number>} */ wanted, parent, make) {
    for (const [key, node] of present) if (!wanted.has(key)) { node.remove(); present.delete(key); }
    for (const key of wanted) if (!present.has(key)) { const node = make(key); present.set(key, node); parent.append(node); }
  }

  function makeBox(/** @type {number} */ box) {
    const { boxes } = sheet;
    const x = boxes.x[box], y = boxes.y[box], w = boxes.w[box], h = boxes.h[box];
    const group = drawn("g", { class: `box ${boxes.kind[box] ? "port" : ""} ${index.worst[box]}`, id: `box-${box}`, role: "img", "aria-label": described(box) });
    if (box === state.box) group.classList.add("selected");
    if (state.traced && state.box >= 0 && !traced().has(box)) group.classList.add("dimmed");
    const color = COLORS[state.color](box);
    group.append(
      drawn("rect", { x, y, width: w, height: h, rx: 5 }),
      drawn("path", { d: `M${x},${y + 22}v-17q0,-5 5,-5h${w - 10}q5,0 5,5v17z`, fill: color }),
      drawn("text", { x: x + 8, y: y + 15, class: "title", ...(pale(color) ? { fill: "#1f2328", "data-pale": "" } : {}) }, text(boxes.title[box])),
    );
    if (pale(color)) group.classList.add("port");
    boxes.lines[box].forEach((line, row) => group.append(drawn("text", { x: x + 8, y: y + 34 + 15 * row, class: "line" }, text(line))));
    const count = boxes.findings[box].filter((number) => state.shown.has(data.findings[number][2])).length;
    if (count) group.append(drawn("circle", { cx: x + w, cy: y, r: 8, class: "mark" }), drawn("text", { x: x + w, y: y + 3.5, class: "badge" }, String(count)));
    return group;
  }

  function described(/** @type {number} */ box) {
    const { boxes } = sheet, count = boxes.findings[box].length;
    return [text(boxes.title[box]), text(boxes.name[box]), count ? `${count} finding${count > 1 ? "s" : ""}` : ""].filter(Boolean).join(", ");
  }

  function makeEdge(/** @type {number} */ edge) {
    const line = sheet.edges.line[edge], near = sheet.edges.from[edge] === state.box || sheet.edges.to[edge] === state.box;
    const group = drawn("g", {}), d = way(line);
    const x = line[line.length - 2], y = line[line.length - 1], extra = near ? " near" : "";
    group.append(
      drawn("path", { d, class: `wire${extra}` }), drawn("path", { d, class: "hit", "data-edge": edge }),
      drawn("path", { d: `M${x - 3.5},${y - 6}L${x + 3.5},${y - 6}L${x},${y}Z`, class: `tip${extra}` }),
    );
    if (state.zoom >= 1 && line.length === 4 && sheet.edges.wire[edge] >= 0 && Math.abs(line[0] - line[2]) < 1)
      group.append(drawn("text", { x: line[0] + 5, y: (line[1] + line[3]) / 2 + 3, class: "shape" }, text(sheet.wires.type[sheet.edges.wire[edge]])));
    if (state.traced && state.box >= 0 && !(traced().has(sheet.edges.from[edge]) && traced().has(sheet.edges.to[edge]))) group.classList.add("dimmed");
    return group;
  }

  function way(/** @type {number[]} */ line) {
    let d = `M${line[0]},${line[1]}`;
    for (let at = 2; at < line.length; at += 2) {
      const middle = (line[at - 1] + line[at + 1]) / 2;
      d += Math.abs(line[at] - line[at - 2]) < 0.5 ? `L${line[at]},${line[at + 1]}`
        : `C${line[at - 2]},${middle} ${line[at]},${middle} ${line[at]},${line[at + 1]}`;
    }
    return d;
  }

  /** The selected box with all above and below it that it depends on or that depend on it. */
  function traced() {
    if (index.traced?.box === state.box) return index.traced.found;
    const found = new Set([state.box]);
    for (const [lists, end] of [[index.entering, sheet.edges.from], [index.leaving, sheet.edges.to]]) {
      const walk = [state.box];
      while (walk.length) for (const edge of lists[/** @type {number} */ (walk.pop())]) if (!found.has(end[edge]) || false) { found.add(end[edge]); walk.push(end[edge]); }
    }
    index.traced = { box: state.box, found };
    return found;
  }

  function refresh() { clear(); redraw(); }

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

  // ---- selection

  function select(/** @type {number} */ box, { move = true, tab = "Node" } = {}) {
    state.box = box;
    const node = box >= 0 && box < index.steps;
    if (node) state.step = box;
    if (box >= 0) {
      if (move) center(box);
      if (tab) state.tab = tab;
      graph.setAttribute("aria-activedescendant", `box-${box}`);
      $("said").textContent = described(box);
      const name = text(sheet.boxes.name[box]);
      history.replaceState(null, "", `#${new URLSearchParams({ ...(state.model ? { m: String(state.model) } : {}), ...(state.view ? { v: String(state.view) } : {}), ...(state.sheet ? { g: String(state.sheet) } : {}), ...(name ? { n: name } : { i: String(box) }) })}`);
    }
    refresh(); panel();
  }

  /** Shows another model or target. */
  function show(/** @type {number} */ model) {
    state.model = model;
    data = everything.pictures[model];
    header();
    open(0, 0);
  }

  function open(/** @type {number} */ view, /** @type {number} */ number, box = -1) {
    const carried = view !== state.view && box < 0 ? counterpart(view) : null;
    state.view = view; state.sheet = carried ? carried[0] : number; state.box = -1; state.step = -1;
    sheet = data.views[view].sheets[state.sheet];
    prepare(); crumbs(); $("view").value = String(view); legend();
    if (carried) select(carried[1]); else if (box >= 0) select(box); else { fit(); panel(); }
  }

  /** The box of another view that the selected one became, or was made of. */
  function counterpart(/** @type {number} */ view) {
    if (state.box < 0) return null;
    for (const [fromSheet, fromBox, made] of data.links) {
      if (view === 1 && fromSheet === state.sheet && fromBox === state.box) return made[0];
      if (view === 0 && made.some(([s, b]) => s === state.sheet && b === state.box)) return [fromSheet, fromBox];
    }
    return null;
  }

  function follow(/** @type {boolean} */ down, sideways = 0) {
    if (state.box < 0) { select(index.byTop[0] ?? -1); return; }
    if (sideways) {
      const row = index.byTop.filter((box) => Math.abs(middle(box) - middle(state.box)) < 2).sort((a, b) => sheet.boxes.x[a] - sheet.boxes.x[b]);
      select(row[(row.indexOf(state.box) + sideways + row.length) % row.length]);
      return;
    }
    const edge = (down ? index.leaving : index.entering)[state.box][0];
    if (edge !== undefined) select((down ? sheet.edges.to : sheet.edges.from)[edge]);
  }

  const middle = (/** @type {number} */ box) => sheet.boxes.y[box] + sheet.boxes.h[box] / 2;

  function nextFinding(/** @type {number} */ by) {
    const list = data.findings.map((finding, number) => [finding, number]).filter(([finding]) => state.shown.has(finding[2]) && finding[6].some((place) => place[0] === state.view));
    if (!list.length) return;
    const at = list.findIndex(([, number]) => number === state.finding);
    const [finding, number] = list[(at + by + list.length) % list.length];
    state.finding = number;
    const [view, where, box] = finding[6].find((place) => place[0] === state.view);
    if (where !== state.sheet || view !== state.view) open(view, where);
    select(box);
  }

  function findText(/** @type {string} */ words) {
    const wanted = words.toLowerCase();
    if (!wanted) return;
    const { boxes } = sheet, count = boxes.x.length, start = state.box;
    const tensors = (box) => [...boxes.inputs[box], ...boxes.outputs[box]].filter((wire) => wire >= 0).map((wire) => text(sheet.wires.name[wire]));
    for (let step = 1; step <= count; step++) {
      const box = (start + step + count) % count;
      const said = [text(boxes.name[box]), text(boxes.title[box]), ...tensors(box)].join("\n").toLowerCase();
      if (said.includes(wanted)) { select(box); return; }
    }
    $("said").textContent = `nothing is called ${words}`;
  }

  // ---- the strip: memory over time, findings, and the window, from the first step to the last

  function drawStrip() {
    const strip = $("strip"), area = strip.getBoundingClientRect(), scale = devicePixelRatio || 1;
    const width = Math.max(1, area.width), height = Math.max(1, area.height);
    if (strip.width !== Math.round(width * scale) || strip.height !== Math.round(height * scale)) { strip.width = Math.round(width * scale); strip.height = Math.round(height * scale); }
    const pen = strip.getContext("2d");
    if (!pen || !index.steps) { pen?.clearRect(0, 0, strip.width, strip.height); return; }
    const css = getComputedStyle(document.documentElement), color = (name) => css.getPropertyValue(name).trim();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const inner = width - 12, top = Math.max(index.most, data.budget && data.budget < 3 * index.most ? data.budget : 0) || 1;
    pen.fillStyle = color("--accent");
    pen.globalAlpha = 0.55;
    const rows = Math.round(height);
    for (let row = 0; row < rows; row++) {
      const from = Math.floor((row * index.steps) / rows), to = Math.max(from + 1, Math.floor(((row + 1) * index.steps) / rows));
      let most = 0;
      for (let step = from; step < to; step++) most = Math.max(most, sheet.memory[step] ?? 0);
      pen.fillRect(0, row, (inner * most) / top, 1.2);
    }
    pen.globalAlpha = 1;
    if (data.budget && data.budget <= top) { pen.fillStyle = color("--error"); pen.fillRect((inner * data.budget) / top, 0, 1.5, height); }
    const peak = sheet.memory.indexOf(index.most);
    pen.fillStyle = color("--ink"); pen.font = "10px system-ui, sans-serif";
    if (index.most > 0) {
      const y = ((peak + 0.5) / index.steps) * height;
      pen.fillRect(0, y, inner, 1);
      pen.fillText(`peak ${bytes(index.most)}`, 4, Math.min(height - 4, Math.max(11, y - 4)), inner);
    }
    for (let box = 0; box < index.steps; box++) if (index.worst[box]) { pen.fillStyle = color(`--${index.worst[box]}`); pen.fillRect(width - 10, (box / index.steps) * height, 10, Math.max(2, height / index.steps)); }
    const [first, last] = span();
    pen.strokeStyle = color("--ink"); pen.lineWidth = 1.5;
    pen.strokeRect(0.75, Math.max(0.75, (first / index.steps) * height), width - 1.5, Math.max(4, ((last + 1 - first) / index.steps) * height - 1));
    if (state.step >= 0) { pen.fillStyle = color("--accent"); pen.fillRect(0, ((state.step + 0.5) / index.steps) * height - 1, width, 2); }
    strip.setAttribute("aria-valuemin", "0"); strip.setAttribute("aria-valuemax", String(index.steps - 1));
    strip.setAttribute("aria-valuenow", String(Math.max(0, state.step)));
    strip.setAttribute("aria-valuetext", state.step >= 0 ? `${text(sheet.boxes.title[state.step])}, ${bytes(sheet.memory[state.step])} alive` : "no step chosen");
  }

  /** The first and last step whose boxes are in the window. */
  function span() {
    const top = state.y, bottom = state.y + size().height / state.zoom;
    let first = index.steps, last = -1;
    for (let at = lowest(top - index.tallest); at < index.byTop.length; at++) {
      const box = index.byTop[at];
      if (sheet.boxes.y[box] > bottom) break;
      if (box < index.steps && sheet.boxes.y[box] + sheet.boxes.h[box] >= top) { first = Math.min(first, box); last = Math.max(last, box); }
    }
    return last < 0 ? [0, 0] : [first, last];
  }

  // ---- the sidebar

  const TABS = { Node: nodePanel, Findings: findingsPanel, Outline: outlinePanel, Alive: alivePanel };

  function tabs() {
    $("tabs").replaceChildren(...Object.keys(TABS).map((name) => element("button", {
      type: "button", role: "tab", "aria-selected": String(name === state.tab), tabindex: name === state.tab ? 0 : -1,
      on: { click: () => { state.tab = name; panel(); } },
    }, name)));
  }

  function panel() {
    tabs();
    $("panel").replaceChildren(...TABS[state.tab]().filter(Boolean));
    $("panel").scrollTop = 0;
  }

  const table = (/** @type {any[][]} */ rows) => element("table", {}, element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, column) =>
    element(column ? "td" : "th", { class: cell?.number ? "number" : undefined }, cell?.number ?? cell))))));

  const tensors = (/** @type {any[][]} */ rows) => { const made = table(rows); made.classList.add("tensors"); return made; };

  function link(/** @type {string} */ label, /** @type {() => void} */ act) {
    return element("a", { href: "#", on: { click: (event) => { event.preventDefault(); act(); } } }, label || "(no name)");
  }

  function nodePanel() {
    if (state.box < 0) return [element("p", {}, "Choose a box, or press ↓."), notes()];
    const { boxes } = sheet, box = state.box, node = boxes.kind[box] === 0;
    const facts = [["name", text(boxes.name[box])]];
    if (node) {
      facts.push(["step", `${box + 1} of ${index.steps}`], ["MACs", amount(boxes.macs[box])], ["alive", bytes(boxes.live[box])], ["makes", bytes(boxes.output[box])], ["weights", bytes(boxes.weights[box])]);
      if (text(boxes.runs[box])) facts.push(["runs on", text(boxes.runs[box])]);
    }
    const other = counterpart(1 - state.view);
    return [
      element("h2", {}, text(boxes.title[box])), table(facts),
      other && data.views.length > 1 ? element("p", {}, link(`show in: ${data.views[1 - state.view].title}`, () => open(1 - state.view, other[0], other[1]))) : null,
      ...boxes.subgraphs[box].map((number) => element("p", {}, link(`open ${data.views[state.view].sheets[number]?.name || `graph ${number}`}`, () => open(state.view, number)))),
      ...findingItems(boxes.findings[box], false),
      ...wireList("inputs", boxes.inputs[box]), ...wireList("outputs", boxes.outputs[box]),
      boxes.attributes[box].length ? element("h3", {}, "attributes") : null,
      boxes.attributes[box].length ? table(boxes.attributes[box].map(([key, value]) => [text(key), text(value)])) : null,
    ];
  }

  function wireList(/** @type {string} */ title, /** @type {number[]} */ wires) {
    if (!wires.length) return [];
    const { wires: known } = sheet;
    return [element("h3", {}, title), element("ul", {}, ...wires.map((wire) => element("li", {}, wire < 0 ? "(omitted)" : element("span", {},
      text(known.name[wire]), element("br"), element("span", { class: "hint" }, [text(known.type[wire]), text(known.kind[wire]), bytes(known.bytes[wire]), text(known.quantization[wire])].filter(Boolean).join(" · ")),
    ))))];
  }

  function notes() {
    const said = [...data.notes, ...everything.unreadable];
    return said.length ? element("ul", { class: "hint" }, ...said.map((note) => element("li", {}, note))) : null;
  }

  function findingsPanel() {
    const numbers = data.findings.map((_, number) => number).filter((number) => state.shown.has(data.findings[number][2]) && matches(data.findings[number]));
    const filter = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter findings", value: state.filter, on: { input: (event) => { state.filter = event.target.value; const items = findingsPanel(); $("panel").replaceChildren(filter, ...items.slice(1).filter(Boolean)); } } });
    return [filter, element("p", {}, numbers.length ? `${numbers.length} of ${data.findings.length}` : data.findings.length ? "None of these." : "No findings."), ...findingItems(numbers, true), data.findings.length ? null : notes()];
  }

  const matches = (finding) => !state.filter || finding.slice(0, 6).join(" ").toLowerCase().includes(state.filter.toLowerCase());

  /** Findings by rule; each goes to its node. At most 300 are listed. */
  function findingItems(/** @type {number[]} */ numbers, /** @type {boolean} */ linked) {
    const rules = new Map();
    for (const number of numbers.slice(0, 300)) {
      const key = data.findings[number][0];
      if (!rules.has(key)) rules.set(key, []);
      rules.get(key).push(number);
    }
    const items = [...rules.values()].map((group) => {
      const [code, rule, severity, , hint] = data.findings[group[0]];
      return element("li", {},
        element("span", { class: `code ${severity}` }, `${code} ${rule}`), ` (${severity})`,
        ...group.map((number) => {
          const [, , , message, , node, places] = data.findings[number];
          const place = places.find((each) => each[0] === state.view) ?? places[0];
          return element("div", {}, linked && place ? link(node || "(no name)", () => go(number, place)) : null, linked && place ? ": " : "", message);
        }),
        hint ? element("div", { class: "hint" }, hint) : null);
    });
    return items.length ? [element("ul", {}, ...items)] : [];
  }

  function go(/** @type {number} */ number, /** @type {number[]} */ [view, where, box]) {
    state.finding = number;
    if (view !== state.view || where !== state.sheet) open(view, where);
    select(box);
  }

  /** The tree of names, by "/" or ".", with totals; scopes with many members are folded. */
  function outlinePanel() {
    const root = { parts: new Map(), boxes: [], macs: 0, weights: 0, count: 0 };
    for (let box = 0; box < index.steps; box++) {
      const parts = text(sheet.boxes.name[box]).split(/[/.]/).slice(0, -1).slice(0, 6);
      let at = root;
      for (const part of ["", ...parts]) {
        if (part || at !== root) { if (!at.parts.has(part)) at.parts.set(part, { parts: new Map(), boxes: [], macs: 0, weights: 0, count: 0 }); at = at.parts.get(part); }
        at.macs += sheet.boxes.macs[box] ?? 0; at.weights += sheet.boxes.weights[box] ?? 0; at.count += 1;
      }
      at.boxes.push(box);
    }
    let left = 2000;
    const branch = (node, depth) => [
      ...[...node.parts].map(([name, each]) => element("li", {}, element("details", { open: depth < 1 && node.parts.size < 12 },
        element("summary", {}, `${name || "(no name)"} `, element("span", { class: "hint" }, `${each.count} · ${amount(each.macs)} MACs · ${bytes(each.weights)}`)),
        element("ul", {}, ...branch(each, depth + 1))))),
      ...node.boxes.filter(() => left-- > 0).map((box) => element("li", {}, link(`${text(sheet.boxes.title[box])} ${text(sheet.boxes.name[box])}`, () => select(box)))),
    ];
    return [element("ul", {}, ...branch(root, 0)), left < 0 ? element("p", { class: "hint" }, `and ${-left} more`) : null];
  }

  function alivePanel() {
    const peak = sheet.memory.indexOf(index.most);
    const step = state.step >= 0 ? state.step : peak;
    if (step < 0) return [element("p", {}, "No memory is known.")];
    const { wires } = sheet, alive = [];
    for (let wire = 0; wire < wires.name.length; wire++) if (wires.first[wire] >= 0 && wires.first[wire] <= step && step <= wires.last[wire] && text(wires.kind[wire]) !== "constant") alive.push(wire);
    alive.sort((a, b) => (wires.bytes[b] ?? 0) - (wires.bytes[a] ?? 0));
    return [
      element("h2", {}, `step ${step + 1} of ${index.steps}: ${text(sheet.boxes.title[step])}`),
      element("p", {}, `${bytes(sheet.memory[step])} alive. `, step === peak ? "This is the peak." : link(`peak: step ${peak + 1}`, () => select(peak, { tab: "Alive" }))),
      tensors(alive.slice(0, 200).map((wire) => [link(text(wires.name[wire]), () => select(wires.first[wire])), text(wires.type[wire]), { number: bytes(wires.bytes[wire]) }])),
    ];
  }

  // ---- header

  function header() {
    $("name").textContent = data.path.split("/").pop();
    $("name").title = data.path;
    $("verdict").textContent = data.target ? `${data.target}: ${data.verdict.replaceAll("-", " ")}` : data.format;
    $("verdict").dataset.verdict = data.verdict;
    $("totals").replaceChildren(...data.totals.map(([title, value, basis]) => element("div", { title: basis }, element("dt", {}, basis === "exact" ? title : `${title} (${basis})`), element("dd", {}, value))));
    $("severities").replaceChildren(...SEVERITIES.map((severity) => {
      const count = data.findings.filter((finding) => finding[2] === severity).length;
      const button = element("button", { type: "button", class: severity, "aria-pressed": "true", "data-severity": severity, on: { click: () => toggle(severity, button) } }, `${count} ${severity}${count === 1 ? "" : "s"}`);
      button.setAttribute("aria-pressed", String(state.shown.has(severity)));
      return button;
    }));
    $("color").replaceChildren(...Object.keys(COLORS).filter((name) => name !== "runs on" || data.target).map((name) => element("option", { value: name }, name)));
    $("view").replaceChildren(...data.views.map((view, number) => element("option", { value: number }, view.title)));
    $("viewing").hidden = data.views.length < 2;
    $("model").replaceChildren(...everything.pictures.map((each, number) => element("option", { value: number, selected: number === state.model }, each.path.split("/").pop() + (each.target ? ` on ${each.target}` : ""))));
    $("modelling").hidden = everything.pictures.length < 2;
    $("keys").replaceChildren(table([["/", "search"], ["n N", "next, previous finding"], ["↑ ↓", "follow an edge"], ["Shift ← →", "the next in the row"], ["f", "fit"], ["+ -", "zoom"], ["p", "peak of memory"], ["c", "next colour"], ["d", "dim all but what depends on it"], ["g", "other graph"], ["Esc", "leave"]].map(([key, what]) => [element("kbd", {}, key), what])));
  }

  function toggle(/** @type {string} */ severity, /** @type {Element} */ button) {
    if (state.shown.has(severity)) state.shown.delete(severity); else state.shown.add(severity);
    button.setAttribute("aria-pressed", String(state.shown.has(severity)));
    index.worst = sheet.boxes.findings.map((list) => worst(list));
    refresh(); panel();
  }

  function crumbs() {
    const { sheets } = data.views[state.view];
    $("crumbs").replaceChildren(...(sheets.length < 2 ? [] : sheets.map((each, number) => element("button", { type: "button", "aria-current": String(number === state.sheet), on: { click: () => open(state.view, number) } }, each.name || `graph ${number}`))));
  }

  function legend() {
    const swatch = (color, label) => { const box = drawn("svg", { viewBox: "0 0 10 10" }); box.append(drawn("rect", { width: 10, height: 10, fill: color })); return element("span", {}, box, label); };
    const scale = { MACs: "macs", "live bytes": "live", "weight bytes": "weights" }[state.color];
    const shown = [];
    if (scale) { const most = index.scales[scale], say = scale === "macs" ? amount : bytes; shown.push(swatch(RAMP[0], "few"), swatch(RAMP[3], ""), swatch(RAMP[6], `up to ${say(most)}`), swatch("#e4e7ee", "none or unknown")); }
    else if (state.color === "dtype") index.dtypes.forEach((name, at) => shown.push(swatch(DTYPES[at % DTYPES.length], name)));
    else if (state.color === "runs on") for (const name of new Set(sheet.boxes.runs.map(text))) { if (name) shown.push(swatch(PLACES[name] ?? PLACES.unknown, name)); }
    else if (state.color === "severity") SEVERITIES.forEach((name, at) => shown.push(swatch(["#c0353f", "#9a6700", "#0969da"][at], name)));
    $("legend").replaceChildren(...shown);
  }

  function colorBy(/** @type {string} */ name) { state.color = name; $("color").value = name; legend(); refresh(); }

  function theme() {
    const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    redraw();
  }

  // ---- events

  graph.addEventListener("wheel", (event) => {
    event.preventDefault();
    const area = graph.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) zoomAt(Math.exp(-event.deltaY / 300), event.clientX - area.left, event.clientY - area.top);
    else { state.x += (event.shiftKey ? event.deltaY : event.deltaX) / state.zoom; state.y += (event.shiftKey ? 0 : event.deltaY) / state.zoom; redraw(); }
  }, { passive: false });
  /** @type {any} */ let drag = null;
  const fingers = new Map();
  graph.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    drag = { x: event.clientX, y: event.clientY, moved: false };
  });
  addEventListener("pointermove", (event) => {
    if (!drag || !fingers.has(event.pointerId)) return;
    if (fingers.size === 2) { pinch(event); return; }
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    drag = { x: event.clientX, y: event.clientY, moved: true };
    state.x -= dx / state.zoom; state.y -= dy / state.zoom; redraw();
  });
  function pinch(event) {
    const [other] = [...fingers.values()].filter((each) => each.pointerId !== event.pointerId), before = fingers.get(event.pointerId);
    const distance = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1, area = graph.getBoundingClientRect();
    zoomAt(distance(event) / distance(before), (event.clientX + other.clientX) / 2 - area.left, (event.clientY + other.clientY) / 2 - area.top);
    fingers.set(event.pointerId, event);
  }
  addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (drag && !drag.moved && graph.contains(event.target)) {
      const found = event.target.closest?.(".box"), edge = event.target.dataset?.edge;
      if (found) select(Number(found.id.slice(4)), { move: false });
      else if (edge) select(sheet.edges.from[Number(edge)], { move: false });
      else { state.box = -1; state.traced = false; refresh(); panel(); }
    }
    drag = null;
  });
  addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); drag = null; });
  graph.addEventListener("dblclick", (event) => { const area = graph.getBoundingClientRect(); zoomAt(1.6, event.clientX - area.left, event.clientY - area.top); });
  graph.addEventListener("pointerover", (event) => {
    const edge = event.target.dataset?.edge, wire = edge ? sheet.edges.wire[Number(edge)] : -1;
    tip(wire >= 0 ? `${text(sheet.wires.name[wire])} ${text(sheet.wires.type[wire])} ${bytes(sheet.wires.bytes[wire])}` : "", event);
  });
  function tip(/** @type {string} */ words, /** @type {any} */ event) {
    const hover = $("hover"), area = $("main").getBoundingClientRect();
    hover.hidden = !words; hover.textContent = words;
    hover.style.left = `${Math.min(event.clientX - area.left + 12, area.width - 220)}px`; hover.style.top = `${event.clientY - area.top + 14}px`;
  }
  const strip = $("strip");
  const stepAt = (event) => { const area = strip.getBoundingClientRect(); return Math.min(index.steps - 1, Math.max(0, Math.floor(((event.clientY - area.top) / area.height) * index.steps))); };
  strip.addEventListener("pointerdown", (event) => { if (index.steps) { strip.setPointerCapture(event.pointerId); select(stepAt(event), { tab: state.tab === "Alive" ? "Alive" : "Node" }); } });
  strip.addEventListener("pointermove", (event) => {
    if (!index.steps) return;
    const step = stepAt(event);
    if (event.buttons) select(step, { tab: state.tab === "Alive" ? "Alive" : "Node" });
    tip(`${text(sheet.boxes.title[step])} ${text(sheet.boxes.name[step])}: ${bytes(sheet.memory[step])} alive`, event);
    $("hover").style.left = `${strip.getBoundingClientRect().left - $("main").getBoundingClientRect().left - 230}px`;
  });
  strip.addEventListener("pointerleave", () => { $("hover").hidden = true; });
  strip.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (by && index.steps) { event.preventDefault(); event.stopPropagation(); select(Math.min(index.steps - 1, Math.max(0, state.step + by)), { tab: state.tab }); }
  });
  $("tabs").addEventListener("keydown", (event) => {
    const names = Object.keys(TABS), by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) { state.tab = names[(names.indexOf(state.tab) + by + names.length) % names.length]; panel(); $("tabs").querySelector('[aria-selected="true"]').focus(); }
  });
  $("search").addEventListener("keydown", (event) => { if (event.key === "Enter") findText(event.target.value); if (event.key === "Escape") graph.focus(); event.stopPropagation(); });
  $("color").addEventListener("change", (event) => colorBy(event.target.value));
  $("model").addEventListener("change", (event) => show(Number(event.target.value)));
  $("view").addEventListener("change", (event) => open(Number(event.target.value), 0));
  $("theme").addEventListener("click", theme);
  $("help").addEventListener("click", () => $("keys").showModal());
  const KEYS = {
    "/": () => $("search").focus(), n: () => nextFinding(1), N: () => nextFinding(-1), f: fit, "+": () => zoomAt(1.25), "=": () => zoomAt(1.25), "-": () => zoomAt(0.8),
    p: () => { const peak = sheet.memory.indexOf(index.most); if (peak >= 0) select(peak, { tab: "Alive" }); },
    c: () => { const names = [...$("color").options].map((each) => each.value); colorBy(names[(names.indexOf(state.color) + 1) % names.length]); },
    d: () => { state.traced = !state.traced; refresh(); }, g: () => { if (data.views.length > 1) open(1 - state.view, 0); },
    "?": () => $("keys").showModal(), ArrowDown: () => follow(true), ArrowUp: () => follow(false), ArrowLeft: (shift) => shift && follow(true, -1), ArrowRight: (shift) => shift && follow(true, 1),
    Enter: () => $("panel").focus(), Escape: () => { state.box = -1; state.traced = false; graph.focus(); refresh(); panel(); },
  };
  addEventListener("keydown", (event) => {
    const target = /** @type {any} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT/.test(target.tagName) || $("keys").open) return;
    if (/BUTTON|A|SUMMARY/.test(target.tagName) && event.key === "Enter") return;
    if (target === $("panel") && /Arrow/.test(event.key)) return;
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(event.shiftKey); }
  });
  addEventListener("resize", redraw);
  addEventListener("beforeprint", fit);
  addEventListener("hashchange", fromLink);

  /** Opens what the address names: m = model and target, v = view, g = graph, n = node by name, i = by number. */
  function fromLink() {
    const asked = new URLSearchParams(location.hash.slice(1)), model = Number(asked.get("m") ?? 0);
    if (!everything.pictures[model]) return false;
    if (model !== state.model) show(model);
    const view = Number(asked.get("v") ?? 0), where = Number(asked.get("g") ?? 0);
    if (!data.views[view]?.sheets[where]) return false;
    if (view !== state.view || where !== state.sheet) open(view, where);
    const name = asked.get("n"), number = asked.get("i");
    const box = name === null ? (number === null ? -1 : Number(number)) : sheet.boxes.name.findIndex((each) => text(each) === name);
    if (!(box >= 0 && box < sheet.boxes.x.length)) return false;
    if (box !== state.box) select(box);
    return true;
  }

  document.body.dataset.ready = "";
  if (!data) { delete document.body.dataset.ready; return; }
  show(0);
  fromLink();
  draw();
  document.body.dataset.boxes = String(live.boxes.size);
  document.body.dataset.nodes = String(sheet.boxes.x.length);
})();
