"""The roles of the database, as SQL that an operator of a managed server can read and run too.

`vallum_owner` owns the schema and runs migrations; `vallum_app` reads and writes rows, nothing else; `vallum_lookup`
owns the few look-up functions that may see beyond one organization, and nobody can log in as it; `vallum_backup` reads
every row and changes none, by a policy of each table. None of them is superuser or passes row-level security.
"""

from dataclasses import dataclass, fields

DATABASE = "vallum"
OWNER = "vallum_owner"
APP = "vallum_app"
LOOKUP = "vallum_lookup"
BACKUP = "vallum_backup"

_ROLE = """\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
END $$;
ALTER ROLE {role} WITH {login} {inherit}{password};
"""

# Only a superuser may even repeat these; on a managed server they are what CREATE ROLE gave.
_BOUND = "ALTER ROLE {role} WITH NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;\n"

# The owner may hand functions over to the look-up role, but must not inherit the policies made for it. Membership has
# options of its own since version 16; before, the role's attribute decides.
_MEMBERSHIP = "GRANT {lookup} TO {owner}{options};\n"
_MEMBERSHIP_OPTIONS = " WITH INHERIT FALSE, SET TRUE"

_READS_ONLY = "ALTER ROLE {role} SET default_transaction_read_only = on;\n"

_SCHEMA = """\
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app};
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app};
GRANT USAGE, CREATE ON SCHEMA public TO {lookup};
GRANT CONNECT ON DATABASE {database} TO {backup};
GRANT USAGE ON SCHEMA public TO {backup};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {app}, {lookup};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {backup};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON SEQUENCES TO {backup};
ALTER DATABASE {database} OWNER TO {owner};
"""


# A table that hides rows from this role is dumped without them, and nothing says so.
_READABLE = """\
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {backup};
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {backup};
DO $$ DECLARE hiding text; BEGIN
  FOR hiding IN SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
      AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup')
  LOOP
    EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO {backup} USING (true)', hiding);
  END LOOP;
END $$;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """One per role that can log in."""

    owner: str
    app: str
    backup: str

    def __post_init__(self) -> None:
        for field in fields(self):
            password = getattr(self, field.name)
            if len(password) < 16 or not (password.isascii() and password.isalnum()):
                raise ValueError(f"The password of {field.name} needs at least 16 ASCII letters and digits.")


def role_sql(passwords: Passwords, *, major: int) -> str:
    """Makes the roles. Run as an administrator; superuser is not needed."""
    return "".join(
        (
            _ROLE.format(role=OWNER, login="LOGIN", inherit="NOINHERIT", password=f" PASSWORD '{passwords.owner}'"),
            _ROLE.format(role=APP, login="LOGIN", inherit="INHERIT", password=f" PASSWORD '{passwords.app}'"),
            _ROLE.format(role=LOOKUP, login="NOLOGIN", inherit="INHERIT", password=""),
            _ROLE.format(role=BACKUP, login="LOGIN", inherit="INHERIT", password=f" PASSWORD '{passwords.backup}'"),
            _READS_ONLY.format(role=BACKUP),
            _MEMBERSHIP.format(lookup=LOOKUP, owner=OWNER, options=_MEMBERSHIP_OPTIONS if major >= 16 else ""),
        )
    )


def bound_sql() -> str:
    """Takes every right back that somebody may have given the roles since. Superuser only."""
    return "".join(_BOUND.format(role=role) for role in (OWNER, APP, LOOKUP, BACKUP))


def create_database_sql(database: str = DATABASE) -> str:
    """Makes the database; not inside a transaction."""
    return f"CREATE DATABASE {database};\n"


def schema_sql(database: str = DATABASE) -> str:
    """Who may do what. Run inside the database, as the administrator who made it: at the end it belongs to the owner."""
    return _SCHEMA.format(database=database, owner=OWNER, app=APP, lookup=LOOKUP, backup=BACKUP)


def script(passwords: Passwords, *, major: int) -> str:
    """All of it for psql, run by the administrator of a managed server, who need not be superuser."""
    return "\n".join(
        (
            role_sql(passwords, major=major),
            f"GRANT {OWNER} TO CURRENT_USER;  -- to give the database to it; taken back at the end",
            create_database_sql(),
            f"\\connect {DATABASE}\n",
            schema_sql(),
            f"REVOKE {OWNER} FROM CURRENT_USER;\n",
        )
    )


def readable_sql() -> str:
    """Lets the role of backups see every row of every table. Run by the owner, after each migration."""
    return _READABLE.format(backup=BACKUP)
