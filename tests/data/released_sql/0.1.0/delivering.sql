-- name: claim_due
-- Takes the best due rows of a service, as many as the granted segments carry, under one lease.
-- Each priority is read by itself so that the index gives the rows in order, however many wait for a later time.
with candidates as (
    select picked.id, picked.segments, picked.priority, picked.due_at
    from (values (0::smallint), (1::smallint), (2::smallint)) as lane (priority)
    cross join lateral (
        select m.id, m.segments, m.priority, m.due_at
        from messages m
        where m.service = %(service)s and m.status = 'pending' and m.priority = lane.priority
          and m.due_at <= %(now)s and (m.expires_at is null or m.expires_at > %(now)s)
        order by m.due_at, m.id
        limit %(segments)s
        for update skip locked
    ) picked
), weighed as (
    select id, sum(segments) over (order by priority, due_at, id) as running from candidates
), claimed as (
    update messages m
    set status = 'claimed', status_at = %(now)s, claim_id = %(claim_id)s, lease_until = %(lease_until)s, reason = null
    from weighed
    where m.id = weighed.id and weighed.running <= %(segments)s
    returning m.id, m.tenant, m.service, m.to_number, m.from_number, m.content, m.segments, m.priority, m.due_at,
              m.expires_at, m.attempts, m.claim_id
), logged as (
    insert into message_events (message_id, status, source, at, moved)
    select id, 'claimed', 'deliver', %(now)s, true from claimed
)
select id, tenant, service, to_number, from_number, content, segments, expires_at, attempts, claim_id
from claimed
order by priority, due_at, id

-- name: weight_of_next_due
-- The segments of the message that goes next, or nothing when none is due.
select m.segments
from messages m
where m.service = %(service)s and m.status = 'pending' and m.due_at <= %(now)s
  and (m.expires_at is null or m.expires_at > %(now)s)
order by m.priority, m.due_at, m.id
limit 1

-- name: turn_page
-- Closes one attempt and opens the next, in one commit; either may be absent (null).
--
-- Closing writes what became of an attempt, and moves its message if it is at a status that this outcome leaves. A
-- callback that overtook the answer has closed the attempt already; then only an acceptance has something to add.
--
-- Opening is the mark that is committed before the request leaves. It yields nothing when the claim was lost meanwhile,
-- when the message expired, or when another request of the message is under way.
with standing as (
    -- The message before its attempt, as everybody locks them: so nobody deadlocks.
    select m.id, m.attempts, m.status, m.status_at, m.sid, m.error_code, m.reason, m.due_at
    from messages m
    where m.id = %(closing_id)s::uuid
    for update
), closed as (
    update attempts a
    set outcome = %(outcome)s::text, finished_at = %(now)s, sid = %(sid)s::text, http_status = %(http_status)s::int,
        error_code = %(error_code)s::int, explanation = %(explanation)s::text
    from standing
    where a.message_id = standing.id and a.number = %(closing_number)s::int
      and (a.outcome in ('started', 'unconfirmed')
           or (a.outcome = 'accepted' and a.http_status is null and %(outcome)s::text = 'accepted'))
    returning a.message_id, a.number
), before as (
    select standing.*,
           standing.status = any(%(leaves)s::text[])
           and coalesce(standing.sid = %(sid)s::text, true) as moves  -- an answer about another SID proves nothing
    from standing join closed on closed.message_id = standing.id and closed.number = standing.attempts
), moved as (
    -- What stays is taken from the locked row: Postgres checks constraints before it notices that a row it read
    -- earlier has changed since.
    update messages m
    set sid = coalesce(before.sid, %(sid)s::text), claim_id = null, lease_until = null,
        status = case when before.moves then %(status)s::text else before.status end,
        status_at = case when before.moves then %(now)s else before.status_at end,
        error_code = case when before.moves then %(error_code)s::int else before.error_code end,
        reason = case when before.moves then %(explanation)s::text else before.reason end,
        due_at = case when before.moves then coalesce(%(due_at)s::timestamptz, before.due_at) else before.due_at end
    from before
    where m.id = before.id
), logged as (
    insert into message_events (message_id, status, source, at, sid, error_code, detail, moved)
    select before.id, %(status)s::text, 'deliver', %(now)s, %(sid)s::text, %(error_code)s::int, %(explanation)s::text,
           before.moves
    from before
), held as (
    select id, attempts + 1 as number from messages
    where id = %(opening_id)s::uuid and status = 'claimed' and claim_id = %(claim_id)s::uuid
      and (expires_at is null or expires_at > %(now)s)
    for update
), opened as (
    insert into attempts (message_id, number, started_at, outcome, worker)
    select id, number, %(now)s, 'started', %(worker)s::text from held
    on conflict do nothing
    returning message_id, number
), marked as (
    update messages m set attempts = opened.number, lease_until = %(lease_until)s::timestamptz
    from opened
    where m.id = opened.message_id
)
select coalesce((select moves from before), false) as moved, (select number from opened) as opened

-- name: release_claim
-- Gives back rows that were claimed and not started, to be due at once or at another time.
with released as (
    update messages
    set status = 'pending', status_at = %(now)s, claim_id = null, lease_until = null, reason = %(reason)s::text,
        due_at = coalesce(%(due_at)s::timestamptz, due_at)
    where id = any(%(message_ids)s::uuid[]) and status = 'claimed' and claim_id = %(claim_id)s
    returning id
)
insert into message_events (message_id, status, source, at, detail, moved)
select id, 'pending', 'deliver', %(now)s, %(reason)s::text, true from released
