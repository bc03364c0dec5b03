-- name: seed_messages
-- A store with a past: the older a message, the lower its id, as with ids made at acceptance. One in a hundred waits
-- for a day to come; the newest `due` are due now, the `sent` before them have left and are not final, the rest is.
insert into messages (id, tenant, service, to_number, content, encoding, segments, priority, status, status_at, due_at,
                      attempts, sid, fingerprint, created_at)
select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(noise, 1, 3) || '8'
        || substr(noise, 4, 15))::uuid,
       'default', 'default', '+1415' || (2000000 + mod(n, 7000000)), %(content)s::bytea, 'GSM-7', 1, mod(n, 3), status, at,
       case when status = 'pending' and n <= %(rows)s::int - %(due)s::int then now() + interval '30 days' else at end,
       case when status = 'pending' then 0 else 1 end,
       case when status = 'pending' then null else 'SM' || md5('sid' || n) end,
       %(fingerprint)s::bytea, at
from (
    select n, md5(n::text) as noise, now() - (%(rows)s::int - n) * (interval '30 days' / %(rows)s::int) as at,
           case when n > %(rows)s::int - %(due)s::int then 'pending'
                when n > %(rows)s::int - %(due)s::int - %(sent)s::int then 'sent'
                when mod(n, 100) = 0 then 'pending'
                when mod(n, 25) = 0 then 'undelivered'
                else 'delivered' end as status
    from generate_series(1, %(rows)s::int) as n
) as past

-- name: seed_attempts
insert into attempts (message_id, number, started_at, finished_at, outcome, sid, http_status, worker)
select id, 1, created_at, created_at + interval '0.1 s', 'accepted', sid, 201, 'seed' from messages where sid is not null

-- name: seed_events
-- Two of the about seven that a message has: they are in nobody's way, since all look-ups begin with the message.
insert into message_events (message_id, status, source, at, sid, moved)
select id, status, source, created_at, sid, true
from messages, (values ('pending', 'accept'), ('sent', 'callback')) as event (word, source)
where event.source = 'accept' or sid is not null
