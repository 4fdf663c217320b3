"""Zoos: many models judged for many targets into one table, resumed where the last run stopped.

    sources    SOURCE strings to models (`Item`)
    remote     models at URLs: found, on web servers by `index_page`, and opened so that only what is read is
               fetched: `transport` (requests for any store), `http` (web servers), `ranges` (what is here)
    work       one model judged for its targets: `audit_one(plan, unit) -> Result`, run anywhere by an engine
    engines    who runs it: `on_processes` here; `on_dask` and `on_ray`, by `cluster`, elsewhere
    contents   what a model is, whatever its file is called
    cache      results by that, so that nothing is judged twice
    spool      results on their way from engines to tables
    rows       reports as the flat rows of the tables
    tables     the tables' files: Parquet, JSON lines, CSV
    run        all of it together
    summary    what fits where, counted while the tables are written
    sections   that as headings and tables; `shown` as text and Markdown, `page` as HTML

Nothing but `edgelint.commands` imports this package, and nothing in it prints.
"""
