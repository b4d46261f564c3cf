"""What holds even against the application's own role: it adds entries that follow, and changes and removes none.

The functions belong to the tables' owner, whom row-level security binds as well: each works on the organization of the
present scope and no other.
"""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
do $do$ declare other text; begin
  for other in select pg_get_userbyid(a.grantee) from pg_class c, aclexplode(c.relacl) a
               where c.oid = 'audit_entry'::regclass and a.grantee not in (0, c.relowner) group by 1 loop
    execute format('revoke update, delete, truncate, references, trigger on audit_entry, audit_checkpoint from %I', other);
    execute format('revoke insert, update, delete, truncate, references, trigger on audit_head from %I', other);
    -- Notes about when somebody looked; they are no part of the chain.
    execute format('grant update (verified_at, verified_seq, problem) on audit_head to %I', other);
  end loop;
end $do$;

-- The row is made with the organization's first entry. Two that come at once: one makes it, both lock it in turn.
create function audit_head_locked() returns table (seq bigint, hash bytea)
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query select h.seq, h.hash from audit_head h where h.org_id = current_org() for update;
  if not found then
    insert into audit_head (id, org_id, seq, hash, problem)
      values (vallum_uuid7(), current_org(), 0, decode(repeat('00', 32), 'hex'), '') on conflict do nothing;
    return query select h.seq, h.hash from audit_head h where h.org_id = current_org() for update;
  end if;
end $$;

-- Whoever inserts, and however: entries follow the last one without a gap, and the head moves with them.
create function audit_follow() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare last_seq bigint; last_hash bytea; entry record;
begin
  select h.seq, h.hash into last_seq, last_hash from audit_head h where h.org_id = current_org() for update;
  for entry in select a.seq, a.previous, a.hash from added a order by a.seq loop
    if last_seq is null or entry.seq <> last_seq + 1 or entry.previous <> last_hash then
      raise exception 'entry % does not follow the last one of this audit log', entry.seq;
    end if;
    last_seq := entry.seq;
    last_hash := entry.hash;
  end loop;
  update audit_head h set seq = last_seq, hash = last_hash where h.org_id = current_org() and h.seq < last_seq;
  return null;
end $$;
create trigger follow after insert on audit_entry referencing new table as added
  for each statement execute function audit_follow();

-- Removes the beginning of the chain up to an entry, which a signed checkpoint stands for from then on. Null: no entry.
create function audit_prune(upto bigint) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare bound timestamptz := vallum_now() - interval '12 months'; removed bigint := 0;
begin
  if upto is not null then
    if exists (select from audit_entry e where e.org_id = current_org() and e.seq <= upto and e.at > bound) then
      raise exception 'entries up to % are not all twelve months old: an audit log is kept that long', upto;
    end if;
    if not exists (select from audit_entry e join audit_checkpoint c
                     on c.org_id = e.org_id and c.seq = e.seq and c.hash = e.hash and c.reason = 'pruned'
                   where e.org_id = current_org() and e.seq = upto) then
      raise exception 'no checkpoint stands for entry %: without one the rest of the chain would hang in the air', upto;
    end if;
    delete from audit_entry e where e.org_id = current_org() and e.seq <= upto;
    get diagnostics removed = row_count;
    delete from audit_checkpoint c where c.org_id = current_org() and c.reason = 'pruned' and c.seq < upto;
  end if;
  delete from audit_checkpoint c where c.org_id = current_org() and c.reason = 'daily' and c.at <= bound;
  return removed;
end $$;

-- Whose logs there are: those of organizations that are gone are verified and pruned like any other.
grant usage on schema public to {role};
grant select on audit_head to {role};
create policy lookup on audit_head for select to {role} using (true);
create function lookup_audited() returns setof uuid language sql stable security definer set search_path = public, pg_temp
  as $$ select org_id from audit_head order by org_id $$;
grant create on schema public to {role};
alter function lookup_audited() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_audited(); drop policy lookup on audit_head; drop function audit_prune(bigint);
drop trigger follow on audit_entry; drop function audit_follow(); drop function audit_head_locked();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("tenancy", "0005_now")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
