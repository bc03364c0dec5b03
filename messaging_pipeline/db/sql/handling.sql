-- name: owe_keyword_call
insert into keyword_calls (tenant, sid, service, word, state, due_at, most_attempts, received_at)
values (%(tenant)s, %(sid)s, %(service)s, %(word)s, 'waiting', %(received_at)s, %(most_attempts)s, %(received_at)s)
on conflict do nothing
returning sid

-- name: claim_keyword_call
-- Empty when it is done, not due, or in other hands.
update keyword_calls c
set state = 'claimed', attempts = c.attempts + 1, lease_until = %(lease_until)s
where c.tenant = %(tenant)s and c.sid = %(sid)s and c.state = 'waiting' and c.due_at <= %(now)s
returning c.tenant, c.sid, c.service, c.word, c.attempts::int as attempts, c.most_attempts::int as most_attempts,
          (select i.payload from inbound_messages i where i.tenant = c.tenant and i.sid = c.sid) as payload

-- name: finish_keyword_call
-- A worker whose lease ran out, and whose call another one has made since, changes nothing any more.
update keyword_calls
set state = %(state)s::text, lease_until = null, explanation = %(explanation)s::text,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    finished_at = case when %(state)s::text = 'waiting' then null else %(now)s::timestamptz end
where tenant = %(tenant)s and sid = %(sid)s and attempts = %(attempts)s
  and (state = 'claimed' or (state in ('waiting', 'failed') and %(state)s::text not in ('waiting', 'failed')))
returning sid

-- name: return_lapsed_keyword_calls
-- A worker died, or was too slow. The call is made again, unless that has happened as often as it may: what it calls
-- may be what kills the workers.
update keyword_calls
set state = case when attempts < most_attempts then 'waiting' else 'failed' end, lease_until = null,
    explanation = %(reason)s,
    finished_at = case when attempts < most_attempts then null else %(now)s::timestamptz end
where state = 'claimed' and lease_until <= %(now)s
returning word, state

-- name: keyword_calls_due
select tenant, sid from keyword_calls
where state = 'waiting' and due_at <= %(now)s
order by due_at
limit %(limit)s

-- name: retry_keyword_call
-- At once: it was due when it failed. Attempts are counted on, for they tell one claim from another.
update keyword_calls
set state = 'waiting', finished_at = null, most_attempts = least(attempts + %(more)s, 30000)
where tenant = %(tenant)s and sid = %(sid)s and state = 'failed'
returning sid
