"""Values as plain dictionaries and back: the one shape that the JSON report, the wire and the platform share.

Reading is tolerant of what it does not know (fields are added within a version) and strict about what it needs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vallum_engine.model import verification
from vallum_engine.model.finding import (
    AdvisoryRef,
    Commit,
    Confidence,
    Exploitation,
    Finding,
    History,
    Kind,
    Location,
    PackageRef,
    Reach,
    Reachability,
    Remediation,
    Severity,
)
from vallum_engine.model.layer import Layer
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, Problem, RuleSet, Stats, Verdict
from vallum_engine.model.statement import Statement

Plain = dict[str, Any]
_OF_SOME = (
    "requested",
    "source",
    "source_version",
    "arch",
    "module",
    "licence",
    "licence_expression",
    "licence_found",
)
_OF_HISTORY = ("commits", "versions")
_OF_RECORDS = ("records", "merged", "passed", "rejected")


def from_location(location: Location) -> Plain:
    place = {"path": location.path, "line": location.line, "end_line": location.end_line}
    if location.layer:
        place |= {"layer": location.layer, "lower": location.lower}
    return place


def to_location(data: Mapping[str, Any]) -> Location:
    line = int(data.get("line", 1))
    return Location(
        path=str(data["path"]),
        line=line,
        end_line=int(data.get("end_line", line)),
        layer=str(data.get("layer", "")),
        lower=data.get("lower") is True,
    )


def from_finding(finding: Finding) -> Plain:
    """Every key is always there, so that a reader needs no second guess; `package` and `remediation` may be null."""
    return {
        "kind": finding.kind.value,
        "ruleset": finding.ruleset,
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "locations": [from_location(location) for location in finding.locations],
        "fingerprint": finding.fingerprint,
        "aliases": list(finding.aliases),
        "content": finding.content,
        "evidence": finding.evidence,
        "package": finding.package and from_package_ref(finding.package),
        "advisories": [_from_advisory(advisory) for advisory in finding.advisories],
        "remediation": finding.remediation and _from_remediation(finding.remediation),
        **({"exploitation": from_exploitation(finding.exploitation)} if finding.exploitation else {}),
        **({"reachability": from_reachability(finding.reachability)} if finding.reachability else {}),
        "references": list(finding.references),
        "history": finding.history and from_history(finding.history),
        "reason": finding.reason,
        **({"verification": verification.plain(finding.verification)} if finding.verification else {}),
        **({"statement": _from_statement(finding.statement)} if finding.statement else {}),
        **({"lapsed": finding.lapsed} if finding.lapsed else {}),
        **({"layers": [from_layer(layer) for layer in finding.layers]} if finding.layers else {}),
    }


def _from_statement(said: Statement) -> Plain:
    return {"status": said.status, "justification": said.justification, "words": said.words, "at": said.at}


def _statement(data: Mapping[str, Any] | None) -> Statement | None:
    if not data:
        return None
    more = {name: str(data.get(name, "")) for name in ("justification", "words", "at")}
    return Statement(status=str(data["status"]), **more)


def from_history(history: History) -> Plain:
    return {
        "first": _from_commit(history.first),
        "last": _from_commit(history.last),
        "in_head": history.in_head,
    }


def _from_commit(commit: Commit) -> Plain:
    return {"id": commit.id, "date": commit.date, "path": commit.path}


def from_package_ref(package: PackageRef) -> Plain:
    return {
        "purl": package.purl,
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "direct": package.direct,
        "dev": package.dev,
        "path": list(package.path),
        "cut": package.cut,
    }


def facts(finding: Finding) -> Plain:
    """What a finding is, apart from its place and name, in the same form; what is empty is left out."""
    kept: Plain = {"evidence": finding.evidence} if finding.evidence else {}
    if finding.package:
        kept["package"] = from_package_ref(finding.package)
    if finding.advisories:
        kept["advisories"] = [_from_advisory(advisory) for advisory in finding.advisories]
    if finding.remediation:
        kept["remediation"] = _from_remediation(finding.remediation)
    if finding.reachability:
        kept["reachability"] = from_reachability(finding.reachability)
    if finding.references:
        kept["references"] = list(finding.references)
    if finding.history:
        kept["history"] = from_history(finding.history)
    if finding.verification:
        kept["verification"] = verification.plain(finding.verification)
    if finding.layers:
        kept["layers"] = [from_layer(layer) for layer in finding.layers]
    if finding.lapsed:
        kept["lapsed"] = finding.lapsed
    return kept


def _from_advisory(advisory: AdvisoryRef) -> Plain:
    return {
        "id": advisory.id,
        "aliases": list(advisory.aliases),
        "url": advisory.url,
        "summary": advisory.summary,
        "cvss": advisory.cvss,
        "fixed": list(advisory.fixed),
        **({"standing": advisory.standing} if advisory.standing else {}),
    }


def _from_remediation(remediation: Remediation) -> Plain:
    plain: Plain = {"steps": list(remediation.steps), "upgrade_to": remediation.upgrade_to}
    return {**plain, "revoke": remediation.revoke} if remediation.revoke else plain


def from_exploitation(told: Exploitation) -> Plain:
    return {"epss": told.epss, "percentile": told.percentile, "since": told.since, "ransomware": told.ransomware}


def from_reachability(told: Reachability) -> Plain:
    return {
        "verdict": told.verdict.value,
        "sentence": told.sentence,
        "places": [from_location(place) for place in told.places],
        "by": told.by,
    }


def _reachability(data: Any) -> Reachability | None:
    if data is None:
        return None
    return Reachability(
        verdict=Reach(data["verdict"]),
        sentence=str(data["sentence"]),
        places=tuple(to_location(place) for place in data.get("places", ())),
        by=str(data.get("by", "")),
    )


def to_finding(data: Mapping[str, Any]) -> Finding:
    """Raises KeyError, TypeError or ValueError when a needed field is missing or of the wrong type."""
    locations = tuple(to_location(item) for item in data["locations"])
    if not locations:
        msg = "a finding needs at least one location"
        raise ValueError(msg)
    return Finding(
        kind=Kind(data["kind"]),
        ruleset=str(data["ruleset"]),
        rule=str(data["rule"]),
        title=str(data["title"]),
        severity=Severity(data["severity"]),
        confidence=Confidence(data["confidence"]),
        message=str(data["message"]),
        locations=locations,
        identity=(),
        fingerprint=str(data["fingerprint"]),
        aliases=_strings(data.get("aliases", ())),
        content=str(data.get("content", "")),
        evidence=str(data.get("evidence", "")),
        package=_package_ref(data.get("package")),
        advisories=tuple(_advisory(item) for item in data.get("advisories", ())),
        remediation=_remediation(data.get("remediation")),
        exploitation=_exploitation(data.get("exploitation")),
        reachability=_reachability(data.get("reachability")),
        references=_strings(data.get("references", ())),
        history=_history(data.get("history")),
        verification=verification.read(data.get("verification")),
        layers=tuple(to_layer(item) for item in data.get("layers", ())),
        reason=str(data.get("reason", "")),
        statement=_statement(data.get("statement")),
        lapsed=str(data.get("lapsed", "")),
    )


def _exploitation(data: Mapping[str, Any] | None) -> Exploitation | None:
    if not data:
        return None
    return Exploitation(
        epss=_share(data.get("epss")),
        percentile=_share(data.get("percentile")),
        since=str(data.get("since") or ""),
        ransomware=data.get("ransomware") is True,
    )


def _share(value: object) -> float | None:
    return None if value is None else float(str(value))


def _history(data: Mapping[str, Any] | None) -> History | None:
    if not data:
        return None
    return History(first=_commit(data["first"]), last=_commit(data["last"]), in_head=data["in_head"] is True)


def _commit(data: Mapping[str, Any]) -> Commit:
    return Commit(id=str(data["id"]), date=str(data["date"]), path=str(data["path"]))


def _strings(data: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in data)


def _package_ref(data: Mapping[str, Any] | None) -> PackageRef | None:
    """How it came in is absent in reports of before."""
    if not data:
        return None
    direct, dev = data.get("direct"), data.get("dev")
    return PackageRef(
        **{key: str(data[key]) for key in ("purl", "ecosystem", "name", "version")},
        direct=None if direct is None else bool(direct),
        dev=None if dev is None else bool(dev),
        path=_strings(data.get("path") or ()),
        cut=int(data.get("cut") or 0),
    )


def _advisory(data: Mapping[str, Any]) -> AdvisoryRef:
    return AdvisoryRef(
        id=str(data["id"]),
        aliases=_strings(data.get("aliases", ())),
        url=str(data.get("url", "")),
        summary=str(data.get("summary", "")),
        cvss=str(data.get("cvss", "")),
        fixed=_strings(data.get("fixed", ())),
        standing=str(data.get("standing", "")),
    )


def _remediation(data: Mapping[str, Any] | None) -> Remediation | None:
    if not data:
        return None
    revoke = str(data.get("revoke", ""))
    return Remediation(
        steps=_strings(data["steps"]),
        upgrade_to=str(data.get("upgrade_to", "")),
        revoke=revoke if revoke.startswith("https://") else "",
    )


def from_package(package: Package) -> Plain:
    return {
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "location": from_location(package.location),
        "direct": package.direct,
        "groups": list(package.groups),
        "commit": package.commit,
        # Few packages have them, and there are many of the others.
        **{name: getattr(package, name) for name in _OF_SOME if getattr(package, name)},
    }


def to_package(data: Mapping[str, Any]) -> Package:
    direct = data.get("direct")
    return Package(
        ecosystem=str(data["ecosystem"]),
        name=str(data["name"]),
        version=str(data["version"]),
        location=to_location(data["location"]),
        direct=None if direct is None else bool(direct),
        groups=_strings(data.get("groups", ())),
        commit=str(data.get("commit", "")),
        **{name: str(data.get(name, "")) for name in _OF_SOME},
    )


def from_layer(layer: Layer) -> Plain:
    return {"number": layer.number, "digest": layer.digest, "created_by": layer.created_by, "base": layer.base}


def to_layer(data: Mapping[str, Any]) -> Layer:
    return Layer(
        number=int(data["number"]),
        digest=str(data["digest"]),
        created_by=str(data.get("created_by", "")),
        base=data.get("base") is True,
    )


def from_ruleset(ruleset: RuleSet) -> Plain:
    rules = None if ruleset.rules is None else list(ruleset.rules)
    return {"name": ruleset.name, "version": ruleset.version, "rules": rules}


def to_ruleset(data: Mapping[str, Any]) -> RuleSet:
    rules = data["rules"]
    return RuleSet(
        name=str(data["name"]), version=str(data["version"]), rules=None if rules is None else _strings(rules)
    )


def from_exclusion(exclusion: Exclusion) -> Plain:
    return {
        "path": exclusion.path,
        "ruleset": exclusion.ruleset,
        "verdict": exclusion.verdict.value,
        "why": exclusion.why,
        "covered": exclusion.covered,
        "hidden": exclusion.hidden,
    }


def to_exclusion(data: Mapping[str, Any]) -> Exclusion:
    return Exclusion(
        path=str(data["path"]),
        ruleset=str(data["ruleset"]),
        verdict=Verdict(data["verdict"]),
        why=str(data["why"]),
        covered=data["covered"] is True,
        # Absent in reports of before: ignored paths then count as hidden by nobody.
        hidden=data.get("hidden") is True,
    )


def from_problem(problem: Problem) -> Plain:
    return {"path": problem.path, "what": problem.what, "todo": problem.todo}


def to_problem(data: Mapping[str, Any]) -> Problem:
    return Problem(path=str(data["path"]), what=str(data["what"]), todo=str(data.get("todo", "")))


def from_stats(stats: Stats) -> Plain:
    return {
        "files": stats.files,
        "bytes": stats.bytes,
        "skipped": stats.skipped,
        "packages": stats.packages,
        "suppressed": stats.suppressed,
        "seconds": round(stats.seconds, 3),
        **({name: getattr(stats, name) for name in _OF_HISTORY} if stats.commits else {}),
        # Only foreign reports have records.
        **({name: getattr(stats, name) for name in _OF_RECORDS} if stats.records else {}),
    }


def to_stats(data: Mapping[str, Any]) -> Stats:
    counts = {
        key: int(data.get(key, 0))
        for key in ("files", "bytes", "skipped", "packages", "suppressed", *_OF_HISTORY, *_OF_RECORDS)
    }
    return Stats(**counts, seconds=float(data.get("seconds", 0.0)))
