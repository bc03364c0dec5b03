-- name: open_verification
-- Committed before the request leaves; empty when the key was used before.
insert into verifications (id, tenant, idempotency_key, fingerprint, channel, state, leaving_at, created_at)
values (%(id)s, %(tenant)s, %(key)s, %(fingerprint)s, %(channel)s, 'leaving', %(now)s, %(now)s)
on conflict (tenant, idempotency_key) do nothing
returning id, tenant, channel, state, attempts::int as attempts, sid, explanation, created_at, fingerprint

-- name: open_verification_again
-- What was certainly not sent may leave once more; empty when somebody else does that.
update verifications
set state = 'leaving', attempts = attempts + 1, leaving_at = %(now)s, explanation = null
where id = %(id)s and state = 'not_sent' and attempts = %(attempts)s
returning id, tenant, channel, state, attempts::int as attempts, sid, explanation, created_at, fingerprint

-- name: finish_verification
-- An answer is evidence, however late it comes; a code may have been checked by the number meanwhile.
update verifications set state = %(state)s, sid = %(sid)s, explanation = %(explanation)s
where id = %(id)s and attempts = %(attempts)s and state = 'leaving'
returning id

-- name: note_verification_check
update verifications set state = %(state)s, sid = coalesce(sid, %(sid)s::text), explanation = null
where id = %(id)s and state in ('leaving', 'pending', 'unconfirmed')

-- name: verification_with_key
-- Whoever left so long ago without an answer has died: what left may have arrived.
select id, tenant, channel, case when state = 'leaving' and leaving_at < %(doubt)s then 'unconfirmed' else state end
       as state, attempts::int as attempts, sid, explanation, created_at, fingerprint
from verifications where tenant = %(tenant)s and idempotency_key = %(key)s

-- name: verification
select id, tenant, channel, case when state = 'leaving' and leaving_at < %(doubt)s then 'unconfirmed' else state end
       as state, attempts::int as attempts, sid, explanation, created_at, fingerprint
from verifications where tenant = %(tenant)s and id = %(id)s

-- name: list_verifications
select id, tenant, channel, case when state = 'leaving' and leaving_at < %(doubt)s then 'unconfirmed' else state end
       as state, attempts::int as attempts, sid, explanation, created_at, fingerprint
from verifications where tenant = %(tenant)s
order by created_at desc, id desc
limit %(limit)s

-- name: forget_old_verifications
with old as (
    select id from verifications
    where tenant = %(tenant)s and created_at < %(before)s
    order by id
    limit %(limit)s
    for update skip locked
)
delete from verifications v using old where v.id = old.id
