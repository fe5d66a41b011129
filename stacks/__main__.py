"""The Pulumi program: what `pulumi up` runs. It provisions nothing yet, and says so instead of doing nothing."""

from __future__ import annotations

import sys

NOT_YET = """\
groundplan: nothing is provisioned yet: this version plans factories (groundplan plan FILE) but has no resources to deploy.
    not provisioned: network, cluster, GPU node groups, fabric interfaces, storage, platform
    nothing was created, changed or deleted"""


def main() -> int:
    """Refuse to deploy."""
    sys.stderr.write(NOT_YET + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
