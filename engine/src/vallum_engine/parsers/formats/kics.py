"""KICS's JSON: queries, each with the places it matched."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, severity, texts

# Of these queries what was looked for and found may be the secret itself.
_SECRETS = "passwords and secrets"


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "queries_total" in value and "queries" in value


def records(document: Document) -> Iterator[Record]:
    for number, query in enumerate(listed(document.json["queries"])):
        at = f"queries[{number}]"
        if not isinstance(query, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        yield from each(query.get("files"), f"{at}.files", partial(_match, query))


def _match(query: Mapping[str, Any], at: str, match: Mapping[str, Any]) -> Record:
    name = str(query.get("query_name") or "")
    secret = name.lower().startswith(_SECRETS)
    expected, actual = str(match.get("expected_value") or ""), str(match.get("actual_value") or "")
    facts = () if secret else texts([f"Expected: {expected}" if expected else "", f"Found: {actual}" if actual else ""])
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.MISCONFIGURATION,
        rule=str(query.get("query_id") or name),
        title=first_line(name),
        severity=severity(query.get("severity"), Severity.INFO),
        confidence=Confidence.MEDIUM if secret else Confidence.HIGH,
        message="\n".join(texts([query.get("description") or name, *facts])),
        locations=place(match.get("file_name"), match.get("line")),
        cwes=cwes(query.get("cwe")),
        evidence="" if secret else first_line(match.get("search_key")),
        references=texts(query.get("query_url")),
        # One similarity id stands for all that a query says of one attribute.
        anchor=(str(match.get("similarity_id") or dug(match, "search_key") or ""), expected),
    )


def tool(document: Document) -> str:
    return str(document.json.get("kics_version") or "")


FORMAT = Format(
    id="kics",
    title="KICS",
    docs="https://docs.kics.io/latest/results/",
    recognises=recognises,
    records=records,
    tool=tool,
)
