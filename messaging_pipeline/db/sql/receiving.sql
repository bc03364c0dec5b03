-- name: insert_inbound_message
-- Twilio may deliver the same message more than once; it is stored once.
insert into inbound_messages (tenant, sid, from_number, to_number, payload, received_at, service, keyword, word, flag,
                              answered)
values (%(tenant)s, %(sid)s, %(from_number)s, %(to_number)s, %(payload)s, %(received_at)s, %(service)s, %(keyword)s,
        %(word)s, %(flag)s, %(answered)s)
on conflict do nothing
returning sid

-- name: note_inbound_effect
update inbound_messages set effect = %(effect)s where tenant = %(tenant)s and sid = %(sid)s and effect is null

-- name: list_inbound
-- Newest first; those for a person to look at have a flag and were not seen.
select sid, received_at, from_number as "from", to_number as "to", service, keyword, word, effect, answered, flag, seen_at
from inbound_messages
where tenant = %(tenant)s
  and (%(numbers)s::text[] is null or from_number = any(%(numbers)s))
  and (not %(flagged)s or (flag is not null and seen_at is null))
order by received_at desc, sid
limit %(limit)s

-- name: inbound_message
select sid, received_at, from_number as "from", to_number as "to", service, keyword, word, effect, answered, flag, seen_at,
       payload
from inbound_messages
where tenant = %(tenant)s and sid = %(sid)s

-- name: mark_inbound_seen
update inbound_messages set seen_at = %(now)s
where tenant = %(tenant)s and sid = %(sid)s and flag is not null and seen_at is null
