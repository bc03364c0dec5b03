-- name: record_unknown_numbers
-- Counts reports that a number is unknown to its carrier, and marks the number when there are enough of them. Returns
-- those that were not marked before.
with said as (
    select r.tenant, r.number, count(*)::int as times, (array_agg(r.code order by r.position desc))[1] as code
    from unnest(%(tenants)s::text[], %(numbers)s::text[], %(codes)s::int[])
         with ordinality as r (tenant, number, code, position)
    group by r.tenant, r.number
), counted as (
    insert into number_health as h (tenant, number, unknown_count, last_code, last_at, invalid_since)
    select tenant, number, least(times, 30000), code, %(now)s,
           case when times >= %(invalid_after)s then %(now)s::timestamptz end
    from said order by tenant, number
    on conflict (tenant, number) do update
    set unknown_count = least(h.unknown_count::int + excluded.unknown_count, 30000),
        last_code = excluded.last_code, last_at = excluded.last_at,
        invalid_since = coalesce(h.invalid_since, case
            when h.unknown_count::int + excluded.unknown_count >= %(invalid_after)s then excluded.last_at
        end)
    returning tenant, number, unknown_count, invalid_since
)
select tenant, number
from counted join said using (tenant, number)
where counted.invalid_since is not null and counted.unknown_count - said.times < %(invalid_after)s
order by tenant, number

-- name: forget_unknown_numbers
-- Numbers that were reached after all, or cleared by hand. Most have no row, and nothing is written then.
with known as (
    select h.tenant, h.number
    from number_health h
    join unnest(%(tenants)s::text[], %(numbers)s::text[]) as r (tenant, number) using (tenant, number)
    order by h.tenant, h.number
    for update of h
)
delete from number_health h
using known
where h.tenant = known.tenant and h.number = known.number

-- name: lock_number_health
select from number_health h
join unnest(%(tenants)s::text[], %(numbers)s::text[]) as r (tenant, number) using (tenant, number)
order by h.tenant, h.number
for update of h

-- name: list_invalid_numbers
select tenant, number, invalid_since, unknown_count, last_code, last_at
from number_health
where tenant = %(tenant)s and invalid_since is not null
order by invalid_since desc, number
limit %(limit)s
