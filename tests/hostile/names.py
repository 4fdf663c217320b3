"""Names that are made to do something to whoever shows them."""

from __future__ import annotations

NAMES = {
    "terminal": "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[0m",
    "title": "\x9b31m\x9d0;owned\x9c",
    "newline": "a\nEL101 error: forged\r\nb\x85c\u2028d",
    "bidi": "\u202egnp.exe\u2066\u2069\u200f",
    "github": "::error file=x,line=1::forged%0A\n::set-output name=a::b",
    "gitlab": "\x1b[0Ksection_start:1:x\r\x1b[0Kforged",
    "html": "</script><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\"'",
    "xml": "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;\x00\x0b\ufffe",
    "format": "%s%n{0}{self.__class__}${IFS}`id`$(id)",
    "path": "../../../etc/passwd",
    "nul": "a\0b",
    "zero width": "a\u200b\u200d\ufeffb\u00ad",
    "tags": "\U000e0041\U000e0042",
    "lone": "a\udc80b",
    "long": "n" * 10_000_000,
    "empty": "",
    "blank": " \t ",
}
"""What each is about, and the name."""
