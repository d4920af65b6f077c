-- Transition tables have no statistics: counts are found by index whatever the plan was made for.
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set jit = off
