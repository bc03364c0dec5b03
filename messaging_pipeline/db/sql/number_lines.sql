-- name: remember_landline
-- Not where an SMS with links follows: what was said is about the media.
insert into number_lines (tenant, number, line_type, error_code, heard_at, good_until)
select %(tenant)s, %(number)s, 'landline', %(error_code)s, %(now)s, %(good_until)s
where not exists (select from mms_links l where l.message_id = %(message_id)s)
on conflict (tenant, number) do update
set line_type = excluded.line_type, error_code = excluded.error_code, heard_at = excluded.heard_at,
    good_until = excluded.good_until

-- name: is_landline
select exists (
    select from number_lines
    where tenant = %(tenant)s and number = %(number)s and line_type = 'landline' and good_until > %(now)s
)

-- name: list_landlines
select tenant, number, heard_at, good_until, error_code
from number_lines
where tenant = %(tenant)s and line_type = 'landline' and good_until > %(now)s
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
