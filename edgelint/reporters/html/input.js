// @ts-check
// The header, and all that pointer and keyboard do.

// ---- the header

const fileName = (/** @type {string} */ path) => path.split(/[/\\]/).pop() || path;

function header() {
  $("name").textContent = fileName(data.path);
  $("name").title = data.path;
  $("verdict").textContent = data.target ? `${data.target}: ${data.verdict.replaceAll("-", " ")}` : data.format;
  $("verdict").dataset.verdict = data.verdict;
  $("totals").replaceChildren(...data.totals.map(total));
  $("severities").replaceChildren(...SEVERITIES.map(severityButton));
  options("color", Object.keys(COLORS).filter(canColor).map((name) => [name, name]), state.color);
  options("view", data.views.map((view, number) => [number, view.title]), state.view);
  options("model", everything.pictures.map((each, number) => [number, modelWord(each, number)]), state.model);
  $("viewing").hidden = data.views.length < 2 || Boolean(everything.diff);
  $("modelling").hidden = everything.pictures.length < 2;
}

function total([title, value, basis]) {
  const head = element("dt", {}, basis === "exact" ? title : `${title} (${basis})`);
  return element("div", { title: basis }, head, element("dd", {}, value));
}

function canColor(/** @type {string} */ name) {
  return name === "runs on" ? Boolean(data.target) : name === "change" ? Boolean(everything.diff) : true;
}

function modelWord(picture, /** @type {number} */ number) {
  const name = fileName(picture.path);
  if (everything.diff) return `${number ? "new" : "old"}: ${name}`;
  return picture.target ? `${name} on ${picture.target}` : name;
}

function options(/** @type {string} */ id, /** @type {any[][]} */ choices, /** @type {any} */ chosen) {
  const option = ([value, label]) => element("option", { value, selected: value === chosen }, label);
  $(id).replaceChildren(...choices.map(option));
}

function severityButton(/** @type {string} */ severity) {
  const count = data.findings.filter((finding) => finding[2] === severity).length;
  return element("button", {
    type: "button", class: severity, "data-severity": severity, "aria-pressed": String(state.shown.has(severity)),
    on: { click: (event) => toggle(severity, event.currentTarget) },
  }, plural(count, severity));
}

function toggle(/** @type {string} */ severity, /** @type {Element} */ button) {
  if (!state.shown.delete(severity)) state.shown.add(severity);
  button.setAttribute("aria-pressed", String(state.shown.has(severity)));
  index.worst = sheet.boxes.findings.map((list) => worst(list));
  refresh(); panel();
}

function crumbs() {
  const { sheets } = data.views[state.view];
  const crumb = (each, number) => element("button", {
    type: "button", "aria-current": String(number === state.sheet), on: { click: () => open(state.view, number) },
  }, each.name || `graph ${number}`);
  $("crumbs").replaceChildren(...(sheets.length < 2 ? [] : sheets.map(crumb)));
}

function colorBy(/** @type {string} */ name) {
  state.color = name;
  $("color").value = name;
  legend(); refresh();
}

function nextColor() {
  const names = [...$("color").options].map((each) => each.value);
  colorBy(names[(names.indexOf(state.color) + 1) % names.length]);
}

function theme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  redraw();
}

$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") findText(event.target.value);
  if (event.key === "Escape") graph.focus();
  event.stopPropagation();
});
$("search").addEventListener("input", () => $("search").removeAttribute("aria-invalid"));
$("color").addEventListener("change", (event) => colorBy(event.target.value));
$("model").addEventListener("change", (event) => show(Number(event.target.value)));
$("view").addEventListener("change", (event) => open(Number(event.target.value), 0));
$("theme").addEventListener("click", theme);
$("help").addEventListener("click", () => $("keys").showModal());

// ---- the pointer on the graph

/** @type {{x: number, y: number, moved: boolean} | null} */ let drag = null;
const fingers = new Map();

function within(/** @type {{clientX: number, clientY: number}} */ event) {
  const area = graph.getBoundingClientRect();
  return [event.clientX - area.left, event.clientY - area.top];
}

graph.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) { zoomAt(Math.exp(-event.deltaY / 300), ...within(event)); return; }
  state.x += (event.shiftKey ? event.deltaY : event.deltaX) / state.zoom;
  state.y += (event.shiftKey ? 0 : event.deltaY) / state.zoom;
  redraw();
}, { passive: false });
graph.addEventListener("dblclick", (event) => zoomAt(1.6, ...within(event)));
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
  state.x -= dx / state.zoom;
  state.y -= dy / state.zoom;
  redraw();
});
addEventListener("pointerup", (event) => {
  const target = /** @type {any} */ (event.target);
  fingers.delete(event.pointerId);
  if (drag && !drag.moved && graph.contains(target)) choose(target);
  drag = null;
});
addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); drag = null; });

function choose(/** @type {any} */ target) {
  const box = target.closest(".box"), edge = target.dataset?.edge;
  if (box) select(Number(box.id.slice(4)), { move: false });
  else if (edge) select(sheet.edges.from[Number(edge)], { move: false });
  else unselect();
}

function pinch(/** @type {PointerEvent} */ event) {
  const [other] = [...fingers.values()].filter((each) => each.pointerId !== event.pointerId);
  const distance = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1;
  const between = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
  zoomAt(distance(event) / distance(fingers.get(event.pointerId)), ...within(between));
  fingers.set(event.pointerId, event);
}

graph.addEventListener("pointerover", (event) => {
  const { edges, wires } = sheet, edge = event.target.dataset?.edge, wire = edge ? edges.wire[Number(edge)] : -1;
  hint(wire < 0 ? "" : `${text(wires.name[wire])} ${text(wires.type[wire])} ${bytes(wires.bytes[wire])}`, event);
});

/** Words beside the pointer: at its right, or at its left. */
function hint(/** @type {string} */ words, /** @type {PointerEvent} */ event, left = false) {
  const hover = $("hover"), area = $("main").getBoundingClientRect();
  hover.hidden = !words;
  hover.textContent = words;
  const x = event.clientX - area.left, wide = hover.offsetWidth;
  const wanted = left ? strip.getBoundingClientRect().left - area.left - wide - 6 : x + 12;
  hover.style.left = `${Math.max(2, Math.min(wanted, area.width - wide - 2))}px`;
  hover.style.top = `${Math.min(event.clientY - area.top + 14, area.height - hover.offsetHeight - 2)}px`;
}

// ---- the sidebar's border

const grip = $("grip");

function widen(/** @type {number} */ width) {
  const fitting = Math.round(Math.min(Math.max(width, 220), innerWidth * 0.7));
  document.documentElement.style.setProperty("--side", `${fitting}px`);
  grip.setAttribute("aria-valuenow", String(fitting));
  redraw();
}

grip.addEventListener("pointerdown", (event) => {
  grip.setPointerCapture(event.pointerId);
  event.preventDefault();
});
grip.addEventListener("pointermove", (event) => {
  if (grip.hasPointerCapture(event.pointerId)) widen(innerWidth - event.clientX);
});
grip.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  widen($("side").offsetWidth + by);
});

// ---- keys

$("tabs").addEventListener("keydown", (event) => {
  const names = Object.keys(TABS), by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.stopPropagation();
  state.tab = names[(names.indexOf(state.tab) + by + names.length) % names.length];
  panel();
  $("tabs").querySelector('[aria-selected="true"]').focus();
});
$("panel").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.stopPropagation();
  const links = [...$("panel").querySelectorAll("a, summary")].filter((each) => each.getClientRects().length);
  const at = links.indexOf(document.activeElement), next = links[at < 0 && by > 0 ? 0 : at + by];
  if (next) { event.preventDefault(); next.focus(); }
});

/** Key to what it does; its help stands beside it. */
const KEYS = {
  "/": () => $("search").focus(),
  n: () => nextFinding(1),
  N: () => nextFinding(-1),
  ArrowDown: () => follow(true),
  ArrowUp: () => follow(false),
  ArrowLeft: (/** @type {boolean} */ shift) => shift && sideways(-1),
  ArrowRight: (/** @type {boolean} */ shift) => shift && sideways(1),
  Enter: () => $("panel").focus(),
  f: fit,
  "+": () => zoomAt(1.25),
  "=": () => zoomAt(1.25),
  // From above the graph its top stays where it is.
  "-": () => zoomAt(0.8, undefined, state.y < 0 ? -state.y * state.zoom : undefined),
  p: goToPeak,
  c: nextColor,
  d: () => { state.traced = !state.traced; refresh(); },
  g: otherGraph,
  "?": () => $("keys").showModal(),
  Escape: () => { graph.focus(); unselect(); },
};
const HELP = [
  ["/", "search"], ["n N", "next, previous finding"], ["↑ ↓", "follow an edge"], ["Shift ← →", "the next in the row"],
  ["Enter", "to the sidebar, where ↑ ↓ go from link to link"], ["f", "fit"], ["+ -", "zoom"], ["p", "peak of memory"],
  ["c", "next colour"], ["d", "dim all that does not depend on it"],
  ["g", everything.diff ? "the other model" : "other graph"], ["Esc", "leave"],
];
$("keys").append(table(HELP.map(([key, what]) => [element("kbd", {}, key), what])));

addEventListener("keydown", (event) => {
  const target = /** @type {any} */ (event.target);
  const own = /^(BUTTON|A|SUMMARY)$/.test(target.tagName) && event.key === "Enter";
  if (event.ctrlKey || event.metaKey || event.altKey || own) return;
  if (/INPUT|SELECT/.test(target.tagName) || $("keys").open) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(event.shiftKey); }
});

// ---- the start

addEventListener("resize", redraw);
addEventListener("beforeprint", beforePrint);
addEventListener("afterprint", afterPrint);
addEventListener("hashchange", fromLink);

if (data) {
  document.body.dataset.ready = "";
  show(everything.diff ? 1 : 0, false);
  fromLink();
  draw();
  document.body.dataset.boxes = String(live.boxes.size);
  document.body.dataset.nodes = String(sheet.boxes.x.length);
}
