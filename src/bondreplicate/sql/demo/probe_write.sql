-- A row whose arrival is watched at the other sites.
insert into public.probe default values returning id
