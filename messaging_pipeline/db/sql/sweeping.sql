-- name: strangers
-- Services with messages that wait, and that the file does not name. From one name to the next by the index, so that
-- it costs a look for each service, however many messages wait.
with recursive waiting as (
    (select m.service from messages m where m.status = 'pending' and m.waits_for is null order by m.service limit 1)
    union all
    select (select m.service from messages m
            where m.status = 'pending' and m.waits_for is null and m.service > waiting.service
            order by m.service limit 1)
    from waiting where waiting.service is not null
)
select service from waiting where service <> all(%(services)s::text[])

-- name: next_due_of_services
-- When the next message of each service is due, of those services that have one; earlier than now means due.
select asked.service, min(next.due_at) as due_at
from unnest(%(services)s::text[]) as asked (service)
cross join (values (0::smallint), (1::smallint), (2::smallint)) as lane (priority)
cross join lateral (
    select m.due_at
    from messages m
    where m.service = asked.service and m.status = 'pending' and m.priority = lane.priority and m.waits_for is null
    order by m.due_at, m.id
    limit 1
) next
where next.due_at <= %(until)s
group by asked.service

-- name: release_followers
-- Parts of conversations whose predecessor has left, ended or is gone, and nobody told them. One that has been in
-- doubt for long holds them up no longer.
update messages f set waits_for = null
from (
    select w.id
    from messages w left join messages p on p.id = w.waits_for
    where w.waits_for is not null
      and (p.id is null or p.status not in ('pending', 'claimed', 'unconfirmed')
           or (p.status = 'unconfirmed' and p.status_at < %(doubt_before)s))
    order by w.id
    limit %(limit)s
    for update of w skip locked
) free
where f.id = free.id
returning f.service

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
        check_at = case when lapsed.started then %(check_at)s::timestamptz end, checks = 0,
        reason = case when lapsed.started then %(doubt)s::text else %(relief)s::text end
    from lapsed
    where m.id = lapsed.id and m.status = 'claimed'
    returning m.id, m.history_month, m.status, m.service, m.reason
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, status, 'sweep', %(now)s, reason, true from returned
)
select id, service, status from returned

-- name: doubt_forgotten_attempts
-- Attempts whose worker died after their message was settled without them, as by a late arrival of an earlier attempt.
-- The message stays where it is.
with forgotten as (
    select a.message_id, a.number
    from attempts a join messages m on m.id = a.message_id
    where a.outcome = 'started' and a.started_at < %(started_before)s and m.status <> 'claimed'
    order by a.message_id
    limit %(limit)s
    for update of m skip locked
)
update attempts a
set outcome = 'unconfirmed', finished_at = %(now)s, explanation = %(doubt)s::text
from forgotten
where a.message_id = forgotten.message_id and a.number = forgotten.number and a.outcome = 'started'

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
    returning m.id, m.history_month, m.service
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, 'expired', 'sweep', %(now)s, %(reason)s::text, true from expired
)
select id, service from expired

-- name: take_matched_callbacks
-- Callbacks that came before we knew their SID, and whose SID we know now; the oldest first.
with matched as (
    select u.ctid as place, m.id as message_id, a.number::int as attempt
    from unmatched_callbacks u
    join attempts a on a.sid = u.sid
    join messages m on m.id = a.message_id and m.tenant = u.tenant
    order by u.received_at
    limit %(limit)s
    for update of u skip locked
), taken as (
    delete from unmatched_callbacks u using matched
    where u.ctid = matched.place
    returning matched.message_id, u.tenant, u.sid, u.status, u.error_code, u.received_at, matched.attempt
)
select message_id, tenant, sid, status, nullif(error_code, 0) as error_code, received_at, attempt
from taken
order by received_at
