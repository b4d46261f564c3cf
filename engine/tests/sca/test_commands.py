"""The command that ends a finding, by format and by how the package came in."""

import pytest

from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.fix import Mending
from vallum_engine.sca.lockfiles import ECOSYSTEMS, format_of

DIRECT, INDIRECT, NOT_SAID = True, False, None


@pytest.mark.parametrize(
    ("path", "name", "direct", "groups", "step"),
    [
        pytest.param(
            "specifications/rack.gemspec", "rack", NOT_SAID, (), "Replace the rack 1.0.0 that lies at", id="a gem"
        ),
        pytest.param("a/Gemfile.lock", "rack", DIRECT, (), "`bundle update --conservative rack`.", id="bundler"),
        pytest.param(
            "composer.lock",
            "acme/kit",
            DIRECT,
            (),
            "`composer require --with-all-dependencies 'acme/kit:^2.0.0'`.",
            id="composer, asked for",
        ),
        pytest.param(
            "composer.lock",
            "acme/kit",
            DIRECT,
            ("dev",),
            "`composer require --dev --with-all-dependencies 'acme/kit:^2.0.0'`.",
            id="composer, asked for in development",
        ),
        pytest.param(
            "composer.lock",
            "acme/kit",
            NOT_SAID,
            (),
            "`composer update --with-all-dependencies acme/kit`.",
            id="composer",
        ),
        pytest.param("pubspec.lock", "args", DIRECT, (), "`dart pub add 'args:^2.0.0'`.", id="pub, asked for"),
        pytest.param("pubspec.lock", "args", DIRECT, ("dev",), "`dart pub add 'dev:args:^2.0.0'`.", id="pub, dev"),
        pytest.param("pubspec.lock", "args", INDIRECT, (), "`dart pub upgrade args`. It is needed by", id="pub"),
        pytest.param(
            "Package.resolved", "code.example/acme/kit", NOT_SAID, (), "`swift package update kit`.", id="swift"
        ),
        pytest.param("ios/Podfile.lock", "Kit", INDIRECT, (), "`pod update Kit`. It is needed by", id="cocoapods"),
        pytest.param("conan.lock", "zlib", NOT_SAID, (), "Raise zlib from 1.0.0 to 2.0.0 in conan.lock.", id="conan"),
        pytest.param(
            "packages.lock.json", "A.B", INDIRECT, (), "`dotnet add package A.B --version 2.0.0`.", id="nuget"
        ),
        pytest.param("a/a.csproj", "A.B", DIRECT, (), "folder of a/a.csproj: `dotnet add package A.B", id="a project"),
        pytest.param("Directory.Packages.props", "A.B", DIRECT, (), "Raise A.B from 1.0.0 to 2.0.0 in", id="pins"),
        pytest.param(
            "packages.config",
            "A.B",
            NOT_SAID,
            (),
            "`nuget update packages.config -Id A.B -Version 2.0.0`.",
            id="packages.config",
        ),
        pytest.param("paket.lock", "A.B", NOT_SAID, (), "`paket update A.B --version 2.0.0`.", id="paket"),
        pytest.param(
            "bin/a.deps.json",
            "A.B",
            DIRECT,
            (),
            "Raise A.B from 1.0.0 to 2.0.0 in the project that bin/a.deps.json",
            id="built",
        ),
        pytest.param("a/pom.xml", "g:a", DIRECT, (), "Raise g:a from 1.0.0 to 2.0.0 in a/pom.xml.", id="maven"),
        pytest.param(
            "gradle.lockfile", "g:a", NOT_SAID, (), "`gradle dependencies --update-locks g:a`.", id="gradle's lockfile"
        ),
        pytest.param("build.gradle", "g:a", DIRECT, (), "Raise g:a from 1.0.0 to 2.0.0 in build.gradle.", id="gradle"),
        pytest.param(
            "gradle/verification-metadata.xml",
            "g:a",
            NOT_SAID,
            (),
            "in the build, then write gradle/verification-metadata.xml anew.",
            id="gradle's checksums",
        ),
        pytest.param(
            "META-INF/maven/g/a/pom.properties", "g:a", NOT_SAID, (), "in the build of the archive that", id="jar"
        ),
    ],
)
def test_the_command_is_the_tools(path, name, direct, groups, step):
    package = Package(
        ecosystem=ECOSYSTEMS[format_of(path)],
        name=name,
        version="1.0.0",
        location=Location(path=path, line=1, end_line=1),
        direct=direct,
        groups=groups,
    )
    assert step in Mending([package], "2.0.0").by("2.0.0").steps[0]
