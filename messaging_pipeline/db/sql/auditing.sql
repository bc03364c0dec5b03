-- name: audit_in_one_snapshot
set transaction isolation level repeatable read, read only

-- name: audit_without_hurry
set local statement_timeout = 0

-- name: audit_with_every_month
-- Before the snapshot: a month that went after it would be there by the snapshot, and its lines would not. The parent
-- alone: that keeps months from going, and none from being made.
lock table only message_events in access share mode

-- name: audited_messages
-- The messages accepted since a time. Tenants are found by skipping through the index, and each one's messages are
-- read from it, so that a short window of a large table costs little.
with recursive tenants (tenant) as (
    (select m.tenant from messages m order by m.tenant limit 1)
    union all
    select (select m.tenant from messages m where m.tenant > t.tenant order by m.tenant limit 1)
    from tenants t where t.tenant is not null
)
select read.*
from tenants t
cross join lateral (
    select m.id, m.tenant, m.service, m.to_number, m.status, m.created_at, m.due_at, m.expires_at, m.lease_until,
           m.attempts, m.live_from, m.sid, m.reason, m.check_at, m.given_up_at, m.waits_for, m.history_month,
           exists (select from forgotten_history f where f.month = m.history_month) as history_forgotten,
           ahead.status as ahead_status, ahead.status_at as ahead_since
    from messages m left join messages ahead on ahead.id = m.waits_for
    where m.tenant = t.tenant and m.created_at >= %(since)s
    offset 0
) read
where t.tenant is not null and (%(tenant)s::text is null or t.tenant = %(tenant)s::text)

-- name: audited_attempts
select message_id, number, started_at, outcome, sid
from attempts where message_id = any(%(message_ids)s::uuid[]) order by message_id, number

-- name: audited_events
select message_id, status, source, sid, moved, superseded
from message_events
where history_month = any(%(history_months)s::date[]) and message_id = any(%(message_ids)s::uuid[])
order by message_id, id

-- name: audited_fallback_steps
select message_id, number, cause
from fallback_steps where message_id = any(%(message_ids)s::uuid[]) order by message_id, number

-- name: audited_consent
-- What the recipients of some messages have said, oldest first; what was entered later counts from then on.
select e.tenant, e.number, e.scope, e.change, coalesce(e.added_at, e.at) as at
from unnest(%(tenants)s::text[], %(numbers)s::text[]) as asked (tenant, number)
join consent_events e on e.tenant = asked.tenant and e.number = asked.number and not e.outdated
order by e.id

-- name: count_audited_lines
select (select count(*) from attempts where started_at >= %(since)s)
     + (select count(*) from message_events where at >= %(since)s)

-- name: audited_orphans
-- Attempts and lines of history whose message is not there.
select a.message_id, 'attempt ' || a.number || ' is without a message'
from attempts a
where a.started_at >= %(since)s and not exists (select from messages m where m.id = a.message_id)
union all
select e.message_id, 'a line of history (' || e.status || ') is without a message'
from message_events e
where e.at >= %(since)s and not exists (select from messages m where m.id = e.message_id)
