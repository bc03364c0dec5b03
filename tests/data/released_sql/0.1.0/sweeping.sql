-- name: services_with_due_rows
-- The services, of those asked about, that have a message due.
select asked.service
from unnest(%(services)s::text[]) as asked (service)
where exists (
    select from (values (0::smallint), (1::smallint), (2::smallint)) as lane (priority)
    where exists (
        select from messages m
        where m.service = asked.service and m.status = 'pending' and m.priority = lane.priority
          and m.due_at <= %(now)s
    )
)

-- name: return_lapsed_claims
-- Leases that ran out. An attempt was started: it may have been sent, so it is unconfirmed and nobody sends it again.
-- None was started: it was certainly not sent, and goes back.
with lapsed as (
    select m.id,
           exists (select from attempts a where a.message_id = m.id and a.outcome = 'started') as started
    from messages m
    where m.status = 'claimed' and m.lease_until <= %(now)s
    order by m.id
    limit %(limit)s
    for update of m skip locked
), closed as (
    update attempts a
    set outcome = 'unconfirmed', finished_at = %(now)s, explanation = %(doubt)s::text
    from lapsed
    where a.message_id = lapsed.id and a.outcome = 'started'
), returned as (
    update messages m
    set status = case when lapsed.started then 'unconfirmed' else 'pending' end,
        status_at = %(now)s, claim_id = null, lease_until = null,
        reason = case when lapsed.started then %(doubt)s::text else %(relief)s::text end
    from lapsed
    where m.id = lapsed.id and m.status = 'claimed'
    returning m.id, m.status, m.service, m.reason
), logged as (
    insert into message_events (message_id, status, source, at, detail, moved)
    select id, status, 'sweep', %(now)s, reason, true from returned
)
select id, service, status from returned

-- name: expire_overdue
-- Messages whose time ran out before a worker took them.
with overdue as (
    select id from messages
    where status = 'pending' and expires_at <= %(now)s
    order by id
    limit %(limit)s
    for update skip locked
), expired as (
    update messages m set status = 'expired', status_at = %(now)s, reason = %(reason)s::text
    from overdue
    where m.id = overdue.id and m.status = 'pending'
    returning m.id
), logged as (
    insert into message_events (message_id, status, source, at, detail, moved)
    select id, 'expired', 'sweep', %(now)s, %(reason)s::text, true from expired
)
select id from expired

-- name: take_matched_callbacks
-- Callbacks that came before we knew their SID, and whose SID we know now.
delete from unmatched_callbacks u
using messages m
where m.sid = u.sid and m.tenant = u.tenant
returning m.id as message_id, u.tenant, u.sid, u.status, nullif(u.error_code, 0) as error_code, u.received_at
