-- name: message_by_id
select id, tenant, service, to_number, from_number, status, status_at, sid, error_code, reason, segments, encoding,
       priority, due_at, expires_at, tags, idempotency_key, created_at
from messages where id = %(id)s and (%(tenant)s::text is null or tenant = %(tenant)s)

-- name: attempts_of
select number, started_at, finished_at, outcome, sid, http_status, error_code, explanation
from attempts where message_id = %(id)s order by number

-- name: events_of
select status, source, at, sid, error_code, detail, moved
from message_events where message_id = %(id)s order by id

-- name: fallback_of
select number, channel, state, cause, attempts, explanation, created_at, finished_at
from fallback_steps where message_id = %(id)s order by number

-- name: list_messages
select id, service, to_number, status, sid, error_code, segments, created_at
from messages
where tenant = %(tenant)s
  and (%(status)s::text is null or status = %(status)s)
  and (%(service)s::text is null or service = %(service)s)
  and (%(to_number)s::text is null or to_number = %(to_number)s)
order by created_at desc
limit %(limit)s

-- name: count_by_status
select status, count(*)::int from messages
where id = any(%(message_ids)s::uuid[]) group by status

-- name: count_open_fallback_steps
select count(*)::int from fallback_steps
where message_id = any(%(message_ids)s::uuid[]) and state in ('waiting', 'sending')

-- name: backlog_of
-- What waits per service: how much is due, and since when.
select service, count(*) filter (where due_at <= %(now)s)::int as due, count(*)::int as waiting,
       min(due_at) filter (where due_at <= %(now)s) as oldest_due_at
from messages where status = 'pending' group by service

-- name: messages_are_kept_here
select to_regclass('messages') is not null

-- name: holds_real_messages
-- Whether there is any message that no demonstration has sent.
select exists (
    select from messages
    where status <> 'rejected' and (idempotency_key is null or idempotency_key not like 'demo-%')
)
