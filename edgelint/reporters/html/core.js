// @ts-check
// What all parts share: the data, what is shown of it, elements and words.
// Names come from a model file: they are set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const SEVERITIES = ["error", "warning", "note"];

const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** All pictures of the page; `data` is the one shown, `sheet` its graph, `index` what is looked up in that. */
const everything = JSON.parse($("data").textContent || "{}");
/** @type {any} */ let data = everything.pictures[0];
/** @type {any} */ let sheet;
/** @type {any} */ let index;

const state = {
  model: 0, view: 0, sheet: 0, box: -1, step: -1, finding: -1,
  tab: everything.diff ? "Changes" : "Findings",
  color: everything.diff ? "change" : "operator",
  traced: false, printing: false,
  x: 0, y: 0, zoom: 1,
  shown: new Set(SEVERITIES),
  filter: "",
};

/** A text of the shown picture, by its number. */
const text = (/** @type {number} */ number) => data.texts[number] ?? "";

// ---- elements

/** An HTML element with attributes and children; `on` holds its listeners. */
function element(/** @type {string} */ tag, /** @type {any} */ attributes = {}, /** @type {any[]} */ ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") {
      for (const [event, act] of Object.entries(value)) made.addEventListener(event, /** @type {any} */ (act));
    } else if (value !== undefined && value !== false) {
      made.setAttribute(key, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An SVG element. */
function drawn(/** @type {string} */ tag, /** @type {any} */ attributes, content = "") {
  const made = document.createElementNS(SVG, tag);
  for (const key in attributes) made.setAttribute(key, String(attributes[key]));
  if (content) made.textContent = content;
  return made;
}

/** A link that acts within the page. */
function link(/** @type {string} */ label, /** @type {() => void} */ act) {
  const click = (/** @type {Event} */ event) => { event.preventDefault(); act(); };
  return element("a", { href: "#", on: { click } }, label || "(no name)");
}

/** A table whose first column heads its rows; a cell may be text, an element or {number: text}. */
function table(/** @type {any[][]} */ rows) {
  const cell = (/** @type {any} */ content, /** @type {number} */ column) =>
    element(column ? "td" : "th", { class: content?.number ? "number" : undefined }, content?.number ?? content);
  return element("table", {}, element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map(cell)))));
}

// ---- words

const unknown = (/** @type {number|null|undefined} */ count) => count === null || count === undefined;

const amount = (/** @type {number|null} */ count) => (unknown(count) ? "unknown" : Number(count).toLocaleString("en"));

function bytes(/** @type {number|null} */ count) {
  if (unknown(count)) return "unknown";
  const size = Number(count);
  if (size < 1024) return `${size} B`;
  const power = Math.min(3, Math.floor(Math.log2(size) / 10));
  return `${(size / 1024 ** power).toFixed(1).replace(/\.0$/, "")} ${["", "KiB", "MiB", "GiB"][power]}`;
}

const plural = (/** @type {number} */ count, /** @type {string} */ word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** A number with four digits that count. */
const brief = (/** @type {number} */ number) => Number(number.toPrecision(4)).toString();

/** What a box is, for those who hear the page. */
function described(/** @type {number} */ box) {
  const { boxes } = sheet;
  const count = boxes.findings[box].length;
  const words = [boxes.title[box], boxes.name[box], boxes.change[box]].map(text);
  return [...words, count && plural(count, "finding")].filter(Boolean).join(", ");
}

function say(/** @type {string} */ words) { $("said").textContent = words; }

// ---- colours

const GREY = "#6e7681";
const EMPTY = "#e4e7ee";
const RAMP = ["#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594"];
const DTYPES = ["#2f5d9b", "#2d7353", "#80591f", "#8a3f77", "#9b3d3d", "#6a4a9c", "#5b5b66"];
const PLACES = { kernel: "#2d7353", NPU: "#2d7353", CPU: "#8f5d12", unsupported: "#c0353f", unknown: GREY };
const FOUND = { error: "#c0353f", warning: "#9a6700", note: "#0969da", "": GREY };
const CHANGES = { added: "#2d7353", removed: "#c0353f", changed: "#8f5d12", "": "#8c959f" };

/** By what boxes are coloured, and how. */
const COLORS = {
  change: (/** @type {number} */ box) => CHANGES[text(sheet.boxes.change[box])] ?? GREY,
  operator: (/** @type {number} */ box) => data.families[text(sheet.boxes.family[box])] ?? data.families.other,
  severity: (/** @type {number} */ box) => FOUND[index.worst[box]],
  MACs: (/** @type {number} */ box) => ramp("macs", box),
  "live bytes": (/** @type {number} */ box) => ramp("live", box),
  "weight bytes": (/** @type {number} */ box) => ramp("weights", box),
  dtype: (/** @type {number} */ box) => dtypeColor(text(sheet.boxes.dtype[box])),
  "runs on": (/** @type {number} */ box) => PLACES[text(sheet.boxes.runs[box])] ?? GREY,
};
const dtypeColor = (/** @type {string} */ name) => DTYPES[index.dtypes.indexOf(name) % DTYPES.length] ?? GREY;

/** Colours along a scale, and the columns that they show. */
const SCALES = { MACs: "macs", "live bytes": "live", "weight bytes": "weights" };

/** From light to dark, so that it reads in grey as well; by the root, as a few boxes often have nearly all. */
function ramp(/** @type {string} */ key, /** @type {number} */ box) {
  const value = sheet.boxes[key][box], most = index.scales[key];
  if (!value || !most) return EMPTY;
  return RAMP[Math.min(RAMP.length - 1, Math.floor(RAMP.length * Math.sqrt(value / most)))];
}

/** Whether black reads better on a colour than white. */
const pale = (/** @type {string} */ color) => color === EMPTY || RAMP.slice(0, 4).includes(color);

function swatch(/** @type {string} */ color, /** @type {string} */ label) {
  const square = drawn("svg", { viewBox: "0 0 10 10" });
  square.append(drawn("rect", { width: 10, height: 10, fill: color }));
  return element("span", {}, square, label);
}

/** What the colours mean. */
function legend() {
  const { color } = state, key = SCALES[color];
  const named = (/** @type {any} */ colors) =>
    Object.entries(colors).filter(([name]) => name).map(([name, fill]) => swatch(fill, name));
  let shown = [];
  if (key) {
    const most = key === "macs" ? amount(index.scales[key]) : bytes(index.scales[key]);
    shown = [[0, "few"], [3, ""], [6, `up to ${most}`]].map(([place, label]) => swatch(RAMP[place], label));
    shown.push(swatch(EMPTY, "none or unknown"));
  } else if (color === "dtype") {
    shown = index.dtypes.map((name) => swatch(dtypeColor(name), name));
  } else if (color === "runs on") {
    const places = [...new Set(sheet.boxes.runs.map(text))].filter(Boolean);
    shown = places.map((name) => swatch(PLACES[name] ?? GREY, name));
  } else if (color === "severity") {
    shown = named(FOUND);
  } else if (color === "change") {
    const curve = swatch("var(--warning)", `memory of the ${state.model ? "old" : "new"} model`);
    shown = [...named(CHANGES), curve];
  }
  $("legend").replaceChildren(...shown);
}
