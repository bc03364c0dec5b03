-- name: sealed_contents
select id::text, '', content from messages
where content is not null and id > %(after)s::uuid
order by id
limit %(limit)s

-- name: reseal_contents
-- What has changed or gone since it was read is left as it is.
with sealed as (
    select m.id, anew.fresh
    from unnest(%(keys)s::uuid[], %(olds)s::bytea[], %(freshes)s::bytea[]) as anew (id, old, fresh)
    join messages m on m.id = anew.id and m.content = anew.old
    order by m.id
    for update of m
)
update messages m set content = sealed.fresh from sealed where m.id = sealed.id

-- name: sealed_plans
select id::text, '', fallback from messages
where fallback is not null and id > %(after)s::uuid
order by id
limit %(limit)s

-- name: reseal_plans
with sealed as (
    select m.id, anew.fresh
    from unnest(%(keys)s::uuid[], %(olds)s::bytea[], %(freshes)s::bytea[]) as anew (id, old, fresh)
    join messages m on m.id = anew.id and m.fallback = anew.old
    order by m.id
    for update of m
)
update messages m set fallback = sealed.fresh from sealed where m.id = sealed.id

-- name: sealed_payloads
select tenant, sid, payload from inbound_messages
where payload is not null and (tenant, sid) > (%(after)s::text, %(after_part)s::text)
order by tenant, sid
limit %(limit)s

-- name: reseal_payloads
-- As above, under a key of two parts.
with sealed as (
    select i.tenant, i.sid, anew.fresh
    from unnest(%(keys)s::text[], %(parts)s::text[], %(olds)s::bytea[], %(freshes)s::bytea[])
         as anew (tenant, sid, old, fresh)
    join inbound_messages i on i.tenant = anew.tenant and i.sid = anew.sid and i.payload = anew.old
    order by i.tenant, i.sid
    for update of i
)
update inbound_messages i set payload = sealed.fresh
from sealed
where i.tenant = sealed.tenant and i.sid = sealed.sid

-- name: sealed_pseudonym_keys
select tenant, '', sealed from pseudonym_keys
where tenant > %(after)s::text
order by tenant
limit %(limit)s

-- name: reseal_pseudonym_keys
update pseudonym_keys k set sealed = anew.fresh
from unnest(%(keys)s::text[], %(olds)s::bytea[], %(freshes)s::bytea[]) as anew (tenant, old, fresh)
where k.tenant = anew.tenant and k.sealed = anew.old

-- name: sealed_proofs
select id::text, '', proof from consent_events
where proof is not null and id > %(after)s::bigint
order by id
limit %(limit)s

-- name: reseal_proofs
update consent_events e set proof = anew.fresh
from unnest(%(keys)s::bigint[], %(olds)s::bytea[], %(freshes)s::bytea[]) as anew (id, old, fresh)
where e.id = anew.id and e.proof = anew.old
