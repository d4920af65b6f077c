create table if not exists bondreplicate.replicate_structure (
    number integer primary key,
    name text not null,
    checksum text not null,
    made_at timestamptz not null default clock_timestamp()
);
comment on table bondreplicate.replicate_structure is 'steps of the structure that were made here';
comment on column bondreplicate.replicate_structure.number is 'number of the step';
comment on column bondreplicate.replicate_structure.name is 'name of the step';
comment on column bondreplicate.replicate_structure.checksum is 'of its text, as it was made';
comment on column bondreplicate.replicate_structure.made_at is 'when it was made';
comment on schema bondreplicate is 'Bond Replicate: master-to-master replication';
