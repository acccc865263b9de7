"""Other tools' logs as runs, so that people can compare, check and report what they already have."""
