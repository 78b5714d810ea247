"""``python -m closedform`` is the program ``closedform``."""

import sys

from closedform.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
