-- What proves a statement about consent, when it was entered, and further places where it may come from.

alter table consent_events
    add column proof    bytea,                           -- sealed: words, IP address and user agent, as told to us
    add column added_at timestamptz,                     -- when it was entered, where that is not when it was said
    add column outdated boolean not null default false,  -- something said later was known already: it changes nothing
    drop constraint consent_events_source_check,
    add constraint consent_events_source_check
        check (source in ('create', 'callback', 'reconcile', 'operator', 'import', 'inbound', 'application',
                          'website', 'offline', 'opt-in-message', 'opt-out-message', 'others'));

create index consent_events_proven on consent_events (tenant, id) where proof is not null;
