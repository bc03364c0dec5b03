-- name: take_contents
-- Contents and plans of messages that ended long ago, unless a fallback step or an SMS with links still needs them.
-- What others hold just now is left to the next run.
with over as (
    select m.id from messages m
    where m.tenant = %(tenant)s and m.forgotten = 0 and m.status_at < %(before)s
      and (m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
           or (m.given_up_at is not null and m.status <> 'unconfirmed'))
      and not exists (select from fallback_steps s where s.message_id = m.id and s.state in ('planned', 'waiting', 'sending'))
      and not exists (select from mms_links l where l.message_id = m.id and l.done_at is null)
    order by m.status_at
    limit %(limit)s
    for update of m skip locked
)
update messages m set content = null, fallback = null, forgotten = 1
from over
where m.id = over.id
returning m.id

-- name: numbers_to_hash
-- Recipients of messages that ended longer ago still, whose contents have gone; locked until they are hashed.
select m.id, m.to_number from messages m
where m.tenant = %(tenant)s and m.forgotten = 1 and m.status_at < %(before)s
  and (m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
       or (m.given_up_at is not null and m.status <> 'unconfirmed'))
order by m.status_at
limit %(limit)s
for update skip locked

-- name: hash_numbers
update messages m set to_number = hashed.number, forgotten = 2
from unnest(%(ids)s::uuid[], %(numbers)s::text[]) as hashed (id, number)
where m.id = hashed.id and m.forgotten = 1

-- name: take_payloads
-- What people wrote long ago, but for wishes that a person must look at and has not, and what still has to go into a
-- ticket or to a handler, or has files to be copied. The row stays: it says that the message has been received.
with over as (
    select i.tenant, i.sid from inbound_messages i
    where i.tenant = %(tenant)s and i.forgotten = 0 and i.received_at < %(before)s
      and (i.flag is null or i.seen_at is not null)
      and not exists (select from ticket_entries e
                      where e.tenant = i.tenant and e.sid = i.sid
                        and e.state in ('waiting', 'claimed', 'leaving', 'taken'))
      and not exists (select from keyword_calls c
                      where c.tenant = i.tenant and c.sid = i.sid and c.state in ('waiting', 'claimed'))
      and not exists (select from inbound_media f
                      where f.tenant = i.tenant and f.sid = i.sid and f.state in ('waiting', 'claimed'))
    order by i.received_at
    limit %(limit)s
    for update of i skip locked
)
update inbound_messages i set payload = null, forgotten = 1
from over
where i.tenant = over.tenant and i.sid = over.sid
returning i.sid

-- name: inbound_numbers_to_hash
select sid, from_number from inbound_messages
where tenant = %(tenant)s and forgotten = 1 and received_at < %(before)s
order by received_at
limit %(limit)s
for update skip locked

-- name: hash_inbound_numbers
update inbound_messages i set from_number = hashed.number, forgotten = 2
from unnest(%(ids)s::text[], %(numbers)s::text[]) as hashed (sid, number)
where i.tenant = %(tenant)s and i.sid = hashed.sid and i.forgotten = 1

-- name: forget_old_number_health
-- What carriers said of numbers that nothing was heard of for long.
with old as (
    select tenant, number from number_health
    where tenant = %(tenant)s and last_at < %(before)s
    order by tenant, number
    limit %(limit)s
    for update skip locked
)
delete from number_health h
using old
where h.tenant = old.tenant and h.number = old.number

-- name: ticket_numbers_to_hash
-- Of tickets that were closed long ago, or into which nothing went for so long.
select id, number from tickets
where tenant = %(tenant)s and number not like 'h:%%' and coalesce(closed_at, last_entry_at) < %(before)s
order by id
limit %(limit)s
for update skip locked

-- name: hash_ticket_numbers
-- Nobody continues an open one by its number any more, so that it counts as closed here; the desk is asked from now on.
update tickets t set number = hashed.number, state = 'closed', closed_at = coalesce(t.closed_at, %(now)s)
from unnest(%(ids)s::bigint[], %(numbers)s::text[]) as hashed (id, number)
where t.id = hashed.id

-- name: ticket_entry_numbers_to_hash
-- Of what went into tickets long ago, or did not; what is still to go there needs the number.
select sid, number from ticket_entries
where tenant = %(tenant)s and number not like 'h:%%' and received_at < %(before)s
  and state not in ('waiting', 'claimed', 'leaving', 'taken')
order by sid
limit %(limit)s
for update skip locked

-- name: hash_ticket_entry_numbers
update ticket_entries e set number = hashed.number
from unnest(%(ids)s::text[], %(numbers)s::text[]) as hashed (sid, number)
where e.tenant = %(tenant)s and e.sid = hashed.sid

-- name: take_proofs_of_consent
-- Words, addresses and browsers beside lines of the ledger that ended long ago: withdrawals, and the grants that they
-- ended. The lines themselves stay.
with over as (
    select e.id from consent_events e
    where e.tenant = %(tenant)s and e.proof is not null
      and exists (select from consent_events w
                  where w.tenant = e.tenant and w.number = e.number and w.change = 'withdrawn'
                    and (w.id = e.id or (w.scope in (e.scope, '*') and w.at >= e.at)) and w.at < %(before)s)
    order by e.id
    limit %(limit)s
    for update of e skip locked
)
update consent_events e set proof = null from over where e.id = over.id

-- name: create_pseudonym_key
insert into pseudonym_keys (tenant, sealed, created_at) values (%(tenant)s, %(sealed)s, %(now)s)
on conflict do nothing

-- name: pseudonym_key
select sealed from pseudonym_keys where tenant = %(tenant)s

-- name: forget_without_hurry
set local statement_timeout = 0

-- name: messages_of_number
-- A person's messages that hold anything of them, and whether each has ended.
select id, status,
       status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
       or (given_up_at is not null and status <> 'unconfirmed')
from messages
where tenant = %(tenant)s and to_number = any(%(numbers)s::text[])
order by id

-- name: lock_messages_to_erase
-- Messages before their fallback steps, as everybody locks them.
select from messages where id = any(%(ids)s::uuid[]) order by id for update

-- name: withdraw_waiting_steps
-- Fallback steps that have not left: what they would send is about to go.
update fallback_steps
set state = 'withdrawn', finished_at = %(now)s, explanation = %(reason)s::text
where message_id = any(%(ids)s::uuid[]) and state in ('planned', 'waiting')

-- name: withdraw_mms_links
-- No SMS with links follows any more.
update mms_links set done_at = %(now)s where message_id = any(%(ids)s::uuid[]) and done_at is null

-- name: erase_messages
-- Everything that tells of the person, from ended messages that are locked. One whose fallback is leaving just now is
-- left alone. Id, statuses, times and the idempotency key stay.
update messages m
set content = null, fallback = null, to_number = %(erased)s::text, tags = '{}', sequence = null, fingerprint = '\x',
    forgotten = 2
where m.id = any(%(ids)s::uuid[]) and m.to_number = any(%(numbers)s::text[])
  and (m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
       or (m.given_up_at is not null and m.status <> 'unconfirmed'))
  and not exists (select from fallback_steps s where s.message_id = m.id and s.state in ('planned', 'waiting', 'sending'))
returning m.id

-- name: erase_inbound_messages
-- What the person wrote; the rows stay, so that reconciliation does not bring it back.
with theirs as (
    select tenant, sid from inbound_messages
    where tenant = %(tenant)s and from_number = any(%(numbers)s::text[])
    order by tenant, sid
    for update
)
update inbound_messages i set payload = null, from_number = %(erased)s::text, forgotten = 2
from theirs
where i.tenant = theirs.tenant and i.sid = theirs.sid
returning i.sid

-- name: erase_number_health
delete from number_health where tenant = %(tenant)s and number = any(%(numbers)s::text[])

-- name: erase_ticket_entries
-- One that is leaving just now is left alone.
delete from ticket_entries
where tenant = %(tenant)s and number = any(%(numbers)s::text[]) and state not in ('claimed', 'leaving')

-- name: erase_tickets
delete from tickets t
where t.tenant = %(tenant)s and t.number = any(%(numbers)s::text[])
  and not exists (select from ticket_entries e where e.tenant = t.tenant and e.number = t.number)

-- name: count_ticket_entries
select count(*)::int from ticket_entries where tenant = %(tenant)s and number = any(%(numbers)s::text[])

-- name: erase_proofs_of_withdrawals
-- To be left alone needs no proof but the line; a grant's proof shows that what was sent was lawful.
update consent_events set proof = null
where tenant = %(tenant)s and number = %(number)s and change = 'withdrawn' and proof is not null

-- name: count_proof_of_consent
select (select count(*) from consent_events where tenant = %(tenant)s and number = %(number)s)::int,
       (select count(*) from opt_outs where tenant = %(tenant)s and number = %(number)s)::int,
       (select count(proof) from consent_events where tenant = %(tenant)s and number = %(number)s)::int
