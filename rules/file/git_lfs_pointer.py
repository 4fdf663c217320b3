"""EL904."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class GitLfsPointer(Refusal, Rule):
    """A Git LFS pointer in place of the model.

    ## Why it matters
    The repository keeps its large files with Git LFS, and was cloned or archived without it: what
    lies there is three lines of text that name the model's checksum and size.

    ## What to do
    Run `git lfs install` once, then `git lfs pull`. In GitHub Actions: `actions/checkout` with
    `lfs: true`. In GitLab CI: `GIT_LFS_SKIP_SMUDGE: "0"`. Archives that are downloaded from a
    web page hold pointers only.
    """

    code = "EL904"
    name = "git-lfs-pointer"
    severity = Severity.ERROR
