"""How far to trust a match whose value alone says little: by the value's look and by where it stands."""

import re
from functools import lru_cache
from math import log2

from vallum_engine.compiling import expression
from vallum_engine.model.finding import Confidence
from vallum_engine.secrets.bases import from_base64
from vallum_engine.secrets.entropy import alphabet, expected, shannon, wordlike
from vallum_engine.secrets.placeholders import dummy_password, is_placeholder
from vallum_engine.secrets.rule import Rule, Specificity
from vallum_engine.values import immutable

# Texts, not compiled: `re` compiles and keeps them at their first use, which most scans never come to.
_QUIET = (
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|[\w.-]*\.lock|go\.sum|[\w.-]*\.lock\.hcl"
    r"|requirements[\w.-]*\.txt|RECORD|CHECKSUMS?|SHA\d+SUMS|packages\.lock\.json|Podfile\.lock)$"
    r"|\.(?:min\.js|min\.css|map|svg|po|pot|mo|ipynb_checkpoints|csv|tsv|wasm|woff2?|snap|har|cast|xlf|xliff|arb|strings|resx)$"
    r"|(?:^|/)(?:locales?|i18n|l10n|translations|messages)/"
)
_TRIAL = (
    r"(?:^|/)(?:tests?|testing|testdata|test[-_]\w+|\w+[-_]tests?|specs?|__tests__|fixtures?|examples?|samples?|demos?|mocks?|stubs?|docs?|documentation|tutorials?|man\d?)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*[_.-](?:tests?|spec|template|dist|mock)(?:\.[^/]*)?|[^/]*(?:example|sample)[^/]*|METADATA|PKG-INFO|[^/]*\.(?:md|rst|adoc|html?|tex|\d(?:\.gz)?))$"
)
_BASE64 = rb"[A-Za-z0-9+/]{8,}={0,2}"
_TEXT = rb"[ -~]+"
_LETTER = rb"[A-Za-z]"
_DIGIT = rb"[0-9]"
_SIGNS = rb"[!@#$%^&*?+~]"
"""What no identifier has: a password with one of them may be made of words."""
_HEXADECIMAL = rb"(?:0x)?[0-9a-fA-F-]+"
_CODE = (
    rb"::|->|\(\)|\)\.|https?:|^[./~]|^\w+\.\w+\.|^[a-zA-Z]+(?:[.:_/-][a-zA-Z]*\d?)+$|^[A-Z][A-Z0-9_]+$|^\d+(?:[.,:/-]\d+)*$|^#[0-9a-fA-F]+$"
    rb"|\$(?:[a-z_]{4}|[A-Z_]{4})|\[\^?\w-\w|\{\d|\(\?|^%?[A-Za-z_.:]{2,}\(.*\)%?$|^%[\w.]+%$|^\$\w{1,9}\$|^[a-z][a-z0-9_]+\$$|^[;),]|[;(,]$|^\d{4}-\d\d-\d\d|^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
)
_PUBLIC = (
    rb"(?i:public[_-]?key|pub[_-]?key|publishable|fingerprint|checksum|digest|integrity|sha\d|md5|etag|commit|nonce|uuid|csrf|xsrf"
    rb"|(?:next|continuation|change|lock|request|idempotency|update|page|paging|pagination|cursor|verification|lifecycle\w*|sync"
    rb"|snapshot|resume|copyproduct|export|import)[_-]?token|last[_-]?(?:used|changed|set|login)"
    rb"|token[_-]?(?:type|name|id|url|uri|endpoint|address|contract|path)|key[_-]?(?:id|name|type|path|file|usage)|passw(?:or)?d[_-]?(?:encryption|algorithm|scheme|method|type|policy|field)|secret[_-]?(?:name|id|arn|path|ref))"
)
_WORDS_AND_NUMBERS = rb"[a-zA-Z]+(?:[.:_/-][a-zA-Z]*\d{0,4})+"
_MADE_UP = "the file is a test, an example or a text, where most are made up"
_FORM = {
    Confidence.HIGH: "its form is its issuer's own",
    Confidence.MEDIUM: "its form is its issuer's, which says little about whether it works",
    Confidence.LOW: "its form is its issuer's, and others use it too",
}
_LESS = {Confidence.HIGH: Confidence.MEDIUM, Confidence.MEDIUM: Confidence.LOW, Confidence.LOW: Confidence.LOW}
_MORE = {Confidence.LOW: Confidence.MEDIUM, Confidence.MEDIUM: Confidence.HIGH, Confidence.HIGH: Confidence.HIGH}
_LACK = 0.5
"""Bits a character that a value may have less than random ones of its length and alphabet: three standard deviations of
the shortest."""
_SURE_LACK = 0.25
_KEY_BITS = 128
"""What a key that was made to be one has, at least."""
_HEX_LENGTH = 32


@lru_cache(maxsize=16)  # many matches of one file follow one another
def quiet(path: str) -> bool:
    """Whether values that look random are this file's normal content: hashes, translations, generated code."""
    return bool(expression(_QUIET, re.IGNORECASE).search(path))


@lru_cache(maxsize=16)
def trial(path: str) -> bool:
    """Whether the file is a test, an example or a text: most of what looks secret there is made up."""
    return bool(expression(_TRIAL, re.IGNORECASE).search(path))


@immutable(kw_only=False)
class Trust:
    """How far to believe in a match, and why, in words that follow a comma or a colon."""

    confidence: Confidence
    reason: str

    def lowered(self, reason: str) -> "Trust":
        return Trust(_LESS[self.confidence], f"{self.reason}, but {reason}")

    def raised(self, reason: str) -> "Trust":
        return Trust(_MORE[self.confidence], f"{self.reason}, and {reason}")


def trust(rule: Rule, value: bytes, before: bytes, path: str) -> Trust | None:
    """How far to trust this match, None for one not worth a finding. `before`: the match up to the value."""
    if _words(rule, value) or (rule.specificity is Specificity.GENERIC and _written(value)):
        return None
    if rule.specificity is Specificity.TOKEN:
        return Trust(rule.confidence, _FORM[rule.confidence])
    weak = rule.human and not _chosen(value)
    if rule.specificity is Specificity.CONTEXT:
        found = Trust(rule.confidence, "what stands around it says what it is")
        found = found.lowered("it may be a word that stands for a password") if weak else found
    elif (
        weak
        or quiet(path)
        or expression(_PUBLIC).search(before)
        or expression(_CODE).search(value)
        or (wordlike(value) and not (rule.human and expression(_SIGNS).search(value)))
    ):
        return None
    elif rule.human:
        found = Trust(Confidence.LOW, "its name says password and it is no word")
    else:
        noise = _noise(value)
        if noise is None:
            return None
        found = noise
    return found.lowered(_MADE_UP) if trial(path) else found


def _words(rule: Rule, value: bytes) -> bool:
    """Whether the value is words where a password or, behind a provider's name, noise should be."""
    if rule.human:
        return dummy_password(value)
    return rule.specificity is Specificity.CONTEXT and wordlike(value) and not expression(_HEXADECIMAL).fullmatch(value)


def _written(value: bytes) -> bool:
    """Whether the value is a text for people, or a stand-in for a secret, written in base64."""
    if len(value) % 4 or not expression(_BASE64).fullmatch(value):
        return False
    text = from_base64(value)
    if not expression(_TEXT).fullmatch(text):
        return False
    return is_placeholder(text) or wordlike(text) or not _mixed(text)


def _noise(value: bytes) -> Trust | None:
    """By what random text of the same length, in the same alphabet, would have: no threshold fits 16 and 64 characters."""
    hexadecimal = bool(expression(_HEXADECIMAL).fullmatch(value))
    if not (len(value) >= _HEX_LENGTH if hexadecimal else _mixed(value)):
        return None
    if expression(_WORDS_AND_NUMBERS).fullmatch(value):
        return None
    symbols, name = (16, "hexadecimal") if hexadecimal else alphabet(value)
    bits, random = shannon(value), expected(len(value), symbols)
    if bits < random - _LACK:
        return None
    # What is hexadecimal may be the hash of something public, and is as random.
    sure = not hexadecimal and bits >= random - _SURE_LACK and len(value) * log2(symbols) >= _KEY_BITS
    said = f"{bits:.1f} bits a character, where noise in {name} has {random:.1f}"
    return Trust(Confidence.MEDIUM if sure else Confidence.LOW, f"its name says secret and it looks random ({said})")


def _chosen(value: bytes) -> bool:
    """Whether somebody took trouble over the password: letters and digits or signs, not a word with a 1 behind it."""
    return _mixed(value) and len(set(value)) * 2 > len(value) and not value.rstrip(b"0123456789!.@#$").isalpha()


def _mixed(value: bytes) -> bool:
    return bool(expression(_LETTER).search(value) and expression(_DIGIT).search(value))
