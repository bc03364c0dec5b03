-- What follows pictures that could not arrive: for each such message, one SMS with links.

create table mms_links (
    message_id  uuid primary key,                        -- the message with media; the key makes it once
    promised_at timestamptz not null,
    done_at     timestamptz
);

create index mms_links_open on mms_links (promised_at) where done_at is null;
