-- name: message_by_id
-- The SID is that of the attempt under way, or else the last one that Twilio gave.
select id, tenant, service, to_number, from_number, status, status_at,
       coalesce(sid, (select a.sid from attempts a where a.message_id = messages.id and a.sid is not null
                      order by a.number desc limit 1)) as sid,
       error_code, reason, case when status = 'pending' then gate end as gate, segments, encoding, priority, due_at,
       expires_at, sequence, waits_for, retries, check_at,
       given_up_at, tags, idempotency_key, created_at, forgotten, history_month,
       (select f.forgotten_at from forgotten_history f where f.month = messages.history_month) as history_forgotten_at
from messages where id = %(id)s and (%(tenant)s::text is null or tenant = %(tenant)s)

-- name: attempts_of
select number, started_at, finished_at, outcome, sid, http_status, error_code, explanation
from attempts where message_id = %(id)s order by number

-- name: events_of
select status, source, at, sid, error_code, detail, moved, attempt, superseded
from message_events where history_month = %(history_month)s and message_id = %(id)s order by id

-- name: fallback_of
select s.number, s.channel, s.state, s.cause, s.attempts, s.explanation, s.due_at, s.created_at, s.finished_at,
       s.overtaken_at, s.heard, s.heard_at, s.sent_as, m.status as sent_as_status
from fallback_steps s left join messages m on m.id = s.sent_as
where s.message_id = %(id)s order by s.number

-- name: count_before
-- How many messages of the service go before this one: what is due of a better priority, and earlier of its own.
-- Put in order only so that they come by the index, whose first ones are enough.
select count(*)::int
from (
    select due.id
    from unnest(array[0, 1, 2]::smallint[]) as lane (priority)
    cross join lateral (
        select m.id from messages m
        where m.service = %(service)s and m.status = 'pending' and m.priority = lane.priority and m.waits_for is null
          and m.due_at <= %(now)s
        order by m.due_at, m.id
        limit %(most)s
    ) due
    where lane.priority < %(priority)s
    union all
    (select m.id from messages m
     where m.service = %(service)s and m.status = 'pending' and m.priority = %(priority)s and m.waits_for is null
       and (m.due_at, m.id) < (%(due_at)s, %(id)s)
     order by m.due_at, m.id
     limit %(most)s)
    limit %(most)s
) earlier

-- name: list_messages
-- A tenant's messages, newest first; a gate is named where a message waits at one. A key and a SID have indexes of
-- their own; tags have none, and are looked for among the messages since a time.
select id, service, to_number, status, case when status = 'pending' then gate end as gate, reason, due_at, sid,
       error_code, segments, created_at
from messages
where tenant = %(tenant)s
  and (%(status)s::text is null or status = %(status)s)
  and (%(service)s::text is null or service = %(service)s)
  and (%(gate)s::text is null or (gate = %(gate)s and status = 'pending'))
  and (%(to_numbers)s::text[] is null or to_number = any(%(to_numbers)s))
  and (%(since)s::timestamptz is null or created_at >= %(since)s)
  and (%(tags)s::jsonb is null or tags @> %(tags)s)
  and (%(idempotency_key)s::text is null or idempotency_key = %(idempotency_key)s)
  and (%(sid)s::text is null or id = any(array(select m.id from messages m where m.sid = %(sid)s
                                               union select a.message_id from attempts a where a.sid = %(sid)s)))
order by created_at desc
limit %(limit)s

-- name: count_by_status
select status, count(*)::int from messages
where id = any(%(message_ids)s::uuid[]) group by status

-- name: count_open_fallback_steps
select count(*)::int from fallback_steps
where message_id = any(%(message_ids)s::uuid[]) and state in ('waiting', 'sending')

-- name: backlog_of
-- What waits per service: how much is due, and since when. A part of a conversation is due when it is its turn.
select service, count(*) filter (where due_at <= %(now)s and waits_for is null)::int as due, count(*)::int as waiting,
       min(due_at) filter (where due_at <= %(now)s and waits_for is null) as oldest_due_at
from messages where status = 'pending' group by service

-- name: messages_are_kept_here
select to_regclass('messages') is not null

-- name: holds_real_messages
-- Whether there is any message that no demonstration has sent.
select exists (
    select from messages
    where status <> 'rejected' and (idempotency_key is null or idempotency_key not like 'demo-%')
      and service not like 'demo-%'
)
