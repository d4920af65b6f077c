"""What people see: command line, status, logs."""
