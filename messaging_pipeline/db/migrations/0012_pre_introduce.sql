-- Which messages say how to opt out, for services that ask: whether somebody has been told is derived from them.

alter table messages add column introduces boolean not null default false;

create index messages_that_introduce on messages (tenant, service, to_number) where introduces;
