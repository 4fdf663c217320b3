"""Fuzzing: of whatever bytes, edgelint makes a report, or says in one line what is wrong with them.

`python -m tests.fuzz FORMAT` runs a campaign; see docs/fuzzing.md. The parts:

- `formats`: the formats, and what the module of one offers: sound files to start from, and `mutated`.
- `execution`: one input through loader or whole check, held against the promise; raises `Broken`.
- `engines`: where inputs come from: atheris (guided by coverage), or mutation of the seeds alone.
- `campaign`: a worker process under watch, restarted when it dies; `statistics` of all campaigns.
- `minimise`: a smaller input with the same fault. `regressions/FORMAT/`: such inputs, one per fault.
"""
