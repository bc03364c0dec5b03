-- name: owe_inbound_notices
insert into notices (tenant, policy, event, subject, sid, at, state, due_at)
select %(tenant)s, policy, 'message.received', %(sid)s::text, %(sid)s::text, %(at)s::timestamptz, 'waiting',
       %(at)s::timestamptz
from unnest(%(policies)s::text[]) as policy

-- name: lock_policy
-- Who takes events of a policy waits for whoever does so just now, so that the number of lanes is known.
select pg_advisory_xact_lock(hashtextextended(%(policy)s::text, 2043))

-- name: claim_notices
-- The first event of each message that has not been told yet; those after it wait. Nothing while the policy rests, or
-- when as many workers tell it as may.
with due as (
    select n.id from notices n
    where n.policy = %(policy)s and n.tenant = %(tenant)s and n.state = 'waiting' and n.due_at <= %(now)s
      and not exists (select from notices e
                      where e.policy = n.policy and e.subject = n.subject and e.id < n.id
                        and e.state in ('waiting', 'claimed'))
      and not exists (select from resting_policies r where r.policy = %(policy)s and r.rests_until > %(now)s)
      and (select count(distinct c.lane) from notices c
           where c.policy = %(policy)s and c.state = 'claimed') < %(most_at_once)s
    order by n.due_at, n.id
    limit %(limit)s
    for update skip locked
), claimed as (
    update notices n set state = 'claimed', lane = %(lane)s, lease_until = %(lease_until)s
    from due where n.id = due.id
    returning n.*
)
select c.id, c.notice_id, c.tenant, c.event, c.message_id, c.sid, c.status, c.error_code, c.at,
       c.attempts::int as attempts, coalesce(m.service, i.service) as service, m.tags,
       coalesce(m.to_number, i.from_number) as number, m.content, i.payload
from claimed c
left join messages m on m.id = c.message_id
left join inbound_messages i on c.message_id is null and i.tenant = c.tenant and i.sid = c.sid
order by c.id

-- name: finish_notices
-- A worker whose lease ran out is believed when it has told, unless another one has the event by now.
update notices n
set state = o.state, lane = null, lease_until = null,
    explanation = case when o.state = 'waiting' and o.called = 0 then n.explanation else o.explanation end,
    due_at = coalesce(o.due_at, n.due_at), attempts = least(n.attempts + o.called, 30000),
    finished_at = case when o.state = 'waiting' then null else %(now)s::timestamptz end
from unnest(%(ids)s::bigint[], %(states)s::text[], %(explanations)s::text[], %(due_ats)s::timestamptz[],
            %(called)s::int[]) as o (id, state, explanation, due_at, called)
where n.id = o.id and (n.lane = %(lane)s or (n.state = 'waiting' and o.state = 'told'))
returning o.state, o.called

-- name: let_policy_rest
-- The longer, the more often it has failed since it last worked.
insert into resting_policies (policy, failures, rests_until) values (%(policy)s, 1, %(now)s::timestamptz)
on conflict (policy) do update set failures = least(resting_policies.failures + 1, 30)
returning failures

-- name: rest_policy_until
update resting_policies set rests_until = %(until)s where policy = %(policy)s

-- name: end_rest_of_policy
delete from resting_policies where policy = %(policy)s

-- name: return_lapsed_notices
-- A worker died, or was too slow: what it had in hand is told once more, under the same id.
update notices
set state = 'waiting', lane = null, lease_until = null, explanation = %(reason)s,
    attempts = least(attempts + 1, 30000)
where state = 'claimed' and lease_until <= %(now)s

-- name: policies_due
select known.policy from unnest(%(policies)s::text[]) as known (policy)
where exists (select from notices n where n.policy = known.policy and n.state = 'waiting' and n.due_at <= %(now)s)
  and not exists (select from resting_policies r where r.policy = known.policy and r.rests_until > %(now)s)

-- name: forget_told_notices
delete from notices
where id in (select id from notices
             where state in ('told', 'dropped') and finished_at < %(before)s
             order by finished_at limit %(limit)s)

-- name: count_notices
-- What is not over, by policy and state, and since when the oldest of it waits.
select policy, 'waiting', count(*)::int, min(at) from notices where state = 'waiting' group by policy
union all
select policy, 'claimed', count(*)::int, min(at) from notices where state = 'claimed' group by policy
union all
select policy, 'dead', count(*)::int, min(at) from notices where state = 'dead' group by policy

-- name: list_notices
select notice_id as id, policy, event, message_id, sid, status, at, state, due_at, attempts, explanation, finished_at
from notices
where tenant = %(tenant)s and (%(state)s::text is null or state = %(state)s)
  and (%(policy)s::text is null or policy = %(policy)s)
  and (%(about)s::text is null or subject = %(about)s)
order by notices.id desc
limit %(limit)s

-- name: find_notice
select notice_id as id, policy, event, message_id, sid, status, error_code, at, state, due_at, attempts, explanation,
       finished_at
from notices where tenant = %(tenant)s and notice_id = %(id)s

-- name: replay_notice
-- Told once more, at once, however it ended.
update notices set state = 'waiting', due_at = %(now)s, attempts = 0, finished_at = null, explanation = null
where tenant = %(tenant)s and notice_id = %(id)s and state in ('told', 'dead', 'dropped')
returning policy

-- name: replay_dead_notices
update notices set state = 'waiting', due_at = %(now)s, attempts = 0, finished_at = null, explanation = null
where tenant = %(tenant)s and policy = %(policy)s and state = 'dead'
returning policy

-- name: drop_notice
-- Never told; what was dead or still waits, not what is in somebody's hands.
update notices set state = 'dropped', finished_at = %(now)s, explanation = 'dropped by an operator'
where tenant = %(tenant)s and notice_id = %(id)s and state in ('waiting', 'dead')
returning policy

-- name: drop_notices
update notices set state = 'dropped', finished_at = %(now)s, explanation = 'dropped by an operator'
where tenant = %(tenant)s and policy = %(policy)s and state = any(%(states)s::text[])
returning policy
