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
select i.sid, i.received_at, i.from_number as "from", i.to_number as "to", i.service, i.keyword, i.word, i.effect,
       i.answered, i.flag, i.seen_at, c.state as handler
from inbound_messages i
left join keyword_calls c on c.tenant = i.tenant and c.sid = i.sid
where i.tenant = %(tenant)s
  and (%(numbers)s::text[] is null or i.from_number = any(%(numbers)s))
  and (not %(flagged)s or (i.flag is not null and i.seen_at is null))
  and (%(handler)s::text is null or c.state = %(handler)s)
order by i.received_at desc, i.sid
limit %(limit)s

-- name: inbound_message
select i.sid, i.received_at, i.from_number as "from", i.to_number as "to", i.service, i.keyword, i.word, i.effect,
       i.answered, i.flag, i.seen_at, i.payload,
       case when c.sid is not null then jsonb_build_object(
           'state', c.state, 'attempts', c.attempts, 'explanation', c.explanation, 'due_at', c.due_at,
           'finished_at', c.finished_at) end as handler
from inbound_messages i
left join keyword_calls c on c.tenant = i.tenant and c.sid = i.sid
where i.tenant = %(tenant)s and i.sid = %(sid)s

-- name: mark_inbound_seen
update inbound_messages set seen_at = %(now)s
where tenant = %(tenant)s and sid = %(sid)s and flag is not null and seen_at is null
