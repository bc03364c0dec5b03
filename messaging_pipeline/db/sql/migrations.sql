-- name: try_to_lock_migrations
-- The number is arbitrary and ours alone. Who stood in line inside a statement would hold a snapshot, and
-- CREATE INDEX CONCURRENTLY waits for every snapshot: so nobody stands in line, everybody asks again.
select pg_try_advisory_lock(7263518402)

-- name: unlock_migrations
select pg_advisory_unlock(7263518402)

-- name: create_schema_migrations
create table if not exists schema_migrations (
    version    text primary key,
    name       text not null,
    sha256     text not null,
    applied_at timestamptz not null default now()
)

-- name: schema_migrations_exist
select to_regclass('schema_migrations')::text

-- name: applied_migrations
select version, sha256 from schema_migrations

-- name: record_migration
insert into schema_migrations (version, name, sha256) values (%(version)s, %(name)s, %(sha256)s)

-- name: wait_a_moment_for_locks
-- For the transaction at hand: whoever waits for a table's lock holds up everybody who comes after.
select set_config('lock_timeout', %(milliseconds)s::text, true)
