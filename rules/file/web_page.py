"""EL905."""

from __future__ import annotations

from edgelint.rule import Refusal, Rule, Severity


class WebPage(Refusal, Rule):
    """A web page saved under a model's name.

    ## Why it matters
    The link led to a page about the file, a log-in form or an error message, and the downloader
    saved that.

    ## What to do
    Fetch the raw file: on GitHub the "Download raw file" link, on Hugging Face `/resolve/` in place
    of `/blob/`. With curl use `--fail --location`, so that an error page is no success.
    """

    code = "EL905"
    name = "web-page"
    severity = Severity.ERROR
