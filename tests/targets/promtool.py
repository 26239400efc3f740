"""`make promtool`: Prometheus' own checker, taken out of the distribution's package without installing a service.

It lands in .venv/peers/prometheus. Where there is one on the path, that is used. Without apt, the tests that need it
are skipped aloud; with CI=true they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv" / "peers" / "prometheus"
PROMTOOL = FOLDER / "usr" / "bin" / "promtool"


def promtool() -> Path | None:
    """The checker, if there is one on the path or from an earlier call of this program."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    return PROMTOOL if PROMTOOL.exists() else None


def fetch() -> str:
    """Unpack the distribution's package; the reason where that cannot be done, else nothing."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "there is no apt-get here; install Prometheus, so that `promtool` is on the path"
    with tempfile.TemporaryDirectory() as scratch:
        if os.geteuid() == 0:  # without it, the lists that are there have to do
            subprocess.run(["apt-get", "update", "--quiet"], stdout=subprocess.DEVNULL, check=False)
        # apt drops its rights, and must be able to write here.
        Path(scratch).chmod(0o777)
        got = subprocess.run(["apt-get", "download", "--quiet", "prometheus"], cwd=scratch, check=False)
        packages = sorted(Path(scratch).glob("prometheus_*.deb"))
        if got.returncode or not packages:
            return "apt-get could not download the package `prometheus`"
        FOLDER.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["dpkg", "-x", packages[0], FOLDER], check=False)
        return "" if done.returncode == 0 else "dpkg could not unpack the package"


def main() -> int:
    """Fetch it unless it is there; say so where that cannot be done, and fail in CI."""
    trouble = "" if promtool() else fetch()
    if trouble:
        print(f"{'=' * 72}\nSKIPPED: alert rules are NOT checked by promtool: {trouble}\n{'=' * 72}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
