"""`vallum rules`: which secrets are looked for, what one rule says, and whether rules do what their samples say."""

import argparse
import contextlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from vallum import cache, compiled, output, ownrules, progress
from vallum.cli import parser
from vallum.cli.exits import Exit
from vallum.detectors import Setting, secrets
from vallum.errors import Misuse
from vallum.ownrules import Pairs
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.rule import Rule, Samples
from vallum_engine.secrets.trial import tried
from vallum_engine.triggers import collect

_EPILOG = """\
examples:
  vallum rules list                         every packaged rule
  vallum rules show aws-access-key-id
  vallum rules test --rules our-rules.toml  do they find what they should, and nothing else?
  vallum rules test                         the packaged ones

A file of rules is described in docs/rules.md. exit codes of test: 0 all hold, 1 some fail, 2 wrong usage.
"""
_WIDTH = 100


def run(arguments: Sequence[str]) -> Exit:
    """List, show, or try."""
    given = _parser().parse_args(arguments)
    own = ownrules.brought(given.rules)
    if given.verb == "test":
        return _test(own, given.id)
    pairs = sorted([*rulebook.packaged_with_samples(), *own], key=lambda pair: pair[0].id)
    if given.verb == "show":
        text = _shown(_named(pairs, [given.id])[0], ours=given.id in {rule.id for rule, _ in own})
    elif given.format == "json":
        text = json.dumps([_plain(rule) for rule, _ in pairs], indent=2, ensure_ascii=False)
    else:
        text = _listed([rule for rule, _ in pairs])
    output.to_stdout((text + "\n").encode())
    return Exit.CLEAN


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "rules",
        description="Which secrets are looked for.",
        epilog=_EPILOG,
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="list | show | test")
    listing = verbs.add_parser("list", help="every rule, a line each", allow_abbrev=False)
    listing.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    showing = verbs.add_parser("show", help="what one rule looks for, and what to do about it", allow_abbrev=False)
    showing.add_argument("id", metavar="RULE")
    testing = verbs.add_parser("test", help="hold rules to their samples", allow_abbrev=False)
    testing.add_argument("id", nargs="*", metavar="RULE", help="only these (default: those of --rules, else all)")
    for verb in (listing, showing, testing):
        verb.add_argument("--rules", action="append", default=[], metavar="PATH", help="file or folder of own rules")
    return command


def _named(pairs: Pairs, ids: Sequence[str]) -> Pairs:
    known = {rule.id: (rule, samples) for rule, samples in pairs}
    for each in ids:
        if each not in known:
            near = ", ".join(name for name in sorted(known) if each.partition("-")[0] in name)[:300]
            raise Misuse(f"{each} is no rule{f'; there are {near}' if near else ': `vallum rules list` lists them'}.")
    return [known[each] for each in ids]


def _test(own: Pairs, ids: Sequence[str]) -> Exit:
    kept, shown = cache.opened(), progress.chosen("auto")
    everything = [*rulebook.packaged_with_samples(), *own] if ids or not own else own
    pairs = _named(everything, ids) if ids else everything
    with contextlib.ExitStack() as held:
        detector = secrets(Setting(cache=kept, held=held, say=shown.say, rules=tuple(rule for rule, _ in own)))
        database = compiled.database(collect([detector]), kept, say=shown.say)
        failures = list(tried(detector, lambda data: database.hits(data).get(0, ()), pairs))
    shown.done()
    lines = [f"{failure.rule}: {failure.what}: {failure.sample}" for failure in failures]
    samples = sum(len(found.leaks) + len(found.clean) for _, found in pairs)
    failed = len({failure.rule for failure in failures})
    lines.append(f"{len(pairs):,} rules, {samples:,} samples: {f'{failed:,} rules fail' if failed else 'all hold'}.")
    output.to_stdout(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))
    return Exit.FINDINGS if failures else Exit.CLEAN


def _listed(rules: Sequence[Rule]) -> str:
    width = max(len(rule.id) for rule in rules)
    lines = [f"{rule.id.ljust(width)}  {rule.severity.value:<8}  {rule.title}" for rule in rules]
    providers = len({rule.provider for rule in rules})
    return "\n".join([*lines, f"{len(rules):,} rules, {providers:,} providers."])


def _plain(rule: Rule) -> Mapping[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "provider": rule.provider,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "specificity": rule.specificity.name.lower(),
        "checksum": rule.checksum,
        "files": list(rule.files),
        "references": list(rule.references),
        "rotate": list(rule.rotate),
        "revoke": rule.revoke,
        "verify": rule.verify.url if rule.verify else "",
    }


def _shown(pair: tuple[Rule, Samples], *, ours: bool) -> str:
    rule, samples = pair
    facts = {
        "id": rule.id,
        "from": "your own rules" if ours else "packaged",
        "provider": rule.provider,
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "goes by": rule.specificity.name.lower(),
        "checksum": rule.checksum,
        "only in": ", ".join(rule.files),
        "beside it": f"{rule.pair.name}, within {rule.pair.within} bytes" if rule.pair else "",
        "pattern": rule.pattern.decode(),
        "--verify": f"{rule.verify.method} {rule.verify.url}" if rule.verify else "",
    }
    lines = [rule.title, *(f"  {name:<10}  {value}" for name, value in facts.items() if value)]
    for title, texts in (
        ("what to do", (*rule.rotate, *([f"Revoke it at {rule.revoke}"] if rule.revoke else ()))),
        ("references", rule.references),
        ("found", samples.leaks),
        ("left alone", samples.clean),
    ):
        lines.append(title)
        for text in texts:
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False
            ) or ["  (nothing)"]
    return "\n".join(lines)
