"""What an image holds of other people's software, as CycloneDX 1.6 in JSON (https://cyclonedx.org)."""

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from devstack.paths import ROOT

FOLDER = ROOT / "sbom"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def write_sboms(folder: Path = FOLDER) -> list[Path]:
    """Write one for each image; the files."""
    images = {
        "app": [*python_packages("requirements/prod.txt"), *npm_packages("package-lock.json")],
        "sandbox": python_packages("requirements/sandbox.txt"),
    }
    folder.mkdir(exist_ok=True)
    files = []
    for name, components in images.items():
        file = folder / f"{name}.cdx.json"
        file.write_text(bom_of(name, components))
        files.append(file)
    return files


def bom_of(name: str, components: Iterable[Component]) -> str:
    """The document of one image."""
    bom = Bom(components=components)
    root = Component(name=f"brokerapp-{name}", type=ComponentType.APPLICATION)
    bom.metadata.component = root
    bom.register_dependency(root, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def python_packages(lock: str) -> list[Component]:
    """Every package that a lock pins, with the hashes of the files that may be installed."""
    components = []
    for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text()):
        if pinned := PINNED.match(block):
            name, version = pinned.groups()
            hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in HASH.findall(block)]
            components.append(component(PackageURL("pypi", name=name.lower(), version=version), hashes))
    return components


def npm_packages(lock: str) -> list[Component]:
    """Every package that a browser is given: those that are not for development."""
    packages = json.loads((ROOT / lock).read_text())["packages"]
    components = []
    for path, package in packages.items():
        if path and not package.get("dev"):
            digest = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()
            url = PackageURL("npm", name=path.removeprefix("node_modules/"), version=package["version"])
            components.append(component(url, [HashType(alg=HashAlgorithm.SHA_512, content=digest)]))
    return components


def component(url: PackageURL, hashes: Iterable[HashType]) -> Component:
    """One package."""
    return Component(
        type=ComponentType.LIBRARY,
        name=url.name,
        version=url.version,
        purl=url,
        bom_ref=url.to_string(),
        hashes=hashes,
    )
