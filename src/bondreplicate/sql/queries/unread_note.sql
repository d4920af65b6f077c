insert into bondreplicate.replicate_unread (tab, site, since, reason)
values (%(tab)s, %(site)s, %(since)s, %(reason)s)
on conflict (tab, site) do update set reason = excluded.reason
