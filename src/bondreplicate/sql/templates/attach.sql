-- Triggers of one table.
-- Takes SHARE ROW EXCLUSIVE on it: writers wait, readers do not.
revoke all on function bondreplicate.{function}() from public;
create or replace trigger bondreplicate_insert after insert on {table}
referencing new table as bond_new for each statement execute function bondreplicate.{function}();
create or replace trigger bondreplicate_update after update on {table}
referencing new table as bond_new for each statement execute function bondreplicate.{function}();
create or replace trigger bondreplicate_delete after delete on {table}
referencing old table as bond_old for each statement execute function bondreplicate.{function}();
create or replace trigger bondreplicate_truncate after truncate on {table}
for each statement execute function bondreplicate.{function}();
create or replace trigger bondreplicate_key after update on {table}
for each row when ({key_changed}) execute function bondreplicate.{function}();
