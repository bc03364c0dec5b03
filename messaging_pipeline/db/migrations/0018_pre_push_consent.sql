-- What Twilio has been told of consent, on request: the newest line of the ledger about a number that was handed on.

create table consent_pushes (
    tenant     text not null,
    service    text not null,
    number     text not null,
    event_id   bigint not null,                          -- the line
    status     text not null check (status in ('opt-in', 'opt-out')),
    error_code integer,                                  -- why Twilio did not take it; it is offered again
    pushed_at  timestamptz not null,
    primary key (tenant, service, number)
);
