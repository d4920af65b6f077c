-- Which of two concurrent changes of one row stays, where it is not to be the later one.
alter table bondreplicate.replicate_tables
add column policy text not null default 'latest',
add column priority smallint [] not null default '{}',
add column hook text,
add constraint policy_is_known check (policy in ('latest', 'site_priority', 'hook')),
add constraint policy_is_for_rows_merged_whole check (policy = 'latest' or resolve = 'row'),
add constraint site_priority_names_sites check (policy <> 'site_priority' or priority <> '{}'),
add constraint hook_names_a_function check (policy <> 'hook' or hook is not null),
add constraint hook_is_schema_and_name check (
    hook ~ '^("([^"]|"")+"|[a-z_][a-z0-9_]*)[.]("([^"]|"")+"|[a-z_][a-z0-9_]*)$'
);
comment on column bondreplicate.replicate_tables.policy is
'latest: of two concurrent changes of a row the later stays; site_priority: that of the site that '
'priority names first; hook: what the function makes of both; set it alike at every site';
comment on column bondreplicate.replicate_tables.priority is
'for site_priority: sites, the first wins; those that are not named come after';
comment on column bondreplicate.replicate_tables.hook is
'for hook: the function, schema and name';
