copy ({arms}) to stdout
