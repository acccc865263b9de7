"""Plan, schedule, execute, resume."""
