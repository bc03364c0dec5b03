-- name: lock_consent_of
-- One writer at a time for a number, until the commit: so the newest line of the ledger is what the list follows.
-- There may be no row to lock yet. 1024 locks serve all numbers, in the order of the locks, not of the numbers:
-- batches never deadlock, and a batch of any size stays within Postgres' table of locks.
select pg_advisory_xact_lock(hashtext('consent'), locks.slot)
from (
    select distinct hashtext(n.tenant || ' ' || n.number) & 1023 as slot
    from unnest(%(tenants)s::text[], %(numbers)s::text[]) as n (tenant, number)
    order by slot
) as locks

-- name: withdraw_consent
-- Lines for the ledger, but none that the same proof has brought before, and the opt-outs that follow from the new
-- ones. Returns those that came into force.
with said as (
    select * from unnest(%(tenants)s::text[], %(scopes)s::text[], %(numbers)s::text[], %(sources)s::text[],
                         %(sids)s::text[], %(message_ids)s::uuid[], %(error_codes)s::int[], %(notes)s::text[])
         with ordinality as s (tenant, scope, number, source, sid, message_id, error_code, note, position)
), written as (
    insert into consent_events (tenant, scope, number, change, source, sid, message_id, error_code, note, at)
    select tenant, scope, number, 'withdrawn', source, sid, message_id, error_code, note, %(now)s
    from said order by position
    on conflict do nothing
    returning id, tenant, scope, number, source
), first_of as (
    select distinct on (tenant, number, scope) tenant, scope, number, source
    from written order by tenant, number, scope, id
), opted_out as (
    insert into opt_outs (tenant, scope, number, since)
    select tenant, scope, number, %(now)s from first_of order by tenant, number, scope
    on conflict do nothing
    returning tenant, scope, number
)
select tenant, scope, number, first_of.source
from opted_out join first_of using (tenant, scope, number)
order by tenant, number, scope

-- name: grant_consent
-- Lines for the ledger, but none that the same proof has brought before. A grant to a service lifts its opt-out, one
-- to all services every opt-out of the number. Returns those that were lifted.
with said as (
    select * from unnest(%(tenants)s::text[], %(scopes)s::text[], %(numbers)s::text[], %(sources)s::text[],
                         %(sids)s::text[], %(message_ids)s::uuid[], %(notes)s::text[])
         with ordinality as s (tenant, scope, number, source, sid, message_id, note, position)
), written as (
    insert into consent_events (tenant, scope, number, change, source, sid, message_id, note, at)
    select tenant, scope, number, 'granted', source, sid, message_id, note, %(now)s
    from said order by position
    on conflict do nothing
    returning tenant, scope, number, source
), lifted as (
    delete from opt_outs o
    using written
    where o.tenant = written.tenant and o.number = written.number and written.scope in (o.scope, '*')
    returning o.tenant, o.scope, o.number, written.source
)
select tenant, scope, number, source from lifted order by tenant, number, scope

-- name: enter_statements
-- Lines for the ledger about what was said elsewhere, but none that says what it says already.
with said as (
    select distinct on (tenant, number, scope, change, at) *
    from unnest(%(tenants)s::text[], %(scopes)s::text[], %(numbers)s::text[], %(changes)s::text[],
                %(times)s::timestamptz[], %(sources)s::text[], %(sids)s::text[], %(notes)s::text[], %(proofs)s::bytea[])
         with ordinality as s (tenant, scope, number, change, at, source, sid, note, proof, position)
    order by tenant, number, scope, change, at, position
)
insert into consent_events (tenant, scope, number, change, source, sid, note, proof, at, added_at)
select tenant, scope, number, change, source, sid, note, proof, at, %(now)s
from said
where not exists (select from consent_events e
                  where e.tenant = said.tenant and e.number = said.number and e.scope = said.scope
                    and e.change = said.change and e.at = said.at)
order by at, position
on conflict do nothing
returning id

-- name: mark_outdated
-- Of the lines just entered, those after which the opposite was said: they are kept, and nothing follows from them.
update consent_events e
set outdated = true
where e.id = any(%(ids)s::bigint[])
  and exists (select from consent_events o
              where o.tenant = e.tenant and o.number = e.number and o.change <> e.change
                and case e.change when 'granted' then o.scope = e.scope and o.at >= e.at
                                  else o.scope in (e.scope, '*') and o.at > e.at end)

-- name: lift_by_statements
-- What the grants just entered lift: opt-outs from whose scope nobody has withdrawn since. Returns them.
delete from opt_outs o
using consent_events g
where g.id = any(%(ids)s::bigint[]) and g.change = 'granted'
  and o.tenant = g.tenant and o.number = g.number and g.scope in (o.scope, '*')
  and not exists (select from consent_events w
                  where w.tenant = o.tenant and w.number = o.number and w.scope = o.scope
                    and w.change = 'withdrawn' and w.at >= g.at)
returning o.tenant, o.scope, o.number, g.source

-- name: opt_out_by_statements
-- What the withdrawals just entered bring into force, unless they are outdated. Returns it.
with first_of as (
    select distinct on (tenant, number, scope) tenant, number, scope, source, at
    from consent_events
    where id = any(%(ids)s::bigint[]) and change = 'withdrawn' and not outdated
    order by tenant, number, scope, at
), opted_out as (
    insert into opt_outs (tenant, scope, number, since)
    select tenant, scope, number, at from first_of
    on conflict do nothing
    returning tenant, scope, number
)
select tenant, scope, number, first_of.source
from opted_out join first_of using (tenant, scope, number)
order by tenant, number, scope

-- name: is_withdrawn_since
select exists (
    select from consent_events
    where tenant = %(tenant)s and number = %(number)s and change = 'withdrawn' and at > %(said_at)s
      and %(scope)s::text in (scope, '*')
)

-- name: is_opted_out
select exists (
    select from opt_outs
    where tenant = %(tenant)s and number = %(number)s and scope in (%(service)s::text, '*')
) or exists (
    select from opt_outs where tenant = %(shared)s::text and number = %(number)s and scope = '*'
)

-- name: has_consented
-- Who has not opted out has lifted every withdrawal since; so any grant counts.
select exists (
    select from consent_events
    where tenant = %(tenant)s and number = %(number)s and change = 'granted' and scope in (%(service)s::text, '*')
)

-- name: list_opt_outs
-- What is in force, newest first. Why is said by the line of the ledger that brought it.
select o.tenant, o.scope, o.number, o.since, why.source, why.error_code, why.note
from opt_outs o
left join lateral (
    select e.source, e.error_code, e.note from consent_events e
    where e.tenant = o.tenant and e.number = o.number and e.scope = o.scope and e.change = 'withdrawn'
      and e.at = o.since
    order by e.id limit 1
) as why on true
where o.tenant = %(tenant)s
  and (%(scope)s::text is null or o.scope = %(scope)s)
  and (%(number)s::text is null or o.number = %(number)s)
order by o.since desc, o.number, o.scope
limit %(limit)s

-- name: page_of_opt_outs
-- What is in force, in the order of the key, from behind the last one seen.
select o.tenant, o.scope, o.number, o.since, why.source, why.error_code, why.note
from opt_outs o
left join lateral (
    select e.source, e.error_code, e.note from consent_events e
    where e.tenant = o.tenant and e.number = o.number and e.scope = o.scope and e.change = 'withdrawn'
      and e.at = o.since
    order by e.id limit 1
) as why on true
where o.tenant = %(tenant)s and (o.number, o.scope) > (%(number)s::text, %(scope)s::text)
order by o.number, o.scope
limit %(limit)s

-- name: consent_history
select at, change, scope, source, sid, message_id, error_code, note, added_at, outdated, proof
from consent_events where tenant = %(tenant)s and number = %(number)s order by at, id

-- name: page_of_consent
-- The whole ledger, number by number, from behind the last line seen.
select id, number, scope, change, at, source, sid, message_id, error_code, note, added_at, outdated, proof
from consent_events
where tenant = %(tenant)s and (number, id) > (%(number)s::text, %(id)s::bigint)
order by number, id
limit %(limit)s

-- name: consent_to_push
-- What Twilio does not know yet for a service, number by number: the newest line about each, and what is in force.
select e.number, e.id, e.at, e.source, e.change,
       exists (select from opt_outs o
               where o.tenant = e.tenant and o.number = e.number and o.scope in (%(service)s::text, '*')) as opted_out
from (
    select distinct on (number) tenant, number, id, at, source, change
    from consent_events
    where tenant = %(tenant)s and scope in (%(service)s::text, '*') and not outdated and number > %(after)s::text
    order by number, id desc
) e
left join consent_pushes p on p.tenant = e.tenant and p.service = %(service)s::text and p.number = e.number
where p.number is null or p.event_id < e.id or p.error_code is not null
order by e.number
limit %(limit)s

-- name: note_consent_pushes
insert into consent_pushes (tenant, service, number, event_id, status, error_code, pushed_at)
select %(tenant)s, %(service)s, number, event_id, status, error_code, %(now)s
from unnest(%(numbers)s::text[], %(event_ids)s::bigint[], %(statuses)s::text[], %(error_codes)s::int[])
     as told (number, event_id, status, error_code)
order by number
on conflict (tenant, service, number) do update
set event_id = excluded.event_id, status = excluded.status, error_code = excluded.error_code,
    pushed_at = excluded.pushed_at
