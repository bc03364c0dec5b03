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
insert into fallback_steps (message_id, number, channel, repeatable, cause, state, due_at, created_at)
select m.id, asked.number, asked.channel, asked.repeatable, asked.cause, 'waiting', %(now)s, %(now)s
from unnest(%(message_ids)s::uuid[], %(numbers)s::int[], %(channels)s::text[], %(repeatable)s::boolean[],
            %(statuses)s::text[], %(causes)s::text[]) as asked (message_id, number, channel, repeatable, status, cause)
join messages m on m.id = asked.message_id and m.status = asked.status
on conflict (message_id, number) do update
set state = 'waiting', cause = excluded.cause, due_at = excluded.due_at, created_at = excluded.created_at
where fallback_steps.state = 'planned'
returning message_id, number

-- name: plan_fallback_step
-- A step that the clock will start.
insert into fallback_steps (message_id, number, channel, repeatable, cause, state, due_at, created_at)
values (%(message_id)s, %(number)s, %(channel)s, %(repeatable)s, %(cause)s, 'planned', %(due_at)s, %(now)s)
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
set state = 'sending', lease_until = %(lease_until)s, attempts = s.attempts + 1,
    sent_as = case when s.channel = 'sms' then %(would_be)s::uuid end
from messages m
where s.message_id = %(message_id)s and s.number = %(number)s and s.state = 'waiting' and s.due_at <= %(now)s
  and m.id = s.message_id
returning s.message_id, s.number, s.channel, s.repeatable, s.cause, s.attempts, m.tenant, m.service, m.to_number,
          m.from_number, m.content, m.fallback, m.error_code, m.tags,
          exists (select from opt_outs o
                  where o.tenant = m.tenant and o.number = m.to_number and o.scope in (m.service, '*')) as opted_out,
          exists (select from opt_outs o
                  where o.tenant = '*' and o.number = m.to_number and o.scope = '*') as opted_out_everywhere

-- name: finish_fallback_step
-- What the worker heard is evidence even when its lease ran out meanwhile, unless another one has the step by now, or
-- had: then its attempts have grown.
update fallback_steps
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where message_id = %(message_id)s and number = %(number)s and attempts = %(attempts)s
  and state in ('sending', 'waiting', 'unconfirmed')
returning message_id

-- name: fallback_steps_due
select message_id, number from fallback_steps
where state = 'waiting' and due_at <= %(now)s
order by due_at
limit %(limit)s

-- name: doubt_lapsed_fallback_steps
-- A worker died while a step was leaving: it may have gone out, so nobody sends it again, unless a repetition is
-- recognised as one. What was tried often enough ends here too: it may be what kills the workers.
update fallback_steps
set state = case when repeatable and attempts < %(most_attempts)s then 'waiting' else 'unconfirmed' end,
    lease_until = null, explanation = %(doubt)s::text,
    finished_at = case when repeatable and attempts < %(most_attempts)s then null else %(now)s::timestamptz end
where state = 'sending' and lease_until <= %(now)s
returning message_id, number

-- name: fail_steps_sent_as
-- A step by SMS is as good as its message: when that did not arrive, the step has failed, also where the worker that
-- handed it over died before it could say so. When that one's recipient has opted out, it has not: nothing follows.
update fallback_steps s
set state = 'failed', lease_until = null, finished_at = %(now)s, explanation = 'its message ended as ' || m.status
from messages m
where m.id = s.sent_as and s.sent_as = any(%(message_ids)s::uuid[]) and m.status = any(%(failures)s::text[])
  and s.state in ('sending', 'sent', 'waiting', 'unconfirmed')
returning s.message_id

-- name: withdraw_messages_of_steps
-- Steps by SMS whose message has not left, and need not any more. One that a worker is just taking is not waited for.
with needless as (
    select c.id
    from fallback_steps s
    join messages m on m.id = s.message_id
    join messages c on c.id = s.sent_as
    where s.message_id = any(%(message_ids)s::uuid[]) and s.state = 'sent' and m.status = any(%(arrivals)s::text[])
      and c.status = 'pending'
      and not exists (select from attempts a where a.message_id = c.id and a.outcome = 'started')
    for update of c skip locked
), canceled as (
    update messages c set status = 'canceled', status_at = %(now)s, reason = %(reason)s::text
    from needless where c.id = needless.id and c.status = 'pending'
    returning c.id, c.history_month
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, 'canceled', 'policy', %(now)s, %(reason)s::text, true from canceled
)
update fallback_steps s
set state = 'withdrawn', finished_at = %(now)s, explanation = 'the message arrived after all'
from canceled where s.sent_as = canceled.id
returning s.channel

-- name: hear_of_letters
-- The worst that is told of a letter stands: one that was taken may bounce later. What was heard proves that the step
-- has left, whatever we thought of it.
with ranked (word, rank) as (
    values ('delivered', 1), ('dropped', 2), ('bounced', 3)
), told as (
    select distinct on (t.message_id, t.number) t.message_id, t.number, t.word, t.at, ranked.rank
    from unnest(%(message_ids)s::uuid[], %(numbers)s::int[], %(words)s::text[], %(ats)s::timestamptz[])
        as t (message_id, number, word, at)
    join ranked using (word)
    order by t.message_id, t.number, ranked.rank desc, t.at
)
update fallback_steps s
set heard = told.word, heard_at = told.at, lease_until = null,
    state = case when told.word = 'delivered' then 'sent' else 'failed' end,
    explanation = case told.word
        when 'delivered' then 'the mail server of the recipient took it'
        when 'dropped' then 'SendGrid did not send it'
        else 'the mail server of the recipient did not take it'
    end,
    finished_at = case when told.word = 'delivered' then coalesce(s.finished_at, %(now)s) else %(now)s end
from told
where s.message_id = told.message_id and s.number = told.number and s.channel = 'email' and s.attempts > 0
  and s.state in ('waiting', 'sending', 'sent', 'unconfirmed')
  and told.rank > coalesce((select rank from ranked where ranked.word = s.heard), 0)
returning s.message_id, s.state
