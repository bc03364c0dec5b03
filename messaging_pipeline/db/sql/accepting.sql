-- name: lock_sequences
-- Who adds to a conversation waits for whoever adds to it just now, so that its parts have an order.
select pg_advisory_xact_lock(hashtextextended(key, 2041))
from (select distinct key from unnest(%(keys)s::text[]) as k (key) order by key) as keys

-- name: lock_introductions
-- Who may be the first to write to somebody waits for whoever does so just now. A batch of any size takes few locks.
select pg_advisory_xact_lock(2042, bucket)
from (select distinct hashtext(key) & 255 as bucket from unnest(%(keys)s::text[]) as k (key) order by bucket) as buckets

-- name: is_introduced
-- Whether a message of the service has told the recipient how to opt out, or one that leaves no later will do so.
select exists (
    select from messages m
    where m.tenant = %(tenant)s and m.service = %(service)s and m.to_number = %(to_number)s and m.introduces
      and (m.status in ('accepted', 'queued', 'sending', 'sent', 'delivered', 'read')
           or (m.status in ('pending', 'claimed') and m.due_at <= %(due_at)s and m.priority <= %(priority)s))
)

-- name: insert_message
-- Writes a message and its first event, or nothing at all when its id or its idempotency key is taken. A part of a
-- conversation waits for the part before it, if that has not left.
with fresh as (
    insert into messages (
        id, tenant, service, to_number, from_number, content, fallback, encoding, segments, priority, status, status_at,
        due_at, expires_at, reason, gate, tags, idempotency_key, fingerprint, created_at, sequence, position, waits_for,
        introduces, notify, history_month
    ) values (
        %(id)s, %(tenant)s, %(service)s, %(to_number)s, %(from_number)s, %(content)s, %(fallback)s, %(encoding)s,
        %(segments)s, %(priority)s, %(status)s, %(now)s, %(due_at)s, %(expires_at)s, %(reason)s, %(gate)s, %(tags)s,
        %(idempotency_key)s, %(fingerprint)s, %(now)s, %(sequence)s::text,
        case when %(sequence)s::text is not null then nextval('message_positions') end,
        (select m.id from messages m
         where m.service = %(service)s and m.sequence = %(sequence)s::text and m.tenant = %(tenant)s
           and m.status in ('pending', 'claimed', 'unconfirmed')
         order by m.position desc
         limit 1),
        %(introduces)s, %(notify)s::text[], history_month_of(%(now)s)
    )
    on conflict do nothing
    returning id, history_month, status, created_at, reason
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, status, 'accept', created_at, nullif(concat_ws('; ', %(note)s::text, reason), ''), true from fresh
)
select id from fresh

-- name: find_earlier_message
-- The message that holds this id or this idempotency key. An id that another tenant holds is found too.
select id, tenant, fingerprint, id = %(id)s as same_id
from messages
where id = %(id)s or (tenant = %(tenant)s and idempotency_key = %(idempotency_key)s::text)
order by id = %(id)s desc
limit 1

-- name: lock_message
select from messages where id = %(id)s and tenant = %(tenant)s for update

-- name: cancel_unsent
-- Withdraws a message whose request has not left, and takes it out of a worker's hands; empty when it is past that,
-- else its service.
-- Its row must be locked in a statement before: an attempt that was started meanwhile is seen only then.
with withdrawn as (
    update messages m
    set status = 'canceled', status_at = %(now)s, claim_id = null, lease_until = null, reason = %(reason)s::text
    where m.id = %(id)s and m.tenant = %(tenant)s and m.status in ('pending', 'claimed')
      and not exists (select from attempts a where a.message_id = m.id and a.outcome = 'started')
    returning m.id, m.history_month, m.service
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, 'canceled', 'operator', %(now)s, %(reason)s::text, true from withdrawn
)
select service from withdrawn
