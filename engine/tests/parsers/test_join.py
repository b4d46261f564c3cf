"""Several reports as one."""

import json

from vallum_engine.parsers.join import joined
from vallum_engine.parsers.read import parse


def report(*results, whole=True):
    run = {"tool": {"driver": {"name": "linter"}}, "results": list(results)}
    return parse(json.dumps({"version": "2.1.0", "runs": [run]}).encode(), name="a.sarif", whole=whole)


def result(path="app.py", line=3, level="error", **more):
    place = {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}
    return {"ruleId": "no-eval", "level": level, "message": {"text": "eval"}, "locations": [place], **more}


def balanced(report):
    stats = report.stats
    return stats.records == (
        len(report.findings) + len(report.suppressed) + stats.merged + stats.passed + stats.rejected
    )


HIDDEN = {"suppressions": [{"kind": "external"}]}


def test_one_report_stays_as_it_is():
    one = report(result())
    assert joined([one]) is one


def test_the_same_finding_is_one_at_the_places_of_both_and_as_bad_as_the_worse():
    both = joined([report(result(level="note")), report(result(line=9), result("b.py"))])
    assert [(f.locations[0].path, f.severity, [place.line for place in f.locations]) for f in both.findings] == [
        ("app.py", "high", [3, 9]),
        ("b.py", "high", [3]),
    ]
    assert (both.stats.records, both.stats.merged) == (3, 1)
    assert balanced(both)
    assert [ruleset.name for ruleset in both.coverage.rulesets] == ["sarif"]


def test_what_is_hidden_in_both_is_counted_once():
    both = joined([report(result(**HIDDEN)), report(result(**HIDDEN), 7)])
    assert (len(both.suppressed), both.stats.suppressed, both.stats.merged, both.stats.rejected) == (1, 1, 1, 1)
    assert balanced(both)


def test_it_is_complete_only_when_each_is():
    assert joined([report(), report()]).coverage.complete
    assert not joined([report(), report(whole=False)]).coverage.complete
