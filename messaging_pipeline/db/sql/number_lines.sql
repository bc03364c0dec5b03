-- name: remember_landline
-- Not where an SMS with links follows: what was said is about the media.
insert into number_lines (tenant, number, line_type, error_code, heard_at, good_until)
select %(tenant)s, %(number)s, 'landline', %(error_code)s, %(now)s, %(good_until)s
where not exists (select from mms_links l where l.message_id = %(message_id)s)
on conflict (tenant, number) do update
set line_type = excluded.line_type, error_code = excluded.error_code, heard_at = excluded.heard_at,
    good_until = excluded.good_until

-- name: numbers_to_look_up
-- To ask costs money: not about those that will not be written to anyway.
select n.number
from unnest(%(numbers)s::text[]) as n (number)
where not exists (select from number_lines l
                  where l.tenant = %(tenant)s and l.number = n.number and l.good_until > %(now)s)
  and not exists (select from opt_outs o
                  where o.tenant = %(tenant)s and o.number = n.number and o.scope in (%(service)s, '*'))
  and not exists (select from opt_outs o
                  where o.tenant = %(shared)s::text and o.number = n.number and o.scope = '*')
  and not exists (select from number_health h
                  where h.tenant = %(tenant)s and h.number = n.number and h.invalid_since is not null)

-- name: remember_line
-- Two may have asked at once, and an error may have told more meanwhile: what is good stays.
insert into number_lines as l (tenant, number, line_type, carrier, error_code, heard_at, good_until)
values (%(tenant)s, %(number)s, %(line_type)s, %(carrier)s, null, %(now)s, %(good_until)s)
on conflict (tenant, number) do update
set line_type = excluded.line_type, carrier = excluded.carrier, error_code = null, heard_at = excluded.heard_at,
    good_until = excluded.good_until
where l.good_until <= %(now)s

-- name: meet_carrier
insert into carriers (name, met_at)
select %(name)s, %(now)s where (select count(*) from carriers) < %(most)s
on conflict (name) do nothing

-- name: carriers_of_numbers
select l.tenant, l.number, c.name
from unnest(%(tenants)s::text[], %(numbers)s::text[]) as wanted (tenant, number)
join number_lines l on l.tenant = wanted.tenant and l.number = wanted.number
left join carriers c on c.name = l.carrier
where l.carrier is not null

-- name: known_line
select line_type from number_lines where tenant = %(tenant)s and number = %(number)s and good_until > %(now)s

-- name: is_landline
select exists (
    select from number_lines
    where tenant = %(tenant)s and number = %(number)s and line_type in ('landline', 'invalid') and good_until > %(now)s
)

-- name: list_landlines
select tenant, number, line_type, heard_at, good_until, error_code
from number_lines
where tenant = %(tenant)s and line_type in ('landline', 'invalid') and good_until > %(now)s
order by heard_at desc, number
limit %(limit)s

-- name: forget_line
delete from number_lines where tenant = %(tenant)s and number = any(%(numbers)s::text[])

-- name: forget_old_lines
-- What has grown old is asked or heard anew.
delete from number_lines l using (
    select tenant, number from number_lines
    where tenant = %(tenant)s and heard_at < %(before)s
    order by tenant, number
    limit %(limit)s
    for update skip locked
) old
where l.tenant = old.tenant and l.number = old.number
