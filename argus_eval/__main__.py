"""``python -m argus_eval`` is ``argus-eval``."""

from __future__ import annotations

import sys

from argus_eval.cli import main

if __name__ == "__main__":
    sys.exit(main())
