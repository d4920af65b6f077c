-- Beside attach.sql, for a table that is merged by column: each UPDATE is looked at column by
-- column.
revoke all on function bondreplicate.{function}() from public;
create or replace trigger bondreplicate_update after update on {table}
referencing old table as bond_old new table as bond_new
for each statement execute function bondreplicate.{function}();
