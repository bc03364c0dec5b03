-- name: note_feedback
insert into message_events (message_id, history_month, status, source, at, detail, moved)
select id, history_month, status, 'operator', %(now)s, %(detail)s::text, false from messages
where id = %(id)s and tenant = %(tenant)s
