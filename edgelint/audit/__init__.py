"""Zoos: many models judged for many targets into one table, resumed where the last run stopped.

    sources    SOURCE strings to models (`Item`); URLs by `remote`
    work       one model judged for its targets: `audit_one(unit) -> Result`, run anywhere by an engine
    engines    who runs it: processes here, or a cluster by `on_dask` and `on_ray`
    cache      results by content, so that nothing is judged twice
    rows       reports as the flat rows of the tables
    tables     the tables' files: Parquet, JSON lines, CSV
    run        all of it together
    summary    what fits where, counted while the tables are written
    shown      that, as text, Markdown or HTML

Nothing but `edgelint.commands` imports this package, and nothing in it prints.
"""
