"""Configuration read by its format: what a name and its value are, wherever they stand, in whole, broken and hostile files."""

import time
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged import BOOK, compiled

from vallum_engine.model.file import File
from vallum_engine.model.report import Report
from vallum_engine.pipeline import scan
from vallum_engine.secrets import samples
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.formats.choose import format_of, keeps_credentials, reader
from vallum_engine.secrets.formats.setting import DEEPEST, MOST, TooDeep, paired
from vallum_engine.secrets.reading import FormatReader

PASSWORD = samples.fill("{base62:17}!7")
TOKEN = samples.fill("{base62:40}")
HEX = samples.fill("{hex:32} of Datadog")[:32]
KEY = samples.fill("-----BEGIN RSA PRIVATE KEY-----\n{pem:1600}\n-----END RSA PRIVATE KEY-----")


def report(path: str, text: str) -> Report:
    return scan([File(path, text.encode())], [SecretsDetector(BOOK)], triggers=compiled())


def found(path: str, text: str) -> list[tuple[str, int]]:
    return sorted((finding.rule, place.line) for finding in report(path, text).findings for place in finding.locations)


def test_a_secret_in_a_block_is_on_its_own_line() -> None:
    text = f"data:\n  app.yaml: |\n    shop:\n      address: x\n\n      limit: 3\n      token: '{TOKEN}'\n"
    assert found("map.yaml", text) == [("generic-secret", 7)]
    assert {line for _, line in found("map.yaml", f"kind: Secret\nstringData:\n{text[6:]}")} == {8}
    block = f"data:\n  app.yaml: |\n    passwords:\n{'      a: b' + chr(10)}      db_password: '{PASSWORD}'\n"
    assert {line for _, line in found("map.yaml", block)} == {5}


def test_the_default_of_a_variable_has_the_name_of_the_variable() -> None:
    variable = f'variable "api_token" {{\n  type = string\n  default = "{TOKEN}"\n}}\n'
    assert found("a.tf", variable) == [("generic-secret", 3)]
    assert found("a.tf", variable.replace("api_token", "api_region")) == []
    other = f'variable "token_name" {{\n  default = "credentials-2"\n}}\noutput "a" {{\n  value = "{TOKEN}"\n}}\n'
    assert found("a.tf", other) == []


def read(format_: str, text: str) -> dict[str, str]:
    return {setting.key: setting.value.decode() for setting in paired(reader(format_)(text.encode()))}


@pytest.mark.parametrize(
    ("path", "format_"),
    [
        (".env", "lines"),
        ("deploy/.env.production.local", "lines"),
        ("prod.env", "lines"),
        ("Dockerfile.release", "lines"),
        ("home/.docker/config.json", "json"),
        ("config.json", "json"),
        ("home/.kube/config", "yaml"),
        ("infra/terraform.tfstate.backup", "json"),
        ("etc/shadow", "hashed"),
        ("app/web.config", "xml"),
        ("src/main.rs", ""),
        ("environment.ts", ""),
        ("README", ""),
    ],
)
def test_a_name_says_the_format(path: str, format_: str) -> None:
    assert format_of(path) == format_


def test_files_of_credentials_are_read_whatever_is_in_them() -> None:
    assert keeps_credentials("home/.netrc")
    assert keeps_credentials("a/.aws/credentials")
    assert not keeps_credentials("src/app.py")
    assert not keeps_credentials("credentials")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("export NAME=plain # said", "plain"),
        ("  NAME = plain  ", "plain"),
        ("NAME='single # not a comment'", "single # not a comment"),
        ('NAME="a \\"quoted\\" word\\nnext"', 'a "quoted" word\nnext'),
        ('NAME="two\nlines"', "two\nlines"),
        ("NAME=`ticks`", "ticks"),
        ("# NAME=commented", "commented"),
        ("#NAME=commented", "commented"),
        ("set NAME=windows\r", "windows"),
        ("set -gx NAME fish", "fish"),
        ("$env:NAME = 'shell of power'", "shell of power"),
        ("NAME: colon", "colon"),
        ("ENV NAME docker", "docker"),
        ("ARG NAME=docker", "docker"),
        ('Environment="NAME=unit"', "unit"),
        ("NAME <<EOT\nheredoc\nEOT\n", None),
        ("NAME = <<-EOT\nheredoc\nEOT\n", "heredoc"),
        ('NAME = """\ntoml\n"""', "\ntoml\n"),
        ("declare -x NAME=bash", "bash"),
        ("NAME", None),
        ("=x", None),
    ],
)
def test_every_dialect_of_lines(line: str, value: str | None) -> None:
    got = read("lines", f"FIRST=1\n{line}\nLAST=2\n")
    assert (got.get("NAME"), got["FIRST"], got["LAST"]) == (value, "1", "2")


YAML = """\
%YAML 1.2
---
# a comment: not a key
top: plain # said
quoted: "a\\x41\\u0042 \\"b\\""
single: 'it''s'
folded: >-
  one
  two
next:
  below-the-name
list:
- name: first
  value: 1
- name: second
  value: two
"quoted key": x
deep:
  deeper:
    - inner: {a: b, c: "d"}
    - &anchor text
sealed: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6162
args: ["x", "y"]
time: 12:30
template: {{ .Values.x }}
---
top: other document
"""


def test_yaml_is_read_as_far_as_it_matters() -> None:
    got = read("yaml", YAML)
    assert got == {
        "top": "other document",
        "quoted": 'aAB "b"',
        "single": "it's",
        "folded": "one\ntwo",
        "next": "below-the-name",
        "list.*.name": "second",
        "list.*.value": "two",
        "list.*.first": "1",
        "list.*.second": "two",
        "quoted key": "x",
        "deep.deeper.*.inner.a": "b",
        "deep.deeper.*.inner.c": "d",
        "deep.deeper.*": "text",
        "args": '["x", "y"]',
        "time": "12:30",
    }


def test_json_is_read_with_comments_and_without_an_end() -> None:
    text = '{"a": {"b": [1, "x", {"name": "N", "value": "v"}]}, // said\n "c\\u0041": "q\\"\\u0041", "env": ["K=v"], "d": tru'
    assert read("json", text) == {
        "a.b.*": "x",
        "a.b.*.name": "N",
        "a.b.*.value": "v",
        "a.b.*.N": "v",
        "c\\u0041": 'q"A',
        "env.*": "K=v",
        "env.K": "v",
        "d": "tru",
    }


def test_xml_is_read_tag_by_tag() -> None:
    text = (
        '<?xml version="1.0"?><!-- <a>no</a> --><r a="1 &amp; 2"><p><name>N</name><value>v</value></p>'
        '<k key="K">t</k><e name="E" value="w"/><c><![CDATA[x y]]></c></r>'
    )
    got = read("xml", text)
    assert {key: got[key] for key in ("r.@a", "r.p.N", "r.k.K", "r.e.E", "r.c", "r.k")} == {
        "r.@a": "1 & 2",
        "r.p.N": "v",
        "r.k.K": "t",
        "r.e.E": "w",
        "r.c": "x y",
        "r.k": "t",
    }


def yaml_secret(kind: str, key: str, value: bytes) -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: shop\ndata:\n  {key}: {b64encode(value).decode()}\n"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        pytest.param(
            "a.yaml",
            f"env:\n- name: DB_PASSWORD\n  value: {PASSWORD}\n",
            [("generic-password", 3)],
            id="name and value in YAML",
        ),
        pytest.param(
            "a.json",
            f'{{"env": [{{"name": "DB_PASSWORD",\n "value": "{PASSWORD}"}}]}}',
            [("generic-password", 2)],
            id="name and value in JSON",
        ),
        pytest.param(
            "a.xml",
            f"<p><name>db.password</name>\n<value>{PASSWORD}</value></p>",
            [("generic-password", 2)],
            id="name and value in XML",
        ),
        pytest.param(
            "a.xml", f'<entry key="db.password">{PASSWORD}</entry>', [("generic-password", 1)], id="a key as attribute"
        ),
        pytest.param(
            "compose.yaml",
            f'environment:\n  - "DB_PASSWORD={PASSWORD}"\n',
            [("generic-configuration-password", 2)],
            id="quoted in a list",
        ),
        pytest.param("a.yaml", f"db_password: >-\n  {PASSWORD}\n", [("generic-password", 2)], id="folded"),
        pytest.param("a.yaml", f"db_password:\n  {PASSWORD}\n", [("generic-password", 2)], id="on the next line"),
        pytest.param(
            "a.yaml",
            f"datadog:\n  api_key: {HEX}\n",
            [("datadog-api-key", 2)],
            id="the provider is the parent",
        ),
        pytest.param(
            "a.yaml",
            yaml_secret("Secret", "DB_PASSWORD", PASSWORD.encode()),
            [("kubernetes-secret-value", 6)],
            id="a Secret",
        ),
        pytest.param(
            "a.yaml", yaml_secret("Secret", "tls.key", KEY.encode()), [("private-key", 6)], id="a key in a Secret"
        ),
        pytest.param(
            "a.yaml",
            yaml_secret("Secret", "settings.env", f"A=1\nGITHUB_TOKEN={samples.fill('ghp_{github:36}')}\n".encode()),
            [("github-personal-access-token", 6)],
            id="a file in a Secret",
        ),
        pytest.param("a.yaml", yaml_secret("ConfigMap", "db", PASSWORD.encode()), [], id="not in a ConfigMap"),
        pytest.param("a.yaml", yaml_secret("Secret", "username", b"shop-7x"), [], id="a user is no secret"),
        pytest.param(
            "a.yaml",
            yaml_secret("ConfigMap", "x", b"abc") + "---\n" + yaml_secret("Secret", "token", TOKEN.encode()),
            [("kubernetes-secret-value", 13)],
            id="the second document",
        ),
        pytest.param(
            "v.yaml",
            "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  " + "61626364" * 10 + "\n",
            [],
            id="Ansible Vault is sealed",
        ),
        pytest.param("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n" + ("3" * 79 + "7\n") * 20, [], id="a vaulted file"),
        pytest.param(
            "s.yaml", "db_password: ENC[AES256_GCM,data:Tr7o1==,iv:1=,aad:No=,tag:k=]\n", [], id="SOPS is sealed"
        ),
        pytest.param(".env", f'API_KEY="{TOKEN}"\n', [("env-file-secret", 1)], id="dot-env"),
        pytest.param(
            ".env",
            f"#API_KEY={TOKEN}\nPASSWORD='{PASSWORD} x'\n",
            [("env-file-password", 2), ("env-file-secret", 1)],
            id="dot-env, commented out and quoted",
        ),
        pytest.param(".env", f'KEY="{KEY}"\n', [("private-key", 1)], id="a key over many lines of dot-env"),
        pytest.param(".env.production", "DB_PASSWORD=${VAULT_DB_PASSWORD}\nAPI_KEY=\n", [], id="dot-env that refers"),
        pytest.param(".env.example", "DB_PASSWORD=secret\nAPI_KEY=your-api-key\n", [], id="a template of dot-env"),
        pytest.param(
            "home/.netrc",
            f"machine a login b password {PASSWORD}\nmachine c\nlogin d\npassword {TOKEN}\n",
            [("netrc-file-password", 1), ("netrc-file-password", 4)],
            id="netrc",
        ),
        pytest.param("home/.pgpass", f"# h:1:d:u:x\ndb:5432:*:app:{PASSWORD}\n", [("pgpass-password", 2)], id="pgpass"),
        pytest.param(
            "etc/shadow",
            samples.fill("root:$6${base62:12}${base62:86}:1:0:9:7:::\nbin:*:1:0:9:7:::\n"),
            [("password-hash-file", 1)],
            id="shadow",
        ),
        pytest.param(
            "x/.htpasswd",
            samples.fill("a:$2y$05${base62:53}\nb:{base62:13}\n"),
            [("password-hash-file", 1), ("password-hash-file", 2)],
            id="htpasswd",
        ),
        pytest.param(
            "t.tfstate",
            '{"resources": [{"type": "t", "instances": [{"attributes": {"tags": {"a": "b"},'
            f'\n"master_password": "{PASSWORD}"}}}}]}}]}}',
            [("terraform-state-secret", 2)],
            id="Terraform's state",
        ),
        pytest.param(
            "prod.tfvars", f'db_password = "{PASSWORD}"\nregion = "eu"\n', [("generic-password", 1)], id="tfvars"
        ),
        pytest.param(
            "a.ipynb",
            f'{{"cells": [{{"source": ["password = \\"{PASSWORD}\\"\\n"],'
            f'\n"outputs": [{{"text": ["{{\'api_key\': \'{TOKEN}\'}}\\n"]}}]}}]}}',
            [("generic-password", 1), ("generic-secret", 2)],
            id="cells and outputs of a notebook",
        ),
        pytest.param(
            "home/.git-credentials",
            f"https://deploy:{PASSWORD}@git.shop.internal\n",
            [("url-password", 1)],
            id="git-credentials",
        ),
        pytest.param(
            "home/.npmrc", f"//npm.shop.internal/:_authToken={TOKEN}\n", [("npmrc-auth-token", 1)], id="npmrc"
        ),
        pytest.param(
            "a.service",
            f'[Service]\nEnvironment="DB_PASSWORD={PASSWORD}"\n',
            [("generic-password", 2)],
            id="a systemd unit",
        ),
        pytest.param(
            "a.plist",
            f"<dict><key>db_password</key>\n<string>{PASSWORD}</string></dict>",
            [("generic-password", 2)],
            id="a property list",
        ),
    ],
)
def test_what_a_file_holds(path: str, text: str, expected: list[tuple[str, int]]) -> None:
    assert found(path, text) == expected


def test_a_secret_in_several_files_and_forms_is_one_finding() -> None:
    files = [
        File("a.yaml", yaml_secret("Secret", "token", TOKEN.encode()).encode()),
        File("b.yaml", yaml_secret("Secret", "api-token", TOKEN.encode()).encode()),
    ]
    (finding,) = scan(files, [SecretsDetector(BOOK)], triggers=compiled()).findings
    assert [place.path for place in finding.locations] == ["a.yaml", "b.yaml"]
    assert "written in base64" in finding.evidence


MANY = 1_000_000
HOSTILE = {
    "a million lines": ("a.env", "A_TOKEN=1\n" * MANY),
    "a million passwords": ("a.properties", "password=hunter\n" * (MANY // 2)),
    "a long line": (".env", "A=" + "x" * 2_000_000),
    "a quote without end": (".env", 'A="' * 200_000),
    "a million entries of JSON": (
        ".docker/config.json",
        '{"auths": {' + '"a": {"auth": "eDp5"},' * (MANY // 10) + "}}",
    ),
    "escaped quotes in JSON without an end": ("auth.json", '"' + '\\"' * MANY),
    "deep JSON": ("x/.dockercfg", '{"a":' * 100_000),
    "deep lists": ("a.tfstate", "[" * 500_000),
    "a million keys of YAML": ("kubeconfig", "a: b\n" * (MANY // 4)),
    "deep YAML": ("kubeconfig", "".join(" " * n + f"k{n}:\n" for n in range(1_000))),
    "dashes": ("kubeconfig", "- " * 500_000),
    "quotes in YAML": ("kubeconfig", 'a: "b\n' * 100_000),
    "deep XML": ("settings.xml", "<a>" * 300_000),
    "ends of what never began": ("settings.xml", f"<{'n' * 90}>" * 99 + "</m>" * MANY),
    "tags that never end": ("settings.xml", '<a b="' * 200_000),
    "attributes": ("settings.xml", "<a" + ' b="c"' * 200_000 + ">"),
    "names and values": ("a.yaml", "- name: PASSWORD\n  value: x\n" * 100_000),
    "netrc": (".netrc", "machine a " * 200_000),
    "pgpass": (".pgpass", ":" * 1_000_000),
    "escapes": (".pgpass", "\\" * 1_000_000),
    "shadow": ("shadow", "a:b" * 300_000),
    "not UTF-8": (".env", "A=\udcff\udcfe" * 100_000),
    "kinds": ("a.yaml", "kind: Secret\n---\n" * 50_000),
}


@pytest.mark.parametrize(("path", "text"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_costs_seconds_and_fails_no_scan(path: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    started = time.process_time()
    seen = scan([File(path, data)], [SecretsDetector(BOOK)], triggers=compiled())
    assert time.process_time() - started < 20
    assert seen.errors == ()


def test_a_long_name_is_not_repeated_for_each_value_below_it() -> None:
    data = b'{"%s": [%s]}' % (b"n" * 20_000, b",".join([b'"%s"' % PASSWORD.encode()] * 5_000))
    (page,) = FormatReader([]).read(data, "auth.json").rewritten
    assert PASSWORD.encode() in page.data
    assert len(page.data) < 30 * len(data)


def test_a_dot_in_the_name_of_an_element_does_not_keep_it_open() -> None:
    assert read("xml", "<web.server><a>one</a></web.server><b>two</b>") == {"web.server.a": "one", "b": "two"}


def test_what_was_not_read_is_said() -> None:
    (deep,) = report("x/.dockercfg", '{"a":' * (DEEPEST + 1)).coverage.gaps
    assert "nested too deep to be read as json" in deep.why
    (many,) = report(".env", "A=1\n" * (MOST + 1)).coverage.gaps
    assert f"only the first {MOST:,} settings were read as lines" in many.why
    (large,) = report("a.yaml", ("- name: DB_PASSWORD\n  value: x\n# " + "x" * 6_000 + "\n") * 400).coverage.gaps
    assert "only the first 2,000,000 bytes that promise more were read as yaml" in large.why


FORMATS = st.sampled_from(["lines", "yaml", "json", "xml", "netrc", "pgpass", "hashed"])
SIGNS = st.lists(
    st.sampled_from(
        [
            "a",
            "key",
            ":",
            " ",
            "  ",
            "\n",
            "- ",
            '"',
            "'",
            "=",
            "{",
            "}",
            "[",
            "]",
            ",",
            "<",
            ">",
            "/",
            "|",
            "#",
            "\\",
            "&",
            "!",
            "---\n",
            "\r",
            "é",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(FORMATS, st.one_of(SIGNS, st.binary(max_size=80).map(lambda data: data.decode("latin-1"))))
def test_a_value_stands_where_it_is_said_to(format_: str, text: str) -> None:
    data = text.encode()
    try:
        got = list(paired(reader(format_)(data)))
    except TooDeep:
        return
    for setting in got:
        assert 0 <= setting.start <= setting.end <= len(data)
        if setting.plain and b"\\" not in data and b"'" not in data and b"&" not in data:
            assert data[setting.start : setting.end] == setting.value
