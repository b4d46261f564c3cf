"""moto's S3 server on loopback, and a bucket of a test's own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import pytest

_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("port", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        for line in server.stdout:
            if found := re.fullmatch(r"port (\d+)\n", line):
                break
        yield int(found[1])
        server.kill()


@pytest.fixture
def s3(port: int, request: pytest.FixtureRequest) -> SimpleNamespace:
    """A versioned bucket of the test's own, and boto3's own client beside ours."""
    endpoint, name = f"http://127.0.0.1:{port}", re.sub(r"[^a-z0-9]+", "-", request.node.name)[:50].strip("-")
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
    )
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    place = f"s3://{name}/vallum?endpoint={endpoint}&region=us-east-1"
    return SimpleNamespace(client=client, bucket=name, place=place, opening=f"127.0.0.1/32:{port}")
