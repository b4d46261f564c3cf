"""Other tools' words for kinds of packages, as OSV's ecosystems; what OSV does not have goes by the tool's own word."""

import re

from vallum_engine.model import naming
from vallum_engine.parsers.format import Component

_WORDS = {
    "Alpine": ("alpine", "apk", "apkg"),
    "ConanCenter": ("conan",),
    "CRAN": ("cran", "r-package"),
    "crates.io": ("cargo", "rust", "rust-crate", "rust-binary", "rustbinary", "crates", "cratesio"),
    "Debian": ("debian", "deb", "dpkg"),
    "GitHub Actions": ("actions", "github-action", "githubactions", "github-actions"),
    "Go": ("go", "golang", "gobinary", "gomod", "go-module", "go_stdlib", "go_package", "gomodule", "stdlib"),
    "Hackage": ("hackage", "haskell"),
    "Hex": ("hex", "erlang", "elixir", "mix"),
    "Julia": ("julia",),
    "Maven": (
        "gradle",
        "jar",
        "java",
        "java-archive",
        "java_archive",
        "maven",
        "maven_artifact",
        "pom",
        "sbt",
        "gav",
        "jenkins-plugin",
    ),
    "npm": (
        "bun",
        "javascript",
        "javascript_library",
        "node",
        "node-pkg",
        "node_packaged_module",
        "nodejs",
        "npm",
        "npmjs",
        "pnpm",
        "yarn",
    ),
    "NuGet": ("dotnet", "dotnet-core", "dot_net_resource", "nuget", "nuget_package_module", "packages-props"),
    "Packagist": ("composer", "composer-vendor", "packagist", "php", "php-composer", "php_package"),
    "Pub": ("dart", "dart-pub", "pub"),
    "PyPI": ("pip", "pipenv", "poetry", "pypi", "python", "python-pkg", "python_package", "uv", "wheel"),
    "RubyGems": ("bundler", "gem", "gemspec", "ruby", "ruby_gem", "rubygems"),
    "SwiftURL": ("spm", "swift", "swifturl"),
    "Ubuntu": ("ubuntu",),
}
_BY_WORD = {word: name for name, words in _WORDS.items() for word in words}
# As a distribution's release file, a package URL's namespace or a scanner names it; the longer first where one begins another.
_DISTRIBUTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"debian", "Debian"),
        (r"ubuntu", "Ubuntu"),
        (r"alpine", "Alpine"),
        (r"red ?hat|rhel|rhcos", "Red Hat"),
        (r"rocky", "Rocky Linux"),
        (r"alma", "AlmaLinux"),
        (r"open ?suse", "openSUSE"),
        (r"suse|sles?\b", "SUSE"),
        (r"wolfi", "Wolfi"),
        (r"chainguard", "Chainguard"),
        (r"photon", "Photon OS"),
        (r"mageia", "Mageia"),
        (r"open ?euler", "openEuler"),
        (r"cent ?os", "CentOS"),
        (r"amzn|amazon", "Amazon Linux"),
        (r"oracle|ol\b", "Oracle Linux"),
        (r"fedora", "Fedora"),
    )
)
_OF_DISTRIBUTIONS = frozenset({"apk", "deb", "rpm"})


def ecosystem(word: object) -> str:
    """Of a package type, a language or a package manager; the word itself where OSV has none."""
    plain = str(word or "").strip()
    return _BY_WORD.get(plain.lower()) or distribution(plain) or plain


def distribution(text: object) -> str:
    """Of a distribution, however its release is written: `debian:12`, `Ubuntu 22.04.3 LTS`; empty for what is none."""
    plain = str(text or "").strip()
    return next((name for pattern, name in _DISTRIBUTIONS if pattern.match(plain)), "")


def versioned(ecosystem_: str, version: object) -> str:
    """A version as OSV writes it: Go's have no `v`."""
    text = str(version or "").strip()
    return text.removeprefix("v") if ecosystem_ == "Go" else text


def of_purl(purl: object, fixed: tuple[str, ...] = ()) -> Component | None:
    """The package of a package URL; None for what is none. A distribution's package is named without its namespace."""
    text = str(purl or "").strip()
    found = naming.from_purl(text)
    if found is None:
        return None
    name_of, name, version = found
    type_ = text[4:].lstrip("/").partition("/")[0].lower()
    if type_ in _OF_DISTRIBUTIONS and "/" in name:
        namespace, _, name = name.partition("/")
        name_of = distribution(namespace) or namespace
    return Component(ecosystem=name_of, name=name, version=version, purl=text, fixed=fixed)
