-- Whether the structure of this site has step 011; another site may be of an older version.
select exists (
    select from pg_attribute as a
    where
        a.attrelid = to_regclass('bondreplicate.replicate_state')
        and a.attname = 'lineages' and not a.attisdropped
) as known
