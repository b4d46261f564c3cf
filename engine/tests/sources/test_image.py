"""Container images as builders write them, and as attackers do."""

import json
import random
import tarfile
import time

import images
import pytest
import zstandard
from images import DEVICE, FIFO, FOLDER, HARD, LINK, configuration, digest, docker, layer, layout, packed

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.layer import CONFIG_PATH, Layer, command
from vallum_engine.sources import image
from vallum_engine.sources.limits import ImageLimits

BELOW = layer(
    ("etc", FOLDER),
    ("etc/os-release", b"ID=debian\n"),
    ("app/.env", b"TOKEN=old\n"),
    ("app/keep.txt", b"kept\n"),
    ("cache/a", b"a"),
    ("cache/deep/b", b"b"),
    ("swap/inner", b"inner"),
    ("bin/tool", b"\0ELF"),
)
ABOVE = layer(
    ("app/.wh..env", b""),
    ("app/new.txt", b"new\n"),
    ("cache/.wh..wh..opq", b""),
    ("cache/c", b"c"),
    ("swap", b"a file now"),
    ("bin/link", LINK, "tool"),
)


def write(tmp_path, content):
    """A file, or a folder of files by name."""
    path = tmp_path / "image"
    if isinstance(content, bytes):
        path.write_bytes(content)
        return path
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def read(tmp_path, content, platform="", **limits):
    """What the image holds: its files but the configuration, what was skipped, its layers and target."""
    files, skipped, layers = [], [], []
    with image.opened(str(write(tmp_path, content)), limits=ImageLimits(**limits), platform=platform) as found:
        for item in found.items:
            if isinstance(item, File) and item.path != CONFIG_PATH:
                files.append((item.path, item.data, item.layer.number, item.lower))
            elif isinstance(item, Skipped):
                skipped.append((item.path, item.why, item.covered))
            elif isinstance(item, Layer):
                layers.append(item)
        return files, skipped, layers, dict(found.target)


FORMS = [
    pytest.param(docker, id="docker save"),
    pytest.param(lambda layers: docker(layers, pack="gzip"), id="docker save, gzip"),
    pytest.param(lambda layers: packed(layout({"linux/amd64": (layers, None)})), id="oci archive"),
    pytest.param(lambda layers: layout({"linux/amd64": (layers, None)}, pack=""), id="oci folder, plain layers"),
    pytest.param(lambda layers: layout({"linux/amd64": (layers, None)}, pack="gzip"), id="oci folder, gzip"),
    pytest.param(
        lambda layers: layout({"linux/amd64": (layers, None)}, pack="zstd", nested=True),
        id="oci folder, zstd, index of an index",
    ),
]


@pytest.mark.parametrize("form", FORMS)
def test_layers_are_one_tree_and_what_is_hidden_goes_on_as_lower(tmp_path, form):
    files, skipped, layers, _ = read(tmp_path, form([BELOW, ABOVE]))
    assert files == [
        ("app/new.txt", b"new\n", 2, False),
        ("cache/c", b"c", 2, False),
        ("swap", b"a file now", 2, False),
        ("etc/os-release", b"ID=debian\n", 1, False),
        ("app/.env", b"TOKEN=old\n", 1, True),
        ("app/keep.txt", b"kept\n", 1, False),
        ("cache/a", b"a", 1, True),
        ("cache/deep/b", b"b", 1, True),
        ("swap/inner", b"inner", 1, True),
    ]
    assert skipped == [("bin/link", "symbolic link", True), ("bin/tool", "binary", True)]
    assert [(each.number, each.digest, each.created_by) for each in layers] == [
        (1, digest(BELOW), "RUN step 1"),
        (2, digest(ABOVE), "RUN step 2"),
    ]


@pytest.mark.parametrize(
    ("below", "above", "lower"),
    [
        pytest.param([("a/b", b"x")], [("a/.wh.b", b"")], True, id="a whiteout of the file"),
        pytest.param([("a/b/c", b"x")], [("a/.wh.b", b"")], True, id="a whiteout of its folder"),
        pytest.param([("a/b", b"x")], [("a/.wh..wh..opq", b"")], True, id="an opaque folder"),
        pytest.param([("b", b"x")], [(".wh..wh..opq", b"")], True, id="an opaque root"),
        pytest.param([("a/b", b"x")], [("a/b", FOLDER)], True, id="a folder in its place"),
        pytest.param([("a/b", b"x")], [("a/b/c", b"y")], True, id="a folder in its place that only a name implies"),
        pytest.param([("a/b", b"x")], [("a", LINK, "/tmp")], True, id="a link in place of its folder"),
        pytest.param([("a/b", b"x")], [("a/b", DEVICE)], True, id="a device in its place"),
        pytest.param([("a/b", b"x")], [("a", FOLDER)], False, id="its folder again"),
        pytest.param([("a/b", b"x")], [("a/.wh.bb", b"")], False, id="a whiteout of another name"),
        pytest.param([("a/b", b"x")], [("a/.wh..wh.plnk", b"")], False, id="a mark of the storage driver"),
        pytest.param([("a/b", b"x")], [("a/.wh.", b"")], False, id="a whiteout of nothing"),
        pytest.param([("/a/b", b"x")], [("./a/.wh.b", b"")], True, id="names written in another way"),
    ],
)
def test_what_hides_a_file_of_a_lower_layer(tmp_path, below, above, lower):
    files, *_ = read(tmp_path, docker([layer(*below), layer(*above)]))
    assert [was for path, data, _, was in files if data == b"x"] == [lower]


def test_a_layers_own_marks_hold_below_it_and_not_in_it(tmp_path):
    files, *_ = read(tmp_path, docker([layer(("a/b", b"x"), (".wh.a", b""), ("c/.wh..wh..opq", b""), ("c/d", b"y"))]))
    assert [(path, lower) for path, *_, lower in files] == [("a/b", False), ("c/d", False)]


def test_a_file_that_comes_back_is_in_the_tree_from_the_layer_that_brought_it_back(tmp_path):
    layers = [layer(("a", b"one")), layer((".wh.a", b"")), layer(("a", b"three"))]
    files, *_ = read(tmp_path, docker(layers))
    assert [(data, number, lower) for _, data, number, lower in files] == [(b"three", 3, False), (b"one", 1, True)]


class TestHardLinks:
    def test_one_to_what_is_in_the_tree_says_nothing_new(self, tmp_path):
        files, skipped, *_ = read(tmp_path, docker([layer(("a/x", b"text"), ("b/x", HARD, "a/x"))]))
        assert [path for path, *_ in files] == ["a/x"]
        assert skipped == [("b/x", "hard link", True)]

    @pytest.mark.parametrize(
        "above",
        [
            pytest.param([("a/.wh.x", b"")], id="when the other name is deleted"),
            pytest.param([], id="when it is called otherwise"),
        ],
    )
    def test_one_is_read_under_its_own_name(self, tmp_path, above):
        lower = layer(("a/x", b"text"), ("etc/os-release", HARD, "a/x"), ("b/also", HARD, "etc/os-release"))
        files, skipped, *_ = read(tmp_path, docker([lower, layer(*above)] if above else [lower]))
        assert {path: was for path, _, _, was in files} == {
            "a/x": bool(above),
            "etc/os-release": False,
            "b/also": False,
        }
        assert {data for _, data, *_ in files} == {b"text"}
        assert not skipped

    def test_one_to_nothing_is_a_gap(self, tmp_path):
        _, skipped, *_ = read(tmp_path, docker([layer(("b", HARD, "../../etc/shadow"), ("c", HARD, "d"))]))
        assert skipped == [(name, "a hard link to what its layer does not hold", False) for name in "bc"]

    def test_thousands_of_names_for_one_large_text_count_as_that_many(self, tmp_path):
        names = [(f"n{n}", HARD, "x") for n in range(3000)]
        with pytest.raises(UnreadableSource, match="unpack"):
            read(tmp_path, docker([layer(("x", b"y" * 1_000_000), *names)]), total_bytes=100 << 20)


SYSTEMS = {name: ([layer(("name", name.encode()))], None) for name in ("linux/arm64", "linux/amd64", "windows/amd64")}


class TestPlatforms:
    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            ("", "linux/amd64"),
            ("linux/amd64", "linux/amd64"),
            ("linux/arm64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
        ],
    )
    @pytest.mark.parametrize("nested", [False, True])
    def test_the_one_asked_for_is_read_and_the_others_are_named(self, tmp_path, asked, given, nested):
        files, skipped, *_ = read(tmp_path, layout(SYSTEMS, nested=nested), platform=asked)
        assert files[0][1] == given.encode()
        others = ", ".join(sorted(set(SYSTEMS) - {given}))
        assert skipped == [("", f"not looked at: the image for {others}. This is that for {given}", True)]

    def test_nobody_asks_and_the_usual_one_is_missing_so_the_first_is_read(self, tmp_path):
        files, *_ = read(
            tmp_path, layout({name: SYSTEMS[name] for name in ("windows/amd64", "linux/arm64")}), platform=""
        )
        assert files[0][1] == b"windows/amd64"

    @pytest.mark.parametrize("asked", ["linux/riscv64", "arm64", "linux/arm", "linux/amd64/v3x/y"])
    def test_another_than_the_one_asked_for_is_not_read_in_its_place(self, tmp_path, asked):
        systems = {name: SYSTEMS[name] for name in ("linux/arm64", "windows/amd64")}
        with pytest.raises(UnreadableSource, match=r"no image for \S+ here, but for linux/arm64, windows/amd64"):
            read(tmp_path, layout(systems), platform=asked)

    def test_of_an_archive_its_configuration_says_which_it_is_for(self, tmp_path):
        archive = docker([BELOW])
        assert read(tmp_path, archive, platform="linux/amd64")[0]
        with pytest.raises(UnreadableSource, match="no image for linux/arm64 here, but for linux/amd64"):
            read(tmp_path, archive, platform="linux/arm64")

    def test_an_attestation_is_no_platform(self, tmp_path):
        files = layout({"linux/amd64": ([BELOW], None)})
        index = json.loads(files["index.json"])
        index["manifests"].insert(
            0, {"digest": "sha256:" + "0" * 64, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
        )
        files["index.json"] = json.dumps(index).encode()
        assert read(tmp_path, files)[0]


def test_an_archive_of_several_images_reads_the_first_and_says_so(tmp_path):
    told = json.dumps(configuration([BELOW])).encode()
    one = {"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["x/layer.tar"]}
    manifest = json.dumps([one, {**one, "RepoTags": ["b:1"]}, {**one, "RepoTags": None}]).encode()
    _, skipped, _, target = read(tmp_path, packed({"manifest.json": manifest, "c.json": told, "x/layer.tar": BELOW}))
    assert target["image"] == "a:1"
    assert [why for path, why, covered in skipped if not path and not covered] == [
        "another image of the archive is not looked at: b:1",
        "another image of the archive is not looked at: one without a name",
    ]


def test_a_layer_that_docker_wrote_as_a_link_is_found(tmp_path):
    told = json.dumps(configuration([BELOW, BELOW])).encode()
    manifest = json.dumps([{"Config": "c.json", "RepoTags": [], "Layers": ["x/layer.tar", "y/layer.tar"]}]).encode()
    data = layer(
        ("manifest.json", manifest), ("c.json", told), ("x/layer.tar", BELOW), ("y/layer.tar", LINK, "../x/layer.tar")
    )
    assert len(read(tmp_path, data)[0]) > 6


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(packed({"setup.py": b"x", "manifest.json": b"[]"}), "another archive", id="another archive"),
        pytest.param(packed({"a.txt": b"x"}, "gzip"), "a gzipped one", id="a gzipped archive"),
        pytest.param(packed({"manifest.txt": b"x"}, "zstd"), "a zstd one", id="a zstd archive"),
        pytest.param(b"PK\x03\x04" + b"\0" * 600, "zip", id="a zip"),
        pytest.param(b"", "empty", id="an empty file"),
        pytest.param({"package.json": b"{}", "index.json": b"{}"}, "folder", id="a folder"),
    ],
)
def test_what_is_no_image_is_none(tmp_path, content, kind):
    with image.opened(str(write(tmp_path, content))) as found:
        assert found is None, kind


def test_an_image_that_cannot_be_read_from_the_middle_says_what_to_do(tmp_path):
    with pytest.raises(UnreadableSource, match="unpack it, or pack it with gzip"):
        read(tmp_path, docker([BELOW], pack="zstd"))


class TestBase:
    STEPS = (
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
        {"created_by": "RUN /bin/sh -c pip install shop"},
        {"created_by": 'ENTRYPOINT ["shop"]', "empty_layer": True},
    )

    def base(self, tmp_path, steps, **labels):
        config = configuration([BELOW, ABOVE], list(steps), Labels=labels)
        _, _, layers, target = read(tmp_path, docker([BELOW, ABOVE], config=config))
        return [each.base for each in layers], target.get("base")

    def test_it_ends_where_its_own_command_stands(self, tmp_path):
        assert self.base(tmp_path, self.STEPS) == ([True, False], None)

    def test_an_image_without_one_has_none(self, tmp_path):
        assert self.base(tmp_path, [self.STEPS[0], self.STEPS[2], self.STEPS[3]]) == ([False, False], None)

    def test_buildpacks_say_which_layer_is_its_last(self, tmp_path):
        label = json.dumps({"runImage": {"topLayer": digest(ABOVE)}})
        assert self.base(tmp_path, self.STEPS, **{"io.buildpacks.lifecycle.metadata": label}) == ([True, True], None)

    def test_a_label_names_it(self, tmp_path):
        named = {"org.opencontainers.image.base.name": "registry.example/base:1\x1b[0m"}
        assert self.base(tmp_path, self.STEPS, **named)[1] == "registry.example/base:1\\x1b[0m"

    @pytest.mark.parametrize("label", ["{", "[]", '{"runImage": []}', "7" * 5000, '{"runImage": {"topLayer": "x"}}'])
    def test_a_label_that_makes_no_sense_says_nothing(self, tmp_path, label):
        self.base(tmp_path, self.STEPS, **{"io.buildpacks.lifecycle.metadata": label})

    def test_a_history_of_another_length_says_nothing(self, tmp_path):
        config = configuration([BELOW, ABOVE], [self.STEPS[0]] * 5)
        _, _, layers, _ = read(tmp_path, docker([BELOW, ABOVE], config=config))
        assert [(each.base, each.created_by, each.line) for each in layers] == [(False, "", 0)] * 2


def test_the_configuration_is_a_file_with_each_command_on_a_line(tmp_path):
    steps = [{"created_by": "RUN a\nb"}, {"created_by": "ENV X=1", "empty_layer": True}, {"created_by": "RUN c"}]
    config = configuration(
        [BELOW, ABOVE], steps, Env=["KEY=value"], Labels={"created_by": "nobody"}, Deep={"a": [[[]]]}
    )
    with image.opened(str(write(tmp_path, docker([BELOW, ABOVE], config=config)))) as found:
        items = list(found.items)
    shown = next(item for item in items if isinstance(item, File) and item.path == CONFIG_PATH)
    lines = shown.data.decode().split("\n")
    assert '   "KEY=value"' in lines
    layers = [item for item in items if isinstance(item, Layer)]
    assert [lines[each.line - 1].strip() for each in layers] == ['"created_by": "RUN a\\nb",', '"created_by": "RUN c",']
    assert layers[0].created_by == "RUN a b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("ENV DB_PASSWORD=hunter2 X=1", "ENV DB_PASSWORD=*** X=1", id="a password"),
        pytest.param('curl -H "Authorization: Bearer abc.def" x', 'curl -H "Authorization: ***" x', id="a header"),
        pytest.param("git clone https://me:pw@example.org/x", "git clone https://***@example.org/x", id="an address"),
        pytest.param("RUN apt-get install -y openssl", "RUN apt-get install -y openssl", id="nothing of the kind"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_command_is_shown_without_what_is_named_like_a_secret(text, shown):
    assert command(text) == shown


def test_a_long_command_takes_little_time():
    started = time.process_time()
    assert len(command("password" * 100_000)) <= 300
    assert len(command("://" * 100_000)) <= 300
    assert time.process_time() - started < 0.5


class TestHostile:
    def test_names_that_lead_out_and_what_is_no_file(self, tmp_path):
        data = layer(
            ("../../etc/passwd", b"x"),
            ("a/../../b", b"x"),
            ("dev/null", DEVICE),
            ("run/pipe", FIFO),
            ("etc/shadow", LINK, "/etc/shadow"),
            ("\x1b[31m", b"x"),
            ("n" * 5000, b"x"),
            ("/".join("d" * 200), b"x"),
        )
        files, skipped, *_ = read(tmp_path, docker([data]))
        assert [path for path, *_ in files] == ["\\x1b[31m"]
        out = "its name leads out of the image, or is too long or too deep"
        assert [why for _, why, _ in skipped] == [
            out,
            out,
            "neither file nor folder",
            "neither file nor folder",
            "symbolic link",
            out,
            out,
        ]

    def test_a_name_twice_in_one_layer_is_a_gap(self, tmp_path):
        files, skipped, *_ = read(tmp_path, docker([layer(("a", b"1"), ("a", b"2"))]))
        assert [data for _, data, *_ in files] == [b"1"]
        assert skipped == [("a", "twice in one layer: only the first was looked at", False)]

    def test_a_large_file_is_a_gap_in_the_tree_and_below(self, tmp_path):
        layers = [layer(("a", b"x" * 5000), ("b", b"y" * 5000)), layer((".wh.a", b""))]
        files, skipped, *_ = read(tmp_path, docker(layers), file_bytes=1000)
        assert not files
        assert skipped == [
            ("a", "larger than 1000 bytes: 4.9 KiB (in layer 1, hidden by a later one)", False),
            ("b", "larger than 1000 bytes: 4.9 KiB", False),
        ]

    def test_a_bomb_is_stopped(self, tmp_path):
        bomb = layout({"linux/amd64": ([layer(("zeros", b"x" * (300 << 20)))], None)}, pack="zstd")
        started = time.process_time()
        with pytest.raises(UnreadableSource, match=r"bomb|unpacks to more"):
            read(tmp_path, bomb, ratio_floor=16 << 20, ratio=100, file_bytes=1 << 30)
        assert time.process_time() - started < 5

    def test_a_gzipped_archive_of_zeros_is_stopped(self, tmp_path):
        bomb = images.PACK["gzip"](packed({"blobs/sha256/" + "0" * 64: b"\0" * (64 << 20), "manifest.json": b"[]"}))
        with pytest.raises(UnreadableSource, match="bomb"):
            read(tmp_path, bomb, ratio=10, ratio_floor=1 << 20)

    def test_a_gzipped_archive_is_not_unpacked_again_for_every_layer(self, tmp_path):
        layers = [layer((f"{n}", b"x")) for n in range(20)]
        told = json.dumps(configuration(layers)).encode()
        names = [f"{digest(data)[7:]}/layer.tar" for data in layers]
        manifest = json.dumps([{"Config": "c.json", "Layers": names}]).encode()
        filler = {"blobs/sha256/" + "0" * 64: b"\0" * (4 << 20)}
        whole = packed(
            {**filler, **dict(zip(names, layers, strict=True)), "c.json": told, "manifest.json": manifest}, "gzip"
        )
        with pytest.raises(UnreadableSource, match="again and again"):
            read(tmp_path, whole, total_bytes=8 << 20)
        assert len(read(tmp_path, whole)[0]) == 20

    def test_names_between_the_parts_of_an_archive_count(self, tmp_path):
        name = tarfile.TarInfo("a" * (1 << 19))
        header = name.tobuf(tarfile.GNU_FORMAT)[:-512]
        parts = packed({"blobs/x": b""})
        with pytest.raises(UnreadableSource, match="bomb"):
            read(tmp_path, images.PACK["gzip"](parts[:512] + header * 20), ratio=10, ratio_floor=1 << 20)

    @pytest.mark.parametrize(
        "names", [["/".join("d" * 90) + f"/{n}" for n in range(2000)], [f"{n}" * 900 for n in range(1000)]]
    )
    def test_names_that_fill_the_memory_are_stopped(self, tmp_path, names):
        with pytest.raises(UnreadableSource, match="the names in the image alone take more than"):
            read(
                tmp_path, docker([layer(*((f"{n}/{name}", b"") for n, name in enumerate(names)))]), names_bytes=1 << 20
            )

    def test_what_an_image_calls_itself_is_cut(self, tmp_path):
        config = configuration([BELOW]) | {"os": "x" * (5 << 20)}
        *_, target = read(tmp_path, docker([BELOW], config=config, names=["n" * (2 << 20)]))
        assert max(map(len, target.values())) <= 200

    def test_too_many_files_and_too_many_layers(self, tmp_path):
        with pytest.raises(UnreadableSource, match="more than 10 files"):
            read(tmp_path, docker([layer(*((f"{n}", b"") for n in range(20)))]), files=10)
        with pytest.raises(UnreadableSource, match="more than 1,000 layers"):
            read(tmp_path, docker([layer(("a", b""))] * 1001))

    def test_an_empty_layer_is_one(self, tmp_path):
        assert read(tmp_path, docker([layer(), BELOW]))[0]

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda files: files.update({"index.json": b"{"}), id="an index that is no JSON"),
            pytest.param(lambda files: files.update({"index.json": b"[" * 100_000}), id="a deep index"),
            pytest.param(lambda files: files.update({"index.json": b'{"manifests": 7}'}), id="an index of nothing"),
            pytest.param(
                lambda files: files.update({"index.json": b'{"manifests": [{"digest": "../../etc/passwd"}]}'}),
                id="a digest that is a path",
            ),
            pytest.param(lambda files: files.update({"index.json": b" " * (9 << 20)}), id="a large index"),
        ],
    )
    def test_documents_that_make_no_sense_are_a_clear_error(self, tmp_path, spoil):
        files = layout({"linux/amd64": ([BELOW], None)})
        spoil(files)
        with pytest.raises(UnreadableSource):
            read(tmp_path, files)

    def test_a_layer_that_is_not_there_or_encrypted_is_a_gap(self, tmp_path):
        files = layout({"linux/amd64": ([BELOW, ABOVE], None)})
        gone = [name for name, data in files.items() if data == images.PACK["gzip"](ABOVE)]
        del files[gone[0]]
        found, skipped, *_ = read(tmp_path, files)
        assert found
        assert skipped[0][1].startswith(f"layer 2 ({digest(ABOVE)}): it is not in the archive")
        assert not skipped[0][2]

    def test_a_layout_is_not_left_through_links(self, tmp_path):
        files = layout({"linux/amd64": ([BELOW], None)})
        blob = next(name for name, data in files.items() if data == images.PACK["gzip"](BELOW))
        path = write(tmp_path, files)
        (tmp_path / "outside").write_bytes(files[blob])
        (path / blob).unlink()
        (path / blob).symlink_to(tmp_path / "outside")
        with image.opened(str(path)) as found:
            gaps = [item.why for item in found.items if isinstance(item, Skipped) and not item.covered]
        assert gaps[0].startswith("layer 1")

    def test_damage_anywhere_is_a_clear_error_or_a_gap(self, tmp_path):
        chance = random.Random(3)
        whole = docker([BELOW, ABOVE])
        for _ in range(150):
            data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
            for _ in range(chance.randrange(8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            (tmp_path / "x").write_bytes(data)
            try:
                with image.opened(str(tmp_path / "x")) as found:
                    list(found.items if found else ())
            except UnreadableSource:
                continue

    def test_no_file_is_unpacked_anywhere(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
        path = write(tmp_path, docker([BELOW, ABOVE], pack="gzip"))
        before = set(tmp_path.iterdir())
        with image.opened(str(path)) as found:
            list(found.items)
        assert set(tmp_path.iterdir()) == before


def test_a_layer_in_several_zstd_frames_is_read_to_its_end(tmp_path):
    half = len(BELOW) // 1024 * 512
    files = layout({"linux/amd64": ([BELOW], None)}, pack="zstd")
    name = next(n for n, data in files.items() if data == zstandard.compress(BELOW))
    files[name] = zstandard.compress(BELOW[:half]) + zstandard.compress(BELOW[half:])
    assert len(read(tmp_path, files)[0]) == 6
