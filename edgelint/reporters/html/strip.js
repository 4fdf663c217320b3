// @ts-check
// The strip: memory over time, findings and the window, from the first step to the last.

const strip = $("strip");
const RULER = 10; // Pixels at the right edge, for findings.

function drawStrip() {
  const area = strip.getBoundingClientRect(), scale = devicePixelRatio || 1;
  const width = Math.max(1, area.width), height = Math.max(1, area.height);
  if (strip.width !== Math.round(width * scale) || strip.height !== Math.round(height * scale)) {
    strip.width = Math.round(width * scale);
    strip.height = Math.round(height * scale);
  }
  const pen = strip.getContext("2d");
  if (!pen) return;
  const css = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => css.getPropertyValue(`--${name}`).trim();
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  describeStep();
  if (!index.steps) return;
  const room = { width, height, inner: width - RULER - 2, color, most: stripScale() };
  drawMemory(pen, room);
  drawRuler(pen, room);
  drawWindow(pen, room);
}

/** Bytes at the right end of the bars. */
function stripScale() {
  const most = Math.max(index.most, greatest(otherMemory()));
  return Math.max(most, data.budget && data.budget < 3 * most ? data.budget : 0) || 1;
}

/** Memory over time of the model that this one is compared with. */
function otherMemory() {
  if (!everything.diff || state.sheet) return [];
  const other = 1 - state.model;
  return everything.pictures[other].views[everything.diff.views[other]].sheets[0].memory;
}

function drawMemory(/** @type {CanvasRenderingContext2D} */ pen, room) {
  const { width, height, inner, color, most } = room;
  if (!index.most) { label(pen, room, "memory", 14); label(pen, room, "unknown", 26); return; }
  pen.fillStyle = color("accent");
  pen.globalAlpha = 0.55;
  const rows = Math.round(height), bars = rowsOf(sheet.memory, rows);
  bars.forEach((bytesAlive, row) => pen.fillRect(0, row, (inner * bytesAlive) / most, 1.2));
  pen.globalAlpha = 1;
  const others = otherMemory();
  if (others.length) {
    pen.strokeStyle = color("warning");
    pen.lineWidth = 1.5;
    pen.beginPath();
    rowsOf(others, rows).forEach((bytesAlive, row) => pen.lineTo((inner * bytesAlive) / most, row));
    pen.stroke();
  }
  if (data.budget && data.budget <= most) {
    pen.fillStyle = color("error");
    pen.fillRect((inner * data.budget) / most, 0, 1.5, height);
  }
  const y = ((sheet.memory.indexOf(index.most) + 0.5) / index.steps) * height;
  pen.fillStyle = color("ink");
  pen.fillRect(0, y, inner, 1);
  label(pen, room, `${width < 70 ? "" : "peak "}${bytes(index.most)}`, y - 4);
}

/** The most that is alive in each of `rows` rows of pixels. */
function rowsOf(/** @type {(number|null)[]} */ memory, /** @type {number} */ rows) {
  return Array.from({ length: rows }, (_, row) => {
    const from = Math.floor((row * memory.length) / rows);
    const to = Math.max(from + 1, Math.floor(((row + 1) * memory.length) / rows));
    let most = 0;
    for (let step = from; step < to; step++) most = Math.max(most, memory[step] ?? 0);
    return most;
  });
}

/** Words on paper of their own, so that they read on any bar. */
function label(/** @type {CanvasRenderingContext2D} */ pen, room, /** @type {string} */ words, y) {
  const base = Math.min(room.height - 5, Math.max(12, y));
  pen.font = "10px system-ui, sans-serif";
  const wide = Math.min(room.inner - 4, pen.measureText(words).width);
  pen.fillStyle = room.color("paper");
  pen.globalAlpha = 0.85;
  pen.fillRect(2, base - 9.5, wide + 5, 12);
  pen.globalAlpha = 1;
  pen.fillStyle = room.color("ink");
  pen.fillText(words, 4, base, room.inner - 4);
}

function drawRuler(/** @type {CanvasRenderingContext2D} */ pen, { width, height, color }) {
  const tall = Math.max(2, height / index.steps);
  for (const severity of [...SEVERITIES].reverse()) {
    pen.fillStyle = color(severity);
    for (let box = 0; box < index.steps; box++) {
      if (index.worst[box] === severity) pen.fillRect(width - RULER, (box / index.steps) * height, RULER, tall);
    }
  }
}

function drawWindow(/** @type {CanvasRenderingContext2D} */ pen, { width, height, color }) {
  const [first, last] = span();
  const top = (first / index.steps) * height, bottom = ((last + 1) / index.steps) * height;
  pen.strokeStyle = color("ink");
  pen.lineWidth = 1.5;
  pen.strokeRect(0.75, Math.max(0.75, top), width - 1.5, Math.max(4, bottom - Math.max(0.75, top) - 0.75));
  if (state.step < 0) return;
  pen.fillStyle = color("accent");
  pen.fillRect(0, ((state.step + 0.5) / index.steps) * height - 1, width, 2);
}

function describeStep() {
  strip.setAttribute("aria-valuemin", "0");
  strip.setAttribute("aria-valuemax", String(Math.max(0, index.steps - 1)));
  strip.setAttribute("aria-valuenow", String(Math.max(0, state.step)));
  const { step } = state;
  const alive = step < 0 ? "no step chosen" : `${text(sheet.boxes.title[step])}, ${bytes(sheet.memory[step])} alive`;
  strip.setAttribute("aria-valuetext", alive);
}

/** The first and last step whose boxes are in the window. */
function span() {
  const { boxes } = sheet;
  const top = state.y, bottom = state.y + size().height / state.zoom;
  let first = index.steps, last = -1;
  for (let at = lowest(top - index.tallest); at < index.byTop.length; at++) {
    const box = index.byTop[at];
    if (boxes.y[box] > bottom) break;
    if (box >= index.steps || boxes.y[box] + boxes.h[box] < top) continue;
    first = Math.min(first, box);
    last = Math.max(last, box);
  }
  return last < 0 ? [0, 0] : [first, last];
}

function stepAt(/** @type {PointerEvent} */ event) {
  const area = strip.getBoundingClientRect();
  const step = Math.floor(((event.clientY - area.top) / area.height) * index.steps);
  return Math.min(index.steps - 1, Math.max(0, step));
}

const stripTab = () => (state.tab === "Alive" ? "Alive" : "Node");

strip.addEventListener("pointerdown", (event) => {
  if (!index.steps) return;
  strip.setPointerCapture(event.pointerId);
  select(stepAt(event), { tab: stripTab() });
});
strip.addEventListener("pointermove", (event) => {
  if (!index.steps) return;
  const step = stepAt(event), { boxes } = sheet;
  if (event.buttons) select(step, { tab: stripTab() });
  hint(`${text(boxes.title[step])} ${text(boxes.name[step])}: ${bytes(sheet.memory[step])} alive`, event, true);
});
strip.addEventListener("pointerleave", () => { $("hover").hidden = true; });
strip.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
  if (!by || !index.steps) return;
  event.preventDefault();
  event.stopPropagation();
  select(Math.min(index.steps - 1, Math.max(0, state.step + by)), { tab: state.tab });
});
