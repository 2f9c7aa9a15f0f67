"""Debian packages that a long command needs and the ordinary run does not."""
from __future__ import annotations

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def install(*purposes: str) -> None:
    """What packaging/debian-packages lists for these purposes, where it is missing; no service is started by it."""
    subprocess.run(["bash", "-c", '. packaging/packages.sh && install_packages "$@"', "install", *purposes], cwd=ROOT, check=True, env=dict(os.environ, SOURCE=ROOT))
