select set_config(s.name, s.value, false)
from unnest(%s::text [], %s::text []) as s (name, value)
where current_setting(s.name, true) is not null
