-- name: owe_redactions_of_messages
-- What Twilio has of these messages: each attempt that has made one there.
insert into redactions (tenant, sid, state, due_at, created_at)
select m.tenant, a.sid, 'waiting', %(now)s::timestamptz, %(now)s::timestamptz
from attempts a join messages m on m.id = a.message_id
where a.message_id = any(%(ids)s::uuid[]) and a.sid is not null
order by m.tenant, a.sid
on conflict do nothing

-- name: owe_redactions_of_inbound
insert into redactions (tenant, sid, state, due_at, created_at)
select %(tenant)s, sid, 'waiting', %(now)s::timestamptz, %(now)s::timestamptz
from unnest(%(sids)s::text[]) as sid
order by sid
on conflict do nothing

-- name: owe_redactions_of_ended
-- What has ended lately; longer ago, it is owed when its content goes here. Links that are still to be sent in place
-- of media, and fallback steps, need nothing of what Twilio has.
insert into redactions (tenant, sid, state, due_at, created_at)
select m.tenant, a.sid, 'waiting', %(now)s::timestamptz, %(now)s::timestamptz
from messages m join attempts a on a.message_id = m.id and a.sid is not null
where m.tenant = %(tenant)s and m.forgotten = 0 and m.status_at > %(since)s
  and (m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
       or (m.given_up_at is not null and m.status <> 'unconfirmed'))
  and not exists (select from redactions r where r.tenant = m.tenant and r.sid = a.sid)
order by m.tenant, a.sid
limit %(limit)s
on conflict do nothing

-- name: owe_redactions_of_received
-- What people wrote lately, once their files are copied.
insert into redactions (tenant, sid, state, due_at, created_at)
select i.tenant, i.sid, 'waiting', %(now)s::timestamptz, %(now)s::timestamptz
from inbound_messages i
where i.tenant = %(tenant)s and i.forgotten = 0 and i.received_at > %(since)s
  and not exists (select from redactions r where r.tenant = i.tenant and r.sid = i.sid)
  and not exists (select from inbound_media f
                  where f.tenant = i.tenant and f.sid = i.sid and f.state in ('waiting', 'claimed'))
order by i.tenant, i.sid
limit %(limit)s
on conflict do nothing

-- name: claim_redaction
-- What has waited longest and nobody holds.
update redactions r
set state = 'claimed', attempts = r.attempts + 1, lease_until = %(lease_until)s
from (
    select tenant, sid from redactions
    where tenant = %(tenant)s and state = 'waiting' and due_at <= %(now)s
    order by due_at
    limit 1
    for update skip locked
) due
where r.tenant = due.tenant and r.sid = due.sid
returning r.tenant, r.sid, r.attempts

-- name: finish_redaction
update redactions
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where tenant = %(tenant)s and sid = %(sid)s and attempts = %(attempts)s and state in ('claimed', 'waiting')

-- name: return_lapsed_redactions
update redactions set state = 'waiting', lease_until = null, explanation = 'the worker stopped while it asked'
where state = 'claimed' and lease_until <= %(now)s

-- name: retry_redactions
-- With all their attempts anew: what has failed is in nobody's hands.
update redactions r
set state = 'waiting', attempts = 0, due_at = %(now)s, finished_at = null
from (
    select tenant, sid from redactions
    where tenant = %(tenant)s and state = 'failed' and (%(sids)s::text[] is null or sid = any(%(sids)s::text[]))
    order by tenant, sid
    for update
) failed
where r.tenant = failed.tenant and r.sid = failed.sid

-- name: list_redactions
select sid, state, created_at, due_at, finished_at, attempts, explanation from redactions
where tenant = %(tenant)s and (%(state)s::text is null or state = %(state)s)
order by created_at desc, sid
limit %(limit)s
