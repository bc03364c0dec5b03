create table messages (
    id         bigint generated always as identity primary key,
    to_number  text not null,
    body       text not null,
    status     text not null default 'queued',
    sid        text unique,
    error_code integer,
    created_at timestamptz not null default now()
);
