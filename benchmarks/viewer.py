"""What the graph viewer costs on a large model: laying out, writing, first paint, panning.

    python -m benchmarks.viewer [NODES]

Builds a synthetic network of that many nodes (10,000), cells that each read the two before, and a plain
chain of a hundredth of it for comparison. Prints a Markdown table: medians of the runs; frames are timed
in headless Chromium, where there is one, with what the page itself sees of its frames.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from onnx import TensorProto, helper, save

from edgelint.checker import Settings, judged
from edgelint.layout import layout
from edgelint.picture import Picture
from edgelint.picture.draw import draw
from edgelint.reporters.html import page
from edgelint.targets import find
from tests.reporters.chromium import Page, browser

REPEATS = 3

FRAMES = """([zoom, by]) => new Promise(done => {
  const graph = document.getElementById("graph"), times = [];
  const wheel = options => graph.dispatchEvent(new WheelEvent("wheel", {cancelable: true, ...options}));
  wheel({ctrlKey: true, deltaY: zoom});
  let last = 0, count = 0;
  const frame = now => {
    if (last) times.push(now - last);
    last = now;
    wheel({deltaY: by});
    if (++count < 61) requestAnimationFrame(frame); else done(times);
  };
  requestAnimationFrame(frame);
})"""
"""Milliseconds of each of 60 frames in which the graph is moved, after zooming."""

PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()"


def cells(count: int) -> list[Any]:
    """Nodes in cells of ten: two branches of convolution-like chains, joined with the cell before."""
    nodes, before, last = [], "x", "x"
    for cell in range(count // 10):
        name = f"stage{cell // 100}/cell{cell}"
        for branch in "ab":
            source = last if branch == "a" else before
            for step in range(4):
                made = f"{name}/{branch}{step}"
                nodes.append(helper.make_node("Sin", [source], [made], name=made))
                source = made
        nodes.append(
            helper.make_node("Add", [f"{name}/a3", f"{name}/b3"], [f"{name}/sum"], name=f"{name}/sum")
        )
        nodes.append(helper.make_node("Abs", [f"{name}/sum"], [f"{name}/out"], name=f"{name}/out"))
        before, last = last, f"{name}/out"
    return nodes


def model(path: Path, count: int) -> Path:
    """The network in an ONNX file."""
    nodes = cells(count)
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 16]) for name in ("x", nodes[-1].output[0])
    ]
    graph = helper.make_graph(nodes, "main", ports[:1], ports[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of an act, and what it gave."""
    times, given = [], None
    for _ in range(REPEATS):
        start = time.perf_counter()
        given = act()
        times.append(time.perf_counter() - start)
    return median(times), given


def main(counts: list[int]) -> None:
    """Prints the table, a column per size."""
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        columns = [measured(Path(folder), count, running) for count in counts]
    print("| |", " | ".join(f"{count:,} nodes" for count in counts), "|")
    print("|---|", "--:|" * len(counts))
    for row in columns[0]:
        print("|", row, "|", " | ".join(column[row] for column in columns), "|")


def measured(folder: Path, count: int, running: Any) -> dict[str, str]:
    """The figures of one size, ready to print."""
    settings = Settings(targets=(find("onnxruntime-cpu"),))
    context, report = next(judged(model(folder / f"{count}.onnx", count), settings))
    drawing, picture = timed(lambda: draw(context, report))
    sheet = picture.views[0].sheets[0]
    boxes = [(box.width, box.height) for box in sheet.boxes]
    laying, _ = timed(lambda: layout(boxes, [(edge.source, edge.reader) for edge in sheet.edges]))
    writing, html = timed(lambda: page([picture]))
    file = folder / f"{count}.html"
    file.write_text(html, encoding="utf-8")
    return {
        "layout": f"{laying * 1000:,.0f} ms",
        "picture, layout included": f"{drawing * 1000:,.0f} ms",
        "page written": f"{writing * 1000:,.0f} ms",
        "page": f"{len(html) / 1e6:.2f} MB",
        "page, bytes a node": f"{(len(html) - overhead(picture)) / count:,.0f}",
        **in_the_browser(file, running),
    }


def overhead(picture: Picture) -> int:
    """Bytes of a page without any graph."""
    return len(page([])) + sum(map(len, picture.rules.values()))


def in_the_browser(file: Path, running: Any) -> dict[str, str]:
    """First paint, elements in the document, and frames near and far."""
    paints, near, far, elements = [], [], [], 0
    for _ in range(REPEATS):
        shown = Page(running, file).ready()
        paints.append(float(shown.tab.evaluate(PAINT)))
        elements = int(shown.tab.evaluate("document.querySelectorAll('*').length"))
        near.append(median(shown.tab.evaluate(FRAMES, [0, 40])))
        far.append(median(shown.tab.evaluate(FRAMES, [900, 40])))
        shown.tab.close()
    return {
        "first paint": f"{median(paints):,.0f} ms",
        "elements in the document": f"{elements:,}",
        "pan, a frame": f"{median(near):.1f} ms",
        "pan zoomed out, a frame": f"{median(far):.1f} ms",
    }


if __name__ == "__main__":
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    main([largest // 100, largest])
