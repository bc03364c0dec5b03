-- name: used_of_meters
select m.meter, m.used
from meters m
join unnest(%(meters)s::text[], %(begins_ats)s::timestamptz[]) as w (meter, begins_at) using (meter, begins_at)
where m.tenant = %(tenant)s

-- name: draw_from_meters
-- Counts an attempt towards its limits and remembers what it drew; where there was no room, the caller undoes it. The
-- rows come in the order of their keys, and stay locked until the commit.
with drawn as (
    insert into meters as m (tenant, meter, begins_at, ends_at, used)
    select %(tenant)s, d.meter, d.begins_at, d.ends_at, d.amount
    from unnest(%(meters)s::text[], %(begins_ats)s::timestamptz[], %(ends_ats)s::timestamptz[], %(amounts)s::numeric[])
        with ordinality as d (meter, begins_at, ends_at, amount, position)
    order by d.position
    on conflict (tenant, meter, begins_at) do update set used = m.used + excluded.used
    returning m.meter, m.used
), remembered as (
    insert into meter_draws (message_id, attempt, tenant, meters, begins_ats, amounts, ends_at)
    values (%(message_id)s, %(attempt)s, %(tenant)s, %(meters)s, %(begins_ats)s, %(amounts)s,
            (select max(e) from unnest(%(ends_ats)s::timestamptz[]) as e))
)
select meter, used from drawn

-- name: give_back_to_meters
-- What was drawn by those attempts of a message that certainly sent nothing; once.
with gone as (
    delete from meter_draws d using attempts a
    where d.message_id = %(message_id)s and a.message_id = d.message_id and a.number = d.attempt
      and a.outcome in ('refused', 'not_sent')
    returning d.tenant, d.meters, d.begins_ats, d.amounts
), owed as (
    select gone.tenant, d.meter, d.begins_at, sum(d.amount) as amount
    from gone cross join lateral unnest(gone.meters, gone.begins_ats, gone.amounts) as d (meter, begins_at, amount)
    group by gone.tenant, d.meter, d.begins_at
), locked as (
    select m.tenant, m.meter, m.begins_at, owed.amount
    from meters m join owed using (tenant, meter, begins_at)
    order by m.tenant, m.meter, m.begins_at
    for update of m
)
update meters m set used = greatest(0, m.used - locked.amount)
from locked
where m.tenant = locked.tenant and m.meter = locked.meter and m.begins_at = locked.begins_at

-- name: undraw
-- Undoes what the same transaction has drawn.
with gone as (
    delete from meter_draws where message_id = %(message_id)s and attempt = %(attempt)s
    returning tenant, meters, begins_ats, amounts
)
update meters m set used = m.used - d.amount
from gone cross join lateral unnest(gone.meters, gone.begins_ats, gone.amounts) as d (meter, begins_at, amount)
where m.tenant = gone.tenant and m.meter = d.meter and m.begins_at = d.begins_at

-- name: list_meters
select tenant, meter, begins_at, ends_at, used
from meters
where tenant = %(tenant)s and begins_at <= %(now)s and ends_at > %(now)s
order by meter

-- name: release_held_by_limits
-- What a limit keeps back is due now; what still finds no room is kept back again.
with held as (
    select id from messages
    where tenant = %(tenant)s and status = 'pending' and due_at > %(now)s and gate in ('country', 'spend')
      and (%(service)s::text is null or service = %(service)s::text) and id > %(after)s
    order by id
    limit %(limit)s
    for update skip locked
), released as (
    update messages m set due_at = %(now)s, gate = null, reason = 'released by an operator'
    from held
    where m.id = held.id
    returning m.id, m.history_month, m.service, m.reason
), logged as (
    insert into message_events (message_id, history_month, status, source, at, detail, moved)
    select id, history_month, 'pending', 'operator', %(now)s, reason, false from released
)
select id, service from released

-- name: forget_old_meters
delete from meters m using (
    select tenant, meter, begins_at from meters where ends_at < %(before)s order by tenant, meter, begins_at
    limit %(limit)s
    for update skip locked
) ended
where m.tenant = ended.tenant and m.meter = ended.meter and m.begins_at = ended.begins_at

-- name: forget_old_draws
delete from meter_draws d using (
    select message_id, attempt from meter_draws where ends_at < %(before)s order by message_id, attempt
    limit %(limit)s
    for update skip locked
) old
where d.message_id = old.message_id and d.attempt = old.attempt
