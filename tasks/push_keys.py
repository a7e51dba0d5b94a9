"""Makes a new pair of VAPID keys, by which push services know this server."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.push_keys import new_pair


def main(arguments: Sequence[str]) -> None:
    """Print the pair as the two settings; devices subscribed with an old pair subscribe again."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    public, private = new_pair()
    print(f"WEB_PUSH_VAPID_PUBLIC_KEY={public}")
    print(f"WEB_PUSH_VAPID_PRIVATE_KEY={private}")


if __name__ == "__main__":
    main(sys.argv[1:])
