revoke all on all functions in schema bondreplicate from public;
