"""One release against what is known, as set statements: rows that say the same as before are not written."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from psycopg import sql

from vallum_web.advisories.errors import UnusableError
from vallum_web.advisories.kinds import Kind
from vallum_web.advisories.release import Release

# The types are those of the table itself, so that a score is compared with what is left of it after being kept.
_STAGE = sql.SQL("""
create temp table staged_threat on commit drop as select cve, {facts} from advisories_threat with no data
""")
_TWICE = sql.SQL("select cve from staged_threat group by cve having count(*) > 1 limit 1")
_COMPARE = sql.SQL("""
create temp table threat_change on commit drop as
select coalesce(s.cve, t.cve) as cve, s.cve is null as gone, s.{mark} is distinct from t.{mark} as weighs
from staged_threat s full join (select cve, {facts} from advisories_threat where {mark} is not null) t on t.cve = s.cve
where s.cve is null or t.cve is null or ({before}) is distinct from ({after})
""")
_WRITE = sql.SQL("""
insert into advisories_threat as t (cve, {columns}, changed_at)
select s.cve, {values}, %(now)s from threat_change c join staged_threat s on s.cve = c.cve
on conflict (cve) do update set {set},
  changed_at = case when t.{mark} is distinct from excluded.{mark} then excluded.changed_at else t.changed_at end
""")
_FORGET = sql.SQL("""
update advisories_threat t set {set}, changed_at = %(now)s from threat_change c where c.gone and t.cve = c.cve
""")
_EMPTY = sql.SQL("""
delete from advisories_threat t using threat_change c
where c.gone and t.cve = c.cve and t.epss is null and t.kev_added is null
""")
_NEW, _NONE = sql.SQL("{name} = excluded.{name}"), sql.SQL("{name} = default")
_CHANGED = sql.SQL("select cve from threat_change where weighs order by cve")


def stage(kind: Kind, release: Release) -> int:
    """Copy a release into a temporary table of this transaction; how many rows it has. Raises UnusableError."""
    facts = _names(kind.facts)
    with connection.cursor() as cursor:
        # A request's limit: 300,000 rows take seconds, on a busy machine many.
        cursor.execute("set local statement_timeout = '10min'")
        cursor.execute(_STAGE.format(facts=facts))
        target = sql.SQL("copy staged_threat (cve, {facts}) from stdin").format(facts=facts)
        rows = 0
        # Django wraps no errors of COPY by itself, and a lost database has to look like one.
        with connection.wrap_database_errors, cursor.copy(target) as copy:
            for row in release.rows:
                copy.write_row(row)
                rows += 1
        cursor.execute("analyze staged_threat")
        cursor.execute(_TWICE)
        if twice := cursor.fetchone():
            raise UnusableError(f"It has {twice[0]} twice.")
    return rows


def apply(kind: Kind, release: Release, now: datetime) -> Sequence[str]:
    """Bring the table up to date with what is staged; the vulnerabilities whose risk may be another one now."""
    mark = sql.Identifier(kind.facts[0])
    columns = (*kind.facts, *((kind.stamp,) if kind.stamp else ()))
    values: list[sql.Composable] = [sql.Identifier("s", fact) for fact in kind.facts]
    if kind.stamp:
        values.append(sql.Placeholder("day"))
    parts: dict[str, sql.Composable] = {
        "mark": mark,
        "facts": _names(kind.facts),
        "columns": _names(columns),
        "before": sql.SQL(", ").join(sql.Identifier("t", fact) for fact in kind.facts),
        "after": sql.SQL(", ").join(sql.Identifier("s", fact) for fact in kind.facts),
        "values": sql.SQL(", ").join(values),
        "set": _set(_NEW, columns),
    }
    given = {"now": now, "day": release.day}
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE.format(**parts))
        cursor.execute("analyze threat_change")
        cursor.execute(_WRITE.format(**parts), given)
        cursor.execute(_FORGET.format(set=_set(_NONE, columns)), given)
        cursor.execute(_EMPTY)
        cursor.execute(_CHANGED)
        changed = [row[0] for row in cursor.fetchall()]
        # The commit would do it, but one transaction may hold two releases.
        cursor.execute("drop table staged_threat, threat_change")
    return changed


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _set(each: sql.SQL, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(each.format(name=sql.Identifier(name)) for name in columns)
