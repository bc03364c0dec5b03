-- name: record_numbers_heard_of
-- Counts reports that a number is unknown to its carrier, and marks the number when there are enough of them; what is
-- held against a number that was reached falls to nought. Both in one pass, in the order of the keys: two passes would
-- deadlock. Nothing is written about a number that was reached and never failed. Returns those newly marked.
with heard as (
    select u.tenant, u.number, u.code, u.position
    from unnest(%(tenants)s::text[], %(numbers)s::text[], %(codes)s::int[])
         with ordinality as u (tenant, number, code, position)
    union all
    select h.tenant, h.number, null, 0
    from unnest(%(reached_tenants)s::text[], %(reached_numbers)s::text[]) as r (tenant, number)
    join number_health h using (tenant, number)
), said as (
    select tenant, number, count(code)::int as times, (array_agg(code order by position desc))[1] as code
    from heard group by tenant, number
), counted as (
    insert into number_health as h (tenant, number, unknown_count, last_code, last_at, invalid_since)
    select tenant, number, least(times, 30000), code, %(now)s,
           case when times >= %(invalid_after)s then %(now)s::timestamptz end
    from said order by tenant, number
    on conflict (tenant, number) do update
    set unknown_count = case excluded.unknown_count
            when 0 then 0 else least(h.unknown_count::int + excluded.unknown_count, 30000)
        end,
        last_code = coalesce(excluded.last_code, h.last_code), last_at = excluded.last_at,
        invalid_since = case
            when excluded.unknown_count = 0 then null
            when h.unknown_count::int + excluded.unknown_count >= %(invalid_after)s
            then coalesce(h.invalid_since, excluded.last_at)
        end
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

-- name: is_invalid_number
select exists (
    select from number_health where tenant = %(tenant)s and number = %(number)s and invalid_since is not null
)

-- name: list_invalid_numbers
select tenant, number, invalid_since, unknown_count, last_code, last_at
from number_health
where tenant = %(tenant)s and invalid_since is not null
order by invalid_since desc, number
limit %(limit)s
