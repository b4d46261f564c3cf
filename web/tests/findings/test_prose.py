"""What people write in Markdown, some of it to hurt whoever reads it."""

import re
import time
from html.parser import HTMLParser

import pytest

from vallum_web.findings import prose

ALLOWED = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "a", "span"}
ATTRIBUTES = {
    ("a", "rel"): "noopener noreferrer nofollow",
    ("a", "target"): "_blank",
    ("a", "href"): r"(?i)https?://[^\s\"<>]+",
    ("ol", "start"): r"[0-9]{1,9}",
    ("span", "class"): "control-character",
}


class Reading(HTMLParser):
    """Notes what a browser would make of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.wrong = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ALLOWED:
            self.wrong.append(tag)
        for name, value in attrs:
            if not re.fullmatch(ATTRIBUTES.get((tag, name), "(?!)"), value or ""):
                self.wrong.append((tag, name, value))

    def handle_comment(self, data):
        self.wrong.append(data)

    def handle_decl(self, decl):
        self.wrong.append(decl)

    def unknown_decl(self, data):
        self.wrong.append(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("**so** _it_ is", "<p><strong>so</strong> <em>it</em> is</p>", id="emphasis"),
        pytest.param("one\ntwo", "<p>one<br />\ntwo</p>", id="a line ends where its writer ended it"),
        pytest.param("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>", id="a list"),
        pytest.param("`rm <x>`", "<p><code>rm &lt;x&gt;</code></p>", id="code"),
        pytest.param("# One", "<p># One</p>", id="a comment has no chapters"),
        pytest.param(
            "[us](https://x.example/?a=1&b=2)",
            '<p><a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">us</a></p>',
            id="a link tells nobody where it was followed",
        ),
        pytest.param("![i](https://x.example/i.png)", None, id="an image is a link at most: nothing is fetched"),
        pytest.param(
            "a\u202eb", '<p>a<span class="control-character">U+202E</span>b</p>', id="what turns the text around"
        ),
        pytest.param(
            "a&#x202e;b", '<p>a<span class="control-character">U+202E</span>b</p>', id="the same as an entity"
        ),
        pytest.param(">" * 30 + "kept", f"<pre>{'&gt;' * 30}kept</pre>", id="too deep: as it was typed"),
    ],
)
def test_markdown(text, expected):
    html = prose.html(text)
    assert not Reading(html).wrong
    assert "<img" not in html
    if expected is not None:
        assert html.strip() == expected


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<!-- x --><!DOCTYPE x><![CDATA[x]]><?php x ?>",
    "</div></article><form action=https://evil.example><button>Sign in",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/png;base64,AAAA)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/x)",
    "[x](/acme/settings/)",
    "[x](?q=1)",
    "[x](#comments)",
    "[x](https:evil)",
    "[x](https://)",
    "[x](http://[::1)",
    "[x](mailto:a@x.example)",
    "<javascript:alert(1)>",
    "<mailto:a@x.example>",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[![x](https://evil.example/pixel.png)](javascript:alert(1))",
    '[x](https://x.example/"onmouseover="alert(1))',
    '[x](https://x.example/ "y\\" onmouseover=\'alert(1)\'")',
    "[x](https://x.example/'onmouseover='alert(1))",
    "[x](https://x.example/<script>)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[y]\n\n[y]: https://evil.example '\"><script>alert(1)</script>'",
    '```js" onload="alert(1)\n<script>\n```',
    "~~~<script>\n</code></pre><script>alert(1)</script>\n~~~",
    "    </code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "# <script>\n\n<script>\n===",
    "99999999999. x\n\n0) y",
    "| <b> | x |\n|---|---|\n| 1 | 2 |",
    "*<b*>*</b>",
    "\\<script>\\</script>",
    "\u202e[x](https://x.example)\u2066\u200b\ufeff\u2028",
    "\x1b[31mred\x07",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_it_is_markup(text):
    html = prose.html(text)
    assert Reading(html).wrong == []
    for invisible in "\u202e\u2066\u200b\ufeff\u2028\x1b\x07":
        assert invisible not in html


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](//evil.example)",
        "[x](/acme/)",
        "[x](data:text/html,x)",
        "<javascript:x>",
        "[x](mailto:a@x.example)",
    ],
)
def test_other_addresses_are_no_links(text):
    assert "a" not in Reading(prose.html(text)).tags


@pytest.mark.parametrize(
    "part", ["[", ">", "*", "`", "<", "![[", "[a](", "**a ", "_a__b", "&", "- ", "\n>", "\n- ", "<a "]
)
def test_the_longest_text_is_answered_at_once(part):
    """Well below a second each; the bound is for a busy machine, and far from what repetition could cost."""
    text = (part * prose.LONGEST)[: prose.LONGEST]
    started = time.process_time()
    html = prose.html(text)
    assert time.process_time() - started < 2
    assert Reading(html).wrong == []
