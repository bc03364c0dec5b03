-- Whose network a number is in, as far as Twilio Lookup has said, and the carriers that outcomes are counted by.

alter table number_lines add column carrier text;    -- by Twilio's name for it; null where none was told

create table carriers (
    name   text primary key,
    met_at timestamptz not null
);
