-- What beat starts, and when any worker last finished it.

create table duties (
    name        text primary key,
    finished_at timestamptz not null,
    findings    jsonb not null default '{}'      -- counts by kind, for duties that find something
);
