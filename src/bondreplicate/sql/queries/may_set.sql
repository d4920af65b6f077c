select has_parameter_privilege(%(setting)s, 'set') as may
