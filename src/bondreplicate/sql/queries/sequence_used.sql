-- Values in the columns that a sequence fills, within its range.
select u.low, u.high from bondreplicate.sequence_used(%(oid)s, %(low)s, %(high)s) u
