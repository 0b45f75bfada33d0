"""`python -m bundlefmt`."""

from __future__ import annotations

import sys

from bundlefmt.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
