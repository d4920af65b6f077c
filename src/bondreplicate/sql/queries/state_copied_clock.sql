-- In a copy: transactions are numbered otherwise, and no stamp was made here yet.
update bondreplicate.replicate_clock
set stamp = 'epoch', xid = '0', snapshot = '1:1:',
    step_stamp = 'epoch', step_xid = '0', step_until = null
