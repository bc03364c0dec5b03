-- name: claim_due
-- Takes the best due rows of a service, as many as the granted segments carry, under one lease.
-- Each priority is read by itself so that the index gives the rows in order, however many wait for a later time.
with candidates as (
    select picked.id, picked.segments, lane.position, picked.due_at
    from unnest(%(priorities)s::smallint[]) with ordinality as lane (priority, position)
    cross join lateral (
        select m.id, m.segments, m.due_at
        from messages m
        where m.service = %(service)s and m.status = 'pending' and m.priority = lane.priority and m.waits_for is null
          and m.due_at <= %(now)s and (m.expires_at is null or m.expires_at > %(now)s)
        order by m.due_at, m.id
        limit %(segments)s
        for update skip locked
    ) picked
), weighed as (
    select id, position, sum(segments) over (order by position, due_at, id) as running from candidates
), claimed as (
    update messages m
    set status = 'claimed', status_at = %(now)s, claim_id = %(claim_id)s, lease_until = %(lease_until)s, reason = null,
        gate = null
    from weighed
    where m.id = weighed.id and weighed.running <= %(segments)s
    returning m.id, m.history_month, m.tenant, m.service, m.to_number, m.from_number, m.content, m.segments, m.due_at, m.expires_at,
              m.created_at, m.retries, m.claim_id, m.tags, weighed.running
), logged as (
    insert into message_events (message_id, history_month, status, source, at, moved)
    select id, history_month, 'claimed', 'deliver', %(now)s, true from claimed
)
select id, tenant, service, to_number, from_number, content, segments, created_at, due_at, expires_at, retries, claim_id,
       tags
from claimed
order by running

-- name: weight_of_next_due
-- The segments of the message that goes next, or nothing when none is due.
select m.segments
from unnest(%(priorities)s::smallint[]) with ordinality as lane (priority, position)
cross join lateral (
    select m.segments
    from messages m
    where m.service = %(service)s and m.status = 'pending' and m.priority = lane.priority and m.waits_for is null
      and m.due_at <= %(now)s and (m.expires_at is null or m.expires_at > %(now)s)
    order by m.due_at, m.id
    limit 1
) m
order by lane.position
limit 1

-- name: open_cap_day
insert into daily_usage (cap, day, segments) values (%(cap)s, %(day)s, 0) on conflict do nothing

-- name: used_of_cap
-- Locked: who claims for a capped sender does so one after another.
select segments from daily_usage where cap = %(cap)s and day = %(day)s for update

-- name: use_cap
-- A negative number gives back what did not leave.
update daily_usage set segments = greatest(0, segments + %(segments)s) where cap = %(cap)s and day = %(day)s

-- name: turn_page
-- Closes one attempt and opens the next, in one commit; either may be absent (null).
--
-- Closing writes what became of an attempt, and moves its message if it is at a status that this outcome leaves. A
-- callback that overtook the answer has closed the attempt already; then only an acceptance has something to add.
-- The late answer to an attempt that another one has replaced is written down, and moves nothing.
--
-- Opening is the mark that is committed before the request leaves. It yields nothing when the claim was lost
-- meanwhile (and says so) or another request of the message is under way, and the gate that bars the message if there
-- is one.
with standing as (
    -- The message before its attempt, as everybody locks them: so nobody deadlocks.
    select m.id, m.history_month, m.attempts, m.live_from, m.status, m.status_at, m.sid, m.error_code, m.reason, m.due_at, m.retries,
           m.check_at, m.checks
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
           or (a.outcome in ('accepted', 'not_sent') and a.http_status is null and %(outcome)s::text = 'accepted'))
    returning a.message_id, a.number
), before as (
    select standing.*, closed.number < standing.live_from as superseded,
           standing.status = any(%(leaves)s::text[])
           and closed.number = standing.attempts and closed.number >= standing.live_from
           and coalesce(standing.sid = %(sid)s::text, true) as moves  -- an answer about another SID proves nothing
    from standing join closed on closed.message_id = standing.id
), moved as (
    -- What stays is taken from the locked row: Postgres checks constraints before it notices that a row it read
    -- earlier has changed since.
    update messages m
    set sid = case when before.superseded then before.sid else coalesce(before.sid, %(sid)s::text) end,
        claim_id = null, lease_until = null,
        status = case when before.moves then %(status)s::text else before.status end,
        status_at = case when before.moves then %(now)s else before.status_at end,
        error_code = case when before.moves then %(error_code)s::int else before.error_code end,
        reason = case when before.moves then %(explanation)s::text else before.reason end,
        due_at = case when before.moves then coalesce(%(due_at)s::timestamptz, before.due_at) else before.due_at end,
        retries = before.retries + case when before.moves then %(spent)s::int else 0 end,
        check_at = case when before.moves then %(check_at)s::timestamptz else before.check_at end,
        checks = case when before.moves then 0 else before.checks end
    from before
    where m.id = before.id and (before.moves or not before.superseded)
), released as (
    -- The next part of its conversation may go now.
    update messages f set waits_for = null
    from before
    where f.waits_for = before.id and before.moves and %(status)s::text not in ('pending', 'unconfirmed')
), logged as (
    insert into message_events
        (message_id, history_month, status, source, at, sid, error_code, detail, moved, attempt, superseded)
    select before.id, before.history_month, %(status)s::text, 'deliver', %(now)s, %(sid)s::text, %(error_code)s::int, %(explanation)s::text,
           before.moves, %(closing_number)s::int, before.superseded
    from before
), held as (
    select m.id, m.attempts + 1 as number,
           case
               when m.expires_at <= %(now)s then 'expired'
               when exists (select from opt_outs o
                            where o.tenant = m.tenant and o.number = m.to_number and o.scope in (m.service, '*'))
                    or exists (select from opt_outs o
                               where o.tenant = %(shared)s::text and o.number = m.to_number and o.scope = '*')
                   then 'opted_out'
               when %(needs_grant)s::boolean
                    and not exists (select from consent_events e
                                    where e.tenant = m.tenant and e.number = m.to_number and e.change = 'granted'
                                      and e.scope in (m.service, '*'))
                   then 'no_consent'
               when exists (select from number_health h
                            where h.tenant = m.tenant and h.number = m.to_number and h.invalid_since is not null)
                   then 'unknown_number'
               when exists (select from number_lines l
                            where l.tenant = m.tenant and l.number = m.to_number and l.good_until > %(now)s
                              and l.line_type in ('landline', 'invalid'))
                   then 'landline'
           end as barred
    from messages m
    where m.id = %(opening_id)s::uuid and m.status = 'claimed' and m.claim_id = %(claim_id)s::uuid
    for update
), opened as (
    insert into attempts (message_id, number, started_at, outcome, worker)
    select id, number, %(now)s, 'started', %(worker)s::text from held where barred is null
    on conflict do nothing
    returning message_id, number
), marked as (
    update messages m set attempts = opened.number, lease_until = %(lease_until)s::timestamptz
    from opened
    where m.id = opened.message_id
)
select coalesce((select moves from before), false) as moved, (select number from opened) as opened,
       (select barred from held) as barred, not exists (select from held) as lost

-- name: find_opening
-- The attempt of this claim that is under way: for who has opened it, and has not heard so.
update messages m
set lease_until = %(lease_until)s
from attempts a
where m.id = %(id)s and m.status = 'claimed' and m.claim_id = %(claim_id)s
  and a.message_id = m.id and a.number = m.attempts and a.outcome = 'started'
returning a.number::int

-- name: take_back_opening
-- Undoes what the same transaction has opened, so that nobody ever sees it.
with undone as (
    delete from attempts where message_id = %(id)s and number = %(number)s and outcome = 'started'
    returning message_id
)
update messages m set attempts = m.attempts - 1 from undone where m.id = undone.message_id

-- name: bar_claimed
-- Ends a claimed message that a gate will not let go; empty when the claim was lost meanwhile.
with barred as (
    update messages m
    set status = %(status)s::text, status_at = %(now)s, claim_id = null, lease_until = null, reason = %(reason)s::text
    where m.id = %(id)s and m.status = 'claimed' and m.claim_id = %(claim_id)s
    returning m.id, m.history_month
)
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, %(status)s::text, 'deliver', %(now)s, %(reason)s::text, true from barred
returning message_id

-- name: release_claim
-- Gives back rows that were claimed and not started, to be due at once or at another time; a gate may be what they
-- wait at.
with released as (
    update messages
    set status = 'pending', status_at = %(now)s, claim_id = null, lease_until = null, reason = %(reason)s::text,
        gate = %(gate)s::text, due_at = coalesce(%(due_at)s::timestamptz, due_at)
    where id = any(%(message_ids)s::uuid[]) and status = 'claimed' and claim_id = %(claim_id)s
    returning id, history_month
)
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, 'pending', 'deliver', %(now)s, %(reason)s::text, true from released

-- name: put_off_claimed
-- Gives back a message that cannot go yet, and lets its budget pay for the next try; empty when the claim was lost.
with released as (
    update messages
    set status = 'pending', status_at = %(now)s, claim_id = null, lease_until = null, reason = %(reason)s::text,
        due_at = %(due_at)s, retries = retries + 1
    where id = %(id)s and status = 'claimed' and claim_id = %(claim_id)s
    returning id, history_month
)
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, 'pending', 'deliver', %(now)s, %(reason)s::text, true from released
returning message_id

-- name: note_on_claimed
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, 'claimed', 'policy', %(now)s, %(detail)s::text, false from messages
where id = %(id)s and status = 'claimed' and claim_id = %(claim_id)s
