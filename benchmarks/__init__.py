"""Scripts that measure edgelint against the real tools and write what the documentation says of it.

    python -m benchmarks        docs/speed.md, of parts: startup, big, linear, folder, peers
    arena_accuracy              docs/accuracy.md: the memory of TFLite Micro, measured and computed
    verdicts                    docs/verdicts.md: what the real runtimes run, and what edgelint said of it
    findings                    what is found in a folder of real models, printed to be read
    planner, viewer             what planning an arena, and drawing a graph, takes; printed

All are run from the checkout as `python -m benchmarks.NAME`. They share `page` (pages in parts, tables),
`processes` (cold starts, measured), `settings` (environments and models), and `graphs` and `weights`, which
write models of any size.
"""
