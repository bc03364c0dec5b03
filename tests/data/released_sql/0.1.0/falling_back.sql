-- name: start_fallback
-- The first step of each message that has a plan; the key makes it once per message, however often a failure is heard.
insert into fallback_steps (message_id, number, channel, cause, state, due_at, created_at)
select m.id, 1, asked.channel, m.status, 'waiting', %(now)s, %(now)s
from unnest(%(message_ids)s::uuid[], %(channels)s::text[]) as asked (message_id, channel)
join messages m on m.id = asked.message_id
where m.status = any(%(causes)s::text[])
on conflict do nothing
returning message_id, number

-- name: plans_of
select id, fallback from messages where id = any(%(message_ids)s::uuid[]) and fallback is not null

-- name: claim_fallback_step
-- Committed before the step leaves the house; empty when someone else has it or it is done.
update fallback_steps s
set state = 'sending', lease_until = %(lease_until)s, attempts = s.attempts + 1
from messages m
where s.message_id = %(message_id)s and s.number = %(number)s and s.state = 'waiting' and s.due_at <= %(now)s
  and m.id = s.message_id
returning s.message_id, s.number, s.channel, s.cause, s.attempts, m.tenant, m.service, m.to_number, m.content,
          m.fallback

-- name: finish_fallback_step
update fallback_steps
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where message_id = %(message_id)s and number = %(number)s and state = 'sending'
returning message_id

-- name: fallback_steps_due
select message_id, number from fallback_steps
where state = 'waiting' and due_at <= %(now)s
order by due_at
limit %(limit)s

-- name: doubt_lapsed_fallback_steps
-- A worker died while a step was leaving: it may have gone out, so nobody sends it again.
update fallback_steps
set state = 'unconfirmed', lease_until = null, finished_at = %(now)s, explanation = %(doubt)s::text
where state = 'sending' and lease_until <= %(now)s
returning message_id, number
