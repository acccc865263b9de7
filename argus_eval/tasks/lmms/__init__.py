"""Tasks of lmms-eval in this package's loop. lmms-eval is imported when one of them is opened, not before."""
