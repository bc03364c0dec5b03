-- name: insert_message
-- Writes a message and its first event, or nothing at all when its id or its idempotency key is taken.
with fresh as (
    insert into messages (
        id, tenant, service, to_number, from_number, content, fallback, encoding, segments, priority, status, status_at,
        due_at, expires_at, reason, tags, idempotency_key, fingerprint, created_at
    ) values (
        %(id)s, %(tenant)s, %(service)s, %(to_number)s, %(from_number)s, %(content)s, %(fallback)s, %(encoding)s,
        %(segments)s, %(priority)s, %(status)s, %(now)s, %(due_at)s, %(expires_at)s, %(reason)s, %(tags)s,
        %(idempotency_key)s, %(fingerprint)s, %(now)s
    )
    on conflict do nothing
    returning id, status, created_at, reason
), logged as (
    insert into message_events (message_id, status, source, at, detail, moved)
    select id, status, 'accept', created_at, reason, true from fresh
)
select id from fresh

-- name: find_earlier_message
-- The message that holds this id or this idempotency key. An id that another tenant holds is found too.
select id, tenant, fingerprint, id = %(id)s as same_id
from messages
where id = %(id)s or (tenant = %(tenant)s and idempotency_key = %(idempotency_key)s::text)
order by id = %(id)s desc
limit 1

-- name: cancel_pending
-- Withdraws a message that no worker has taken; empty when it is past that.
with withdrawn as (
    update messages set status = 'canceled', status_at = %(now)s, reason = %(reason)s::text
    where id = %(id)s and tenant = %(tenant)s and status = 'pending'
    returning id
)
insert into message_events (message_id, status, source, at, detail, moved)
select id, 'canceled', 'operator', %(now)s, %(reason)s::text, true from withdrawn
returning message_id
