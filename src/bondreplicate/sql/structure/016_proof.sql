-- Numbers of transactions only grow: a site that was put back to an earlier state, and has gone on
-- from there, cannot be told by them from the one that others know. So each link leaves a mark at
-- its target, which its origin has written down before.
create table bondreplicate.replicate_proof (
    site smallint primary key,
    held text,
    token text,
    refused text,
    culprit smallint,
    constraint what_is_refused_has_a_culprit check ((refused is null) = (culprit is null))
);
comment on table bondreplicate.replicate_proof is
'marks that links leave at their targets, to prove that either end goes on from what it was';
comment on column bondreplicate.replicate_proof.site is 'the target';
comment on column bondreplicate.replicate_proof.held is
'mark that the target is known to have; null: none yet';
comment on column bondreplicate.replicate_proof.token is
'mark that goes with the next batches: a number that grows, and chance; the target may have it';
comment on column bondreplicate.replicate_proof.refused is
'why nothing is sent to the target any more; it does not pass by itself';
comment on column bondreplicate.replicate_proof.culprit is
'site that went back in time, or is one of two';
alter table bondreplicate.replicate_position add column proof text;
comment on column bondreplicate.replicate_position.proof is
'mark that came with the last batch, from replicate_proof at the origin';
