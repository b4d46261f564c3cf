"""Rules held to their own samples: each leak must be found once, by its rule; nothing clean may be found by it."""

from collections.abc import Iterator, Sequence

from vallum_engine.detector import Look
from vallum_engine.model.file import File
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.rule import Rule, Samples
from vallum_engine.secrets.samples import fill
from vallum_engine.values import immutable


@immutable
class Failure:
    """A sample that went otherwise. `sample` as it is written in the rule, its holes unfilled."""

    rule: str
    sample: str
    what: str


def tried(detector: SecretsDetector, look: Look, pairs: Sequence[tuple[Rule, Samples]]) -> Iterator[Failure]:
    """The samples that fail, rule by rule. `look` gives the detector's own hits in some bytes."""
    detector.see_with(look)
    for rule, samples in pairs:
        for sample in samples.leaks:
            found = _found(detector, look, rule, sample)
            if what := _missed(rule, found):
                yield Failure(rule=rule.id, sample=sample, what=what)
        for sample in samples.clean:
            if rule.id in _found(detector, look, rule, sample):
                yield Failure(rule=rule.id, sample=sample, what="should be clean, and is found")


def path_for(rule: Rule) -> str:
    """The path of a file in which the rule holds."""
    endings = rule.files or rule.read
    return "src/" + (endings[0] if endings else "shop.yaml" if rule.key else "shop.ts")


def _missed(rule: Rule, found: Sequence[str]) -> str:
    if found == [rule.id]:
        return ""
    if not found:
        return "should be found, and is not"
    if rule.id not in found:
        return f"is found by {', '.join(found)} instead"
    return f"is found {len(found)} times: by {', '.join(found)}"


def _found(detector: SecretsDetector, look: Look, rule: Rule, sample: str) -> list[str]:
    data = fill(sample).encode()
    return sorted(finding.rule for finding in detector.detect(File(path_for(rule), data), look(data)))
