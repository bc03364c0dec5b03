-- name: history_months
-- The months whose histories have a partition of their own; 0001-01-01 is what was accepted before there were months.
select case when c.relname = 'message_events_of_no_month' then date '0001-01-01'
            else to_date(right(c.relname, 7), 'YYYY_MM') end as month
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'message_events'::regclass and c.relname ~ '^message_events_(of_no_month|[0-9]{4}_[0-9]{2})$'
order by month

-- name: stray_history
-- Months that lie in the default partition, with how many lines, and whether the month was let go before they came.
select strays.month, count(*)::int, f.month is not null
from (select history_month as month from message_events_other limit %(limit)s) strays
left join forgotten_history f on f.month = strays.month
group by strays.month, f.month
order by strays.month

-- name: make_history_month
select make_history_month(%(month)s::date)

-- name: take_a_moment
-- For the transaction at hand: what a statement locks, others wait for as long as it runs.
select set_config('statement_timeout', %(milliseconds)s::text, true)

-- name: months_began_at
-- When messages began to have months; nothing as long as processes of the release before may run.
select applied_at from schema_migrations where name like '%_post_begin_months.sql'

-- name: what_keeps_history
-- Why a month's history is still needed: messages that have not ended, and what is still owed for those that have. Each
-- is looked for where an index holds only what is open, however many messages there are.
select 'a message has not been sent'
where exists (select from messages m where m.history_month = %(month)s and m.status = 'pending' and m.waits_for is null)
   or exists (select from messages m
              where m.history_month = %(month)s and m.status = 'pending' and m.waits_for is not null)
union all
select 'a message is in a worker''s hands'
where exists (select from messages m where m.history_month = %(month)s and m.status = 'claimed')
union all
select 'a message is in doubt'
where exists (select from messages m where m.history_month = %(month)s and m.status = 'unconfirmed')
union all
select 'Twilio is still asked about a message'
where exists (select from messages m where m.history_month = %(month)s and m.check_at is not null)
union all
select 'a fallback step is to come'
where exists (select from fallback_steps s join messages m on m.id = s.message_id
              where m.history_month = %(month)s and s.state in ('planned', 'waiting', 'sending'))
union all
select 'links are still to be sent in place of media'
where exists (select from mms_links l join messages m on m.id = l.message_id
              where m.history_month = %(month)s and l.done_at is null)
union all
select 'somebody is still to be told'
where exists (select from notices n join messages m on m.id = n.message_id
              where m.history_month = %(month)s and n.state in ('waiting', 'claimed'))

-- name: who_keeps_history
-- The same, without trusting any index's condition: a message that has not ended and was not given up. Reads them all,
-- once for a month that is about to go.
select 'message ' || m.id || ' has not ended'
from messages m
where m.history_month = %(month)s and m.given_up_at is null
  and m.status in ('pending', 'claimed', 'unconfirmed', 'scheduled', 'accepted', 'queued', 'sending', 'sent')
limit 1

-- name: forget_stray_history
-- Lines of a month that lie in the default partition, a few at a time.
delete from message_events_other
where ctid = any(array(select ctid from message_events_other where history_month = %(month)s limit %(limit)s))

-- name: forget_history_month
select forget_history_month(%(month)s, %(now)s)
