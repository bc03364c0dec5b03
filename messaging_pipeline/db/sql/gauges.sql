-- name: count_backlog
-- Messages not sent yet, per service: due, due later, following one of their sequence; and since when the oldest is due.
select service,
       count(m.id) filter (where m.waits_for is null and m.due_at <= %(now)s)::int,
       count(m.id) filter (where m.waits_for is null and m.due_at > %(now)s)::int,
       count(m.id) filter (where m.waits_for is not null)::int,
       min(m.due_at) filter (where m.waits_for is null and m.due_at <= %(now)s)
from unnest(%(services)s::text[]) as asked (service)
full join (select id, service, waits_for, due_at from messages where status = 'pending') m using (service)
group by service

-- name: count_doubts
-- Messages that may have been sent, per service, and those that are in doubt for longer than their service allows.
with doubtful as (
    select m.service, a.started_at
    from messages m left join attempts a on a.message_id = m.id and a.number = m.attempts
    where m.status = 'unconfirmed'
)
select service, count(doubtful.service)::int,
       count(*) filter (where started_at <= %(now)s::timestamptz - make_interval(secs => patience_seconds))::int
from unnest(%(services)s::text[], %(patiences)s::float8[]) as asked (service, patience_seconds)
full join doubtful using (service)
group by service

-- name: count_at_gates
select service, gate, count(*)::int from messages where status = 'pending' and gate is not null group by service, gate

-- name: note_duty
-- Two that end at the same time: the later one stands.
insert into duties as d (name, finished_at, findings) values (%(name)s, %(now)s, %(findings)s)
on conflict (name) do update set finished_at = excluded.finished_at, findings = excluded.findings
where d.finished_at <= excluded.finished_at

-- name: last_duties
select name, finished_at, findings from duties order by name
