-- name: contents_of
select id, content from messages where id = any(%(message_ids)s::uuid[]) and content is not null

-- name: promise_mms_links
insert into mms_links (message_id, promised_at)
select id, %(now)s from unnest(%(message_ids)s::uuid[]) as asked (id)
order by id
on conflict do nothing

-- name: open_mms_links
select l.message_id, m.tenant, m.service, m.to_number, m.from_number, m.content, m.priority, m.status, m.expires_at,
       m.tags
from mms_links l join messages m on m.id = l.message_id
where l.done_at is null
order by l.promised_at
limit %(limit)s

-- name: close_mms_link
-- Says in the message's history what has followed; once, whoever else closes it.
with closed as (
    update mms_links set done_at = %(now)s where message_id = %(message_id)s and done_at is null returning message_id
)
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select m.id, m.history_month, m.status, 'policy', %(now)s, %(detail)s::text, false
from closed join messages m on m.id = closed.message_id
returning message_id
