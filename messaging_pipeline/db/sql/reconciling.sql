-- name: claim_checks
-- Messages that Twilio should be asked about. They are put off before anybody asks, so that nobody else asks too; what
-- is not asked about after all comes back by itself. A message that is in no state to be asked about is let go.
with due as (
    select id from messages
    where tenant = %(tenant)s and check_at <= %(now)s
    order by check_at
    limit %(limit)s
    for update skip locked
), put_off as (
    update messages m
    set check_at = case when m.status = any(%(asked_about)s::text[]) then %(put_off_until)s::timestamptz end
    from due
    where m.id = due.id
    returning m.id, m.service, m.status, m.status_at, m.sid, m.checks, m.attempts, m.to_number, m.check_at
)
select put_off.id, put_off.service, put_off.status, put_off.status_at, put_off.sid, put_off.checks, put_off.attempts,
       put_off.to_number, coalesce(a.started_at, put_off.status_at) as started_at
from put_off left join attempts a on a.message_id = put_off.id and a.number = put_off.attempts
where put_off.check_at is not null and (put_off.sid is not null or put_off.status = 'unconfirmed')

-- name: quiet_messages
-- Every message that Twilio could be asked about, whether or not its time has come, in the order of ids.
select m.id, m.service, m.status, m.status_at, m.sid, m.checks, m.attempts, m.to_number,
       coalesce(a.started_at, m.status_at) as started_at
from messages m left join attempts a on a.message_id = m.id and a.number = m.attempts
where m.tenant = %(tenant)s and m.id > %(after)s and m.status = any(%(asked_about)s::text[])
  and (m.sid is not null or m.status = 'unconfirmed')
order by m.id
limit %(limit)s

-- name: note_no_news
-- Twilio was asked and told nothing new. A message that has moved meanwhile has another time already.
with asked as (
    select * from unnest(%(message_ids)s::uuid[], %(statuses)s::text[], %(check_ats)s::timestamptz[])
        as a (message_id, status, check_at)
), locked as (
    select m.id, asked.check_at
    from messages m join asked on asked.message_id = m.id and asked.status = m.status
    order by m.id
    for update of m
)
update messages m
set checks = least(m.checks + 1, 1000), check_at = case when m.given_up_at is null then locked.check_at end
from locked
where m.id = locked.id

-- name: give_up
-- Nobody asks about these any more: the status is the last that was heard. What comes later still moves them.
with quiet as (
    select * from unnest(%(message_ids)s::uuid[], %(statuses)s::text[], %(reasons)s::text[])
        as q (message_id, status, reason)
), locked as (
    select m.id, quiet.reason
    from messages m join quiet on quiet.message_id = m.id and quiet.status = m.status
    where m.given_up_at is null
    order by m.id
    for update of m
), given_up as (
    update messages m set given_up_at = %(now)s, check_at = null, reason = locked.reason
    from locked
    where m.id = locked.id
    returning m.id, m.history_month, m.status, m.sid, m.reason
)
insert into message_events (message_id, history_month, status, source, at, sid, detail, moved)
select id, history_month, status, 'sweep', %(now)s, sid, reason, false from given_up order by id
returning message_id

-- name: known_sids
-- Whose these SIDs are: the attempt that made each, and where its message stands.
select a.sid, a.message_id, a.number, m.status, m.live_from
from attempts a join messages m on m.id = a.message_id
where a.sid = any(%(sids)s::text[]) and m.tenant = %(tenant)s

-- name: doubtful_attempts
-- Attempts to these numbers that may have made a message whose SID nobody knows. Those under way are among them.
select a.message_id, a.number, a.started_at, a.outcome, m.service, m.to_number, m.from_number, m.content
from (
    select message_id, number, started_at, outcome, sid from attempts
    where outcome = 'unconfirmed' and started_at >= %(since)s
    union all
    select message_id, number, started_at, outcome, sid from attempts where outcome = 'started'
) a
join messages m on m.id = a.message_id
where a.sid is null and m.tenant = %(tenant)s and m.to_number = any(%(numbers)s::text[])

-- name: hold_unconfirmed
-- The message stays in doubt, and says what a person can do; it says so once.
with doubtful as (
    select id, sid, attempts, reason from messages
    where id = %(id)s and status = 'unconfirmed' and attempts = %(attempt)s
    for update
), held as (
    update messages m set reason = %(reason)s::text
    from doubtful
    where m.id = doubtful.id and doubtful.reason is distinct from %(reason)s::text
    returning m.id, m.history_month
)
insert into message_events (message_id, history_month, status, source, at, attempt, detail, moved)
select id, history_month, 'unconfirmed', 'policy', %(now)s, %(attempt)s, %(reason)s::text, false from held
returning message_id

-- name: leave_doubt
-- Takes a message out of doubt without evidence: to be sent again, or to an end. Whatever its attempts made at Twilio
-- counts from now on only if it arrives, when the message is sent again.
with doubtful as (
    select id, attempts from messages
    where id = %(id)s and tenant = %(tenant)s and status = 'unconfirmed' and attempts = %(attempt)s
    for update
), moved as (
    update messages m
    set status = %(status)s::text, status_at = %(now)s, reason = %(reason)s::text, error_code = null, check_at = null,
        checks = 0, given_up_at = null,
        due_at = case when %(status)s::text = 'pending' then %(now)s::timestamptz else m.due_at end,
        live_from = case when %(status)s::text = 'pending' then (m.attempts + 1)::smallint else m.live_from end
    from doubtful
    where m.id = doubtful.id
    returning m.id, m.history_month, m.service
), settled as (
    update attempts a
    set outcome = 'not_sent', explanation = %(settled)s::text, finished_at = coalesce(a.finished_at, %(now)s)
    from doubtful
    where a.message_id = doubtful.id and a.outcome in ('started', 'unconfirmed') and %(settled)s::text is not null
), logged as (
    insert into message_events (message_id, history_month, status, source, at, attempt, detail, moved)
    select id, history_month, %(status)s::text, %(source)s::text, %(now)s, %(attempt)s, %(reason)s::text, true from moved
)
select id, service from moved

-- name: missing_inbound
-- Which of these inbound messages never reached us.
select asked.sid from unnest(%(sids)s::text[]) as asked (sid)
where not exists (select from inbound_messages i where i.tenant = %(tenant)s and i.sid = asked.sid)

-- name: count_created_between
-- How many messages of a tenant were written down in a span; counting ends where it does not matter any more.
select count(*)::int from (
    select from messages where tenant = %(tenant)s and created_at between %(start)s and %(end)s limit %(limit)s
) as counted

-- name: listed_until
select listed_until from reconcile_cursors where tenant = %(tenant)s

-- name: oldest_quiet
-- Since when there has been something that Twilio could be asked about.
select min(created_at) from messages where tenant = %(tenant)s and check_at is not null

-- name: advance_listed_until
insert into reconcile_cursors (tenant, listed_until) values (%(tenant)s, %(listed_until)s)
on conflict (tenant) do update
set listed_until = case when %(goes_back)s then excluded.listed_until
                        else greatest(reconcile_cursors.listed_until, excluded.listed_until) end

-- name: try_reconcile_lock
select pg_try_advisory_lock(hashtextextended('messaging-pipeline reconcile ' || %(tenant)s::text, 0))

-- name: release_reconcile_lock
select pg_advisory_unlock(hashtextextended('messaging-pipeline reconcile ' || %(tenant)s::text, 0))
