"""Archives that lie in a folder, from the command line."""

import io
import json
import zipfile

import pytest

from client.tests.conftest import write
from vallum.cli.exits import Exit


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def shop(tree, token):
    """A folder with a secret and a package in a jar that lies in a web application."""
    properties = "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n"
    jar = zipped({"META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties": properties})
    lock = {"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.20"}}}
    inner = zipped({"package-lock.json": json.dumps(lock)})
    war = zipped(
        {
            "ui.zip": inner,
            "WEB-INF/lib/log4j-core.jar": jar,
            "WEB-INF/app.env": f"T={token}",
            "A.class": b"\xca\xfe\xba\xbe\0",
        }
    )
    write(tree, {"dist/shop.war": war})
    return tree


def test_secrets_and_packages_in_them_are_found_at_their_path(vallum, shop):
    ran = vallum("scan", "--format", "json", shop)
    report = json.loads(ran.out)
    found = {finding["kind"]: finding for finding in report["findings"]}
    assert found["secret"]["locations"][0]["path"] == "dist/shop.war!/WEB-INF/app.env"
    assert found["vulnerability"]["package"]["name"] == "lodash"
    assert found["vulnerability"]["locations"][0]["path"] == "dist/shop.war!/ui.zip!/package-lock.json"
    assert ("dist/shop.war", "in it A.class: binary") in {
        (each["path"], each["why"]) for each in report["coverage"]["exclusions"]
    }


def test_none_is_opened_on_demand_and_each_is_named(vallum, shop):
    ran = vallum("scan", "--no-archives", "--format", "json", shop)
    report = json.loads(ran.out)
    assert ran.code == Exit.CLEAN
    (left,) = report["coverage"]["exclusions"]
    assert (left["path"], left["covered"], left["hidden"]) == ("dist/shop.war", True, True)
    assert "log4j" not in vallum("packages", "--no-archives", shop).out
    assert "org.apache.logging.log4j:log4j-core" in vallum("packages", shop).out


def test_a_broken_one_makes_the_scan_incomplete_and_what_is_beside_it_is_found(vallum, shop):
    data = (shop / "dist/shop.war").read_bytes()
    write(shop, {"cut.zip": data[:-40]})
    ran = vallum("scan", shop)
    assert ran.code == Exit.INCOMPLETE
    assert "cut.zip: an archive: the zip file has no directory at its end" in ran.out
    assert "dist/shop.war!/WEB-INF/app.env:1" in ran.out
