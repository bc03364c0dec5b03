-- name: lock_old_messages
-- Messages that were accepted and ended long ago, and whose content and number have gone; the oldest first, after a
-- place. By messages_by_age: the index of what is to be forgotten holds none of them any more.
select m.id, m.created_at, m.history_month from messages m
where m.tenant = %(tenant)s and m.created_at < %(before)s and (m.created_at, m.id) > (%(created_at)s, %(id)s)
  and m.forgotten = 2 and m.status_at < %(before)s and m.check_at is null
  and (m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
       or (m.given_up_at is not null and m.status <> 'unconfirmed'))
order by m.created_at, m.id
limit %(limit)s
for update skip locked

-- name: who_is_still_needed
-- Which of these something is owed for, or other rows name: a request under way, a fallback step to come or in doubt, a
-- step by SMS whose message has not ended, the step that a message was sent as, links to come, somebody to be told, a
-- part of a conversation that waits, and a text that has not gone from Twilio. Answers and links are not handed over
-- twice because of their key: they stay until whoever owes them has finished and cannot be told to try again. What was
-- sent about when a request of the tenant was that is still in doubt stays too: else Twilio's list would show it as
-- nobody's, and it could be taken for what that request has made.
with keyed as materialized (
    select id, idempotency_key as key from messages where id = any(%(ids)s::uuid[]) and idempotency_key is not null
)
select a.message_id from attempts a where a.message_id = any(%(ids)s::uuid[]) and a.outcome = 'started'
union all
select s.message_id from fallback_steps s
where s.message_id = any(%(ids)s::uuid[]) and s.state in ('planned', 'waiting', 'sending', 'unconfirmed')
union all
select s.message_id from fallback_steps s
where s.message_id = any(%(ids)s::uuid[]) and s.sent_as is not null
  and not coalesce(
      (select m.status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
              or (m.given_up_at is not null and m.status <> 'unconfirmed')
       from messages m where m.id = s.sent_as), true)
union all
select s.sent_as from fallback_steps s where s.sent_as = any(%(ids)s::uuid[])
union all
select l.message_id from mms_links l where l.message_id = any(%(ids)s::uuid[]) and l.done_at is null
union all
select n.message_id from notices n
where n.subject = any(%(subjects)s::text[]) and n.event = 'message.status'
  and n.state in ('waiting', 'claimed', 'dead')
union all
select w.waits_for from messages w where w.waits_for = any(%(ids)s::uuid[])
union all
select a.message_id from attempts a
join redactions r on r.tenant = %(tenant)s and r.sid = a.sid
where a.message_id = any(%(ids)s::uuid[]) and r.state <> 'done'
union all
select k.id from keyed k
join ticket_entries e on e.tenant = %(tenant)s and e.sid = substr(k.key, length('ticket:') + 1)
where k.key like 'ticket:%%' and e.state not in ('answered', 'unanswered')
union all
select k.id from keyed k
join keyword_calls c on c.tenant = %(tenant)s and c.sid = substr(k.key, length('keyword:') + 1)
where k.key like 'keyword:%%' and c.state not in ('handled', 'answered', 'unanswered')
union all
select k.id from keyed k join mms_links l on k.key = 'mms-link:' || l.message_id where l.done_at is null
union all
select a.message_id from attempts a
where a.message_id = any(%(ids)s::uuid[]) and a.sid is not null
  and exists (select from attempts d join messages doubtful on doubtful.id = d.message_id
              where d.outcome = 'unconfirmed' and doubtful.tenant = %(tenant)s and doubtful.status = 'unconfirmed'
                and d.started_at between a.started_at - %(apart)s::interval and a.started_at + %(apart)s::interval)

-- name: let_go_of_messages
-- Messages that are locked and that nothing is owed for, and every row that hangs on them, at once: nobody ever finds
-- an attempt or a line of history without its message. What proves a consent stays, and what limits have counted.
with attempted as (
    delete from attempts where message_id = any(%(ids)s::uuid[]) returning sid
), redacted as (
    delete from redactions r using attempted a where r.tenant = %(tenant)s and r.sid = a.sid and r.state = 'done'
), told as (
    delete from message_events
    where history_month = any(%(months)s::date[]) and message_id = any(%(ids)s::uuid[])
), stepped as (
    delete from fallback_steps where message_id = any(%(ids)s::uuid[])
), linked as (
    delete from mms_links where message_id = any(%(ids)s::uuid[])
), noticed as (
    delete from notices where subject = any(%(subjects)s::text[]) and event = 'message.status'
), drawn as (
    delete from meter_draws where message_id = any(%(ids)s::uuid[])
)
delete from messages where id = any(%(ids)s::uuid[]) and forgotten = 2
