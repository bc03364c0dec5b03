-- name: plans_of
-- The plans of messages and where these stand, locked in the order of their ids until what follows is written.
select id, status, error_code, fallback from messages
where id = any(%(message_ids)s::uuid[]) and fallback is not null
order by id
for update

-- name: states_of_fallback_steps
select message_id, number, state from fallback_steps where message_id = any(%(message_ids)s::uuid[])

-- name: start_fallback
-- The key makes each step one at most, however often a failure is heard. One that was planned for a time may start
-- earlier, by another cause.
insert into fallback_steps (message_id, number, channel, cause, state, due_at, created_at)
select m.id, asked.number, asked.channel, asked.cause, 'waiting', %(now)s, %(now)s
from unnest(%(message_ids)s::uuid[], %(numbers)s::int[], %(channels)s::text[], %(statuses)s::text[],
            %(causes)s::text[]) as asked (message_id, number, channel, status, cause)
join messages m on m.id = asked.message_id and m.status = asked.status
on conflict (message_id, number) do update
set state = 'waiting', cause = excluded.cause, due_at = excluded.due_at, created_at = excluded.created_at
where fallback_steps.state = 'planned'
returning message_id, number

-- name: plan_fallback_step
-- A step that the clock will start.
insert into fallback_steps (message_id, number, channel, cause, state, due_at, created_at)
values (%(message_id)s, %(number)s, %(channel)s, %(cause)s, 'planned', %(due_at)s, %(now)s)
on conflict do nothing

-- name: start_planned_steps
-- The time of these has come, and their message has not arrived: else they would have been withdrawn.
update fallback_steps s
set state = 'waiting', created_at = %(now)s
from (
    select message_id, number from fallback_steps
    where state = 'planned' and due_at <= %(now)s
    order by due_at
    limit %(limit)s
    for update skip locked
) due
where s.message_id = due.message_id and s.number = due.number

-- name: settle_fallback_steps
-- What has not left is withdrawn when the message has arrived or was taken back, and when the recipient asked for
-- silence, unless that is what the step is for. What has left can only be annotated.
update fallback_steps s
set state = case when s.state in ('planned', 'waiting') then 'withdrawn' else s.state end,
    finished_at = case when s.state in ('planned', 'waiting') then %(now)s else s.finished_at end,
    explanation = case
        when s.state not in ('planned', 'waiting') then s.explanation
        when m.status = 'canceled' then 'the message was taken back'
        when m.status = 'suppressed' then 'the recipient has opted out'
        else 'the message arrived after all'
    end,
    overtaken_at = case when s.state not in ('planned', 'waiting') then %(now)s::timestamptz end
from messages m
where m.id = s.message_id and s.message_id = any(%(message_ids)s::uuid[])
  and (s.state in ('planned', 'waiting')
       or (s.state in ('sending', 'sent', 'unconfirmed') and s.overtaken_at is null
           and m.status = any(%(arrivals)s::text[])))
  and (m.status = any(%(arrivals)s::text[]) or m.status = 'canceled'
       or (m.status = 'suppressed' and s.cause <> 'suppressed'))
returning s.channel, s.state

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
