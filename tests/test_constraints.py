"""The constraints file pins everything that is installed for Ravine, at the version that runs here."""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def installed(requirement: Requirement, seen: dict[str, str]) -> dict[str, str]:
    """Name and version of a requirement and of all that it needs on this machine."""
    name = canonicalize_name(requirement.name)
    for extra in requirement.extras | {""}:
        key = f"{name}[{extra}]"
        if key in seen:
            continue
        found = distribution(name)
        seen[key] = found.version.split("+")[0]
        for need in map(Requirement, found.requires or []):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                installed(need, seen)
    return seen


def test_every_package_is_pinned_at_the_version_tested():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    found = {key.partition("[")[0]: version for key, version in installed(Requirement("ravine[test]"), {}).items()}
    del found["ravine"]
    assert found == {name: pinned.get(name) for name in found}
