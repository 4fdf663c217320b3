// @ts-check
// The sidebar: what is known of the selection, and lists that lead to it.

const LISTED = 300; // Findings, tensors or constants that are listed at most.
const OUTLINED = 2000; // Nodes in the outline.

/** @type {Record<string, () => any[]>} */
const TABS = {
  ...(everything.diff ? { Changes: changesPanel } : {}),
  Node: nodePanel, Findings: findingsPanel, Outline: outlinePanel, Alive: alivePanel, Weights: weightsPanel,
};

function panel() {
  const names = Object.keys(TABS);
  $("tabs").replaceChildren(...names.map((name) => element("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel",
    "aria-selected": String(name === state.tab), tabindex: name === state.tab ? 0 : -1,
    on: { click: () => { state.tab = name; panel(); } },
  }, name)));
  $("panel").setAttribute("aria-labelledby", `tab-${state.tab}`);
  $("panel").replaceChildren(...TABS[state.tab]().filter(Boolean));
  $("panel").scrollTop = 0;
}

const hinted = (/** @type {string} */ words) => element("div", { class: "hint" }, words);

function more(/** @type {number} */ count) { return count > LISTED ? hinted(`and ${count - LISTED} more`) : null; }

// ---- Node

function nodePanel() {
  if (state.box < 0) return [element("p", {}, "Choose a box, or press ↓."), notes()];
  const { boxes } = sheet, box = state.box;
  const attributes = boxes.attributes[box].map(([key, value]) => [text(key), text(value)]);
  return [
    element("h2", {}, text(boxes.title[box])),
    table(nodeFacts(box)),
    ...nodeLinks(box),
    ...changedFields(box),
    ...findingItems(boxes.findings[box], false),
    ...wireList("inputs", boxes.inputs[box]),
    ...wireList("outputs", boxes.outputs[box]),
    attributes.length ? element("h3", {}, "attributes") : null,
    attributes.length ? table(attributes) : null,
  ];
}

function nodeFacts(/** @type {number} */ box) {
  const { boxes } = sheet;
  const facts = [["name", text(boxes.name[box])]];
  if (boxes.kind[box] !== 0) return facts;
  facts.push(
    ["step", `${box + 1} of ${index.steps}`], ["MACs", amount(boxes.macs[box])], ["alive", bytes(boxes.live[box])],
    ["makes", bytes(boxes.output[box])], ["weights", bytes(boxes.weights[box])],
  );
  if (text(boxes.runs[box])) facts.push(["runs on", text(boxes.runs[box])]);
  return facts;
}

function nodeLinks(/** @type {number} */ box) {
  const { views } = data;
  const found = [], other = views.length > 1 ? counterpart(1 - state.view) : null, pair = matched();
  if (other) found.push([`show ${views[1 - state.view].title}`, () => open(1 - state.view, other[0], other[1])]);
  if (pair) found.push([`show in the ${state.model ? "old" : "new"} model`, () => show(1 - state.model)]);
  for (const number of sheet.boxes.subgraphs[box]) {
    const name = views[state.view].sheets[number]?.name || `graph ${number}`;
    found.push([`open ${name}`, () => open(state.view, number)]);
  }
  return found.map(([label, act]) => element("p", {}, link(label, act)));
}

function changedFields(/** @type {number} */ box) {
  const { boxes } = sheet, kind = text(boxes.change[box]);
  if (!kind) return [];
  const word = (/** @type {number} */ number) => text(number) || "none";
  const fields = boxes.changes[box].map(([name, old, now]) => [text(name), `${word(old)} → ${word(now)}`]);
  return [element("h3", {}, kind), fields.length ? table(fields) : null];
}

function wireList(/** @type {string} */ title, /** @type {number[]} */ wires) {
  if (!wires.length) return [];
  return [element("h3", {}, title), element("ul", {}, ...wires.map((wire) => element("li", {}, ...wireItem(wire))))];
}

function wireItem(/** @type {number} */ wire) {
  if (wire < 0) return ["(omitted)"];
  const { wires } = sheet;
  const { type, kind, quantization } = wires;
  const facts = [text(type[wire]), text(kind[wire]), bytes(wires.bytes[wire]), text(quantization[wire])];
  return [text(wires.name[wire]), hinted(facts.filter(Boolean).join(" · ")), ...histogram(wire)];
}

function notes() {
  const said = [...data.notes, ...everything.unreadable];
  return said.length ? element("ul", { class: "hint" }, ...said.map((note) => element("li", {}, note))) : null;
}

// ---- Findings

function findingsPanel() {
  const shown = (finding) => state.shown.has(finding[2]) && matches(finding);
  const numbers = data.findings.map((_, number) => number).filter((number) => shown(data.findings[number]));
  const input = (event) => { state.filter = event.target.value; findingsAgain(); };
  const filter = element("input", {
    id: "filter", type: "search", placeholder: "Filter", "aria-label": "Filter findings",
    value: state.filter, on: { input },
  });
  const all = data.findings.length;
  const count = numbers.length ? `${numbers.length} of ${all}` : all ? "None of these." : "No findings.";
  return [all ? filter : null, element("p", {}, count), ...findingItems(numbers, true), all ? null : notes()];
}

/** The list anew while the filter keeps the cursor. */
function findingsAgain() {
  while ($("filter").nextSibling) $("filter").nextSibling.remove();
  $("panel").append(...findingsPanel().slice(1).filter(Boolean));
}

const matches = (finding) => finding.slice(0, 6).join(" ").toLowerCase().includes(state.filter.toLowerCase());

/** Findings by rule; each goes to its node where `linked`. */
function findingItems(/** @type {number[]} */ numbers, /** @type {boolean} */ linked) {
  const rules = new Map();
  for (const number of numbers.slice(0, LISTED)) {
    const code = data.findings[number][0];
    rules.set(code, [...(rules.get(code) ?? []), number]);
  }
  if (!rules.size) return [];
  return [element("ul", {}, ...[...rules.values()].map((group) => ruleItem(group, linked))), more(numbers.length)];
}

function ruleItem(/** @type {number[]} */ group, /** @type {boolean} */ linked) {
  const [code, rule, severity, , advice] = data.findings[group[0]];
  return element("li", { class: "rule" },
    element("div", {},
      element("span", { class: `code ${severity}` }, `${code} ${rule}`),
      element("span", { class: "hint" }, ` ${severity}`)),
    ...group.map((number) => findingLine(number, linked)),
    advice ? element("div", { class: "hint" }, advice) : null,
    ruleText(code));
}

function findingLine(/** @type {number} */ number, /** @type {boolean} */ linked) {
  const [, , , message, , node, places] = data.findings[number];
  const place = linked ? places.find((each) => each[0] === state.view) ?? places[0] : null;
  return element("div", { class: "finding" }, ...(place ? [link(node, () => goTo(number, place)), ": "] : []), message);
}

/** The rule's own page: what it looks for, why that matters and what to do. */
function ruleText(/** @type {string} */ code) {
  const pageText = data.rules[code];
  if (!pageText) return null;
  const parts = pageText.split(/\n\s*\n/).map((part) =>
    part.startsWith("#") ? element("h3", {}, part.replace(/^#+ /, "")) : element("p", {}, ...coded(part)));
  return element("details", {}, element("summary", {}, `about ${code}`), ...parts);
}

/** Text in which what is between backticks is code. */
function coded(/** @type {string} */ words) {
  return words.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

// ---- Outline

/** The tree of names, by "/" or ".", with totals. */
function outlinePanel() {
  const root = scope(), { boxes } = sheet;
  for (let box = 0; box < index.steps; box++) {
    let at = root;
    for (const part of ["", ...text(boxes.name[box]).split(/[/.]/).slice(0, -1).slice(0, 6)]) {
      if (part) {
        if (!at.parts.has(part)) at.parts.set(part, scope());
        at = at.parts.get(part);
      }
      at.macs += boxes.macs[box] ?? 0;
      at.weights += boxes.weights[box] ?? 0;
      at.count += 1;
    }
    at.boxes.push(box);
  }
  const left = { count: OUTLINED };
  const list = element("ul", {}, ...branch(root, 0, left));
  return [list, left.count < 0 ? hinted(`and ${-left.count} more`) : null];
}

const scope = () => ({ parts: new Map(), boxes: /** @type {number[]} */ ([]), macs: 0, weights: 0, count: 0 });

function branch(at, /** @type {number} */ depth, /** @type {{count: number}} */ left) {
  const { boxes } = sheet;
  const scopes = [...at.parts].map(([name, each]) => element("li", {},
    element("details", { class: "branch", open: depth < 1 && at.parts.size < 12 },
      element("summary", {}, `${name} `,
        element("span", { class: "hint" }, `${each.count} · ${amount(each.macs)} MACs · ${bytes(each.weights)}`)),
      element("ul", {}, ...branch(each, depth + 1, left)))));
  const nodes = at.boxes.filter(() => left.count-- > 0).map((box) =>
    element("li", {}, link(`${text(boxes.title[box])} ${text(boxes.name[box])}`, () => select(box))));
  return [...scopes, ...nodes];
}

// ---- Alive

function alivePanel() {
  const peak = index.most ? sheet.memory.indexOf(index.most) : -1;
  const step = state.step >= 0 ? state.step : peak;
  if (step < 0) return [element("p", {}, "No memory is known."), notes()];
  const { wires } = sheet;
  const alive = wires.name.map((_, wire) => wire).filter((wire) =>
    wires.first[wire] >= 0 && wires.first[wire] <= step && step <= wires.last[wire]
    && text(wires.kind[wire]) !== "constant");
  alive.sort((a, b) => (wires.bytes[b] ?? 0) - (wires.bytes[a] ?? 0));
  const said = peak < 0 ? "" : step === peak ? "This is the peak." : link(`peak: step ${peak + 1}`, goToPeak);
  const tensor = (wire) => element("div", {},
    link(text(wires.name[wire]), () => select(wires.first[wire])), hinted(text(wires.type[wire])));
  return [
    element("h2", {}, `step ${step + 1} of ${index.steps}: ${text(sheet.boxes.title[step])}`),
    element("p", {}, `${bytes(sheet.memory[step])} alive. `, said),
    listed(alive.slice(0, LISTED).map((wire) => [tensor(wire), { number: bytes(wires.bytes[wire]) }])),
    more(alive.length),
  ];
}

/** A table whose first column takes what room there is. */
function listed(/** @type {any[][]} */ rows) {
  const made = table(rows);
  made.classList.add("listed");
  return made;
}

// ---- Weights

function weightsPanel() {
  const { boxes, wires } = sheet;
  const readers = new Map();
  for (let box = 0; box < index.steps; box++) {
    for (const wire of boxes.inputs[box]) {
      if (index.histograms.has(wire) && !readers.has(wire)) readers.set(wire, box);
    }
  }
  const known = [...index.histograms.keys()].filter((wire) => readers.has(wire));
  known.sort((a, b) => (wires.bytes[b] ?? 0) - (wires.bytes[a] ?? 0));
  if (!known.length) {
    const why = "Shown are those of the graph in the file: the largest ones, up to 300 of them and 32 MiB.";
    return [element("p", {}, "No constant of this graph was read."), hinted(why)];
  }
  const mine = known.filter((wire) => state.box >= 0 && boxes.inputs[state.box]?.includes(wire));
  const item = (wire) => {
    const facts = [text(wires.type[wire]), bytes(wires.bytes[wire]), text(wires.quantization[wire])];
    const name = link(text(wires.name[wire]), () => select(readers.get(wire), { tab: "Weights" }));
    return element("li", {}, name, hinted(facts.filter(Boolean).join(" · ")), ...histogram(wire));
  };
  return [
    mine.length ? element("h3", {}, text(boxes.title[state.box])) : null,
    mine.length ? element("ul", {}, ...mine.map(item)) : null,
    element("h3", {}, mine.length ? "all" : plural(known.length, "constant")),
    element("ul", {}, ...known.slice(0, LISTED).map(item)),
  ];
}

/** The spread of a constant's numbers as bars from the least to the most. */
function histogram(/** @type {number} */ wire) {
  const found = index.histograms.get(wire);
  if (!found) return [];
  const [, least, most, mean, deviation, zeros, strange, counts] = found;
  const range = `${brief(least)} to ${brief(most)}, mean ${brief(mean)} ± ${brief(deviation)}`;
  const facts = [least === most ? `all ${brief(least)}` : range];
  if (zeros) facts.push(plural(zeros, "zero"));
  if (strange) facts.push(`${strange} NaN or infinite`);
  const words = facts.join(" · ");
  return counts.length ? [bars(counts, least, most, words), hinted(words)] : [hinted(words)];
}

function bars(/** @type {number[]} */ counts, least, most, /** @type {string} */ words) {
  const tallest = greatest(counts), wide = 240 / counts.length;
  const made = drawn("svg", { viewBox: "0 0 240 36", class: "bars", role: "img", "aria-label": words });
  // By the root, as a few far numbers matter as much as the many near zero.
  const shape = counts.map((count, place) => {
    const tall = count ? Math.max(1, 34 * Math.sqrt(count / tallest)) : 0;
    return `M${(place * wide).toFixed(1)},35v${(-tall).toFixed(1)}h${(wide - 1).toFixed(1)}v${tall.toFixed(1)}z`;
  });
  made.append(drawn("path", { d: shape.join(""), class: "bar" }), drawn("path", { d: "M0,35.5h240", class: "base" }));
  if (least < 0 && most > 0) {
    const zero = (-least / (most - least)) * 240;
    made.append(drawn("path", { d: `M${zero.toFixed(1)},0v36`, class: "zero" }));
  }
  return made;
}

// ---- Changes

function changesPanel() {
  const { diff } = everything;
  const parts = diff.sections.flatMap(([title, lines]) => [
    element("h3", {}, title), element("ul", {}, ...lines.map((line) => element("li", {}, line)))]);
  return [
    element("p", {}, `${diff.old} → ${diff.new}`), diff.remark ? hinted(diff.remark) : null,
    ...changedNodes(1, "added"), ...changedNodes(0, "removed"), ...changedNodes(1, "changed"),
    ...parts,
  ];
}

/** Links to the nodes of one of the two models with one kind of change. */
function changedNodes(/** @type {number} */ model, /** @type {string} */ kind) {
  const { texts, views } = everything.pictures[model], view = everything.diff.views[model];
  const found = views[view].sheets.flatMap(({ boxes }, number) => boxes.change
    .map((change, box) => ({ number, box, change, name: nodeWord(texts, boxes, box) }))
    .filter((each) => texts[each.change] === kind));
  if (!found.length) return [];
  const goThere = (each) => { if (state.model !== model) show(model, false); open(view, each.number, each.box); };
  return [
    element("h3", {}, `${plural(found.length, "layer")} ${kind}`),
    element("ul", {}, ...found.slice(0, LISTED).map((each) => element("li", {}, link(each.name, () => goThere(each))))),
    more(found.length),
  ];
}

/** A node's operator and the first of its names. */
function nodeWord(texts, boxes, /** @type {number} */ box) {
  return `${texts[boxes.title[box]]} ${texts[boxes.name[box]].split(";")[0]}`;
}
