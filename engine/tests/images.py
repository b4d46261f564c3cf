"""Container images, made for tests: layers as tar files, in `docker save`'s archive and in OCI layouts."""

import gzip
import io
import json
import tarfile
from hashlib import sha256

import zstandard

PACK = {"": lambda data: data, "gzip": lambda data: gzip.compress(data, mtime=0), "zstd": zstandard.compress}
FOLDER, LINK, HARD, DEVICE, FIFO = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE


def layer(*entries):
    """A tar of (name, content) or (name, type, target); one name may stand there twice."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content, *target in entries:
            info = tarfile.TarInfo(name)
            if len(content) == 1 and target:
                info.type, info.linkname = content, target[0]
                tar.addfile(info)
            elif content in (FOLDER, DEVICE, FIFO):
                info.type = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def configuration(layers, history=None, **config):
    """An image's configuration. `history` has a command for each layer, and None before what makes none."""
    steps = history or [{"created_by": f"RUN step {n}"} for n in range(1, len(layers) + 1)]
    return {
        "os": "linux",
        "architecture": "amd64",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]},
        "history": steps,
    }


def digest(data):
    return f"sha256:{sha256(data).hexdigest()}"


def packed(files, pack=""):
    """A tar of files by name."""
    return PACK[pack](layer(*files.items()))


def docker(layers, *, pack="", config=None, names=("shop:1.0",)):
    """As `docker save` wrote it until version 24."""
    told = json.dumps(config or configuration(layers)).encode()
    files = {f"{digest(data)[7:]}/layer.tar": data for data in layers}
    name = f"{digest(told)[7:]}.json"
    manifest = [
        {"Config": name, "RepoTags": list(names), "Layers": [f"{digest(data)[7:]}/layer.tar" for data in layers]}
    ]
    return packed({**files, name: told, "manifest.json": json.dumps(manifest).encode()}, pack)


def layout(images, *, pack="gzip", nested=False):
    """An OCI layout's files by name: an image for each platform, from (layers, configuration or None)."""
    files, manifests = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}, []
    for platform, (layers, config) in images.items():
        told = json.dumps(config or configuration(layers)).encode()
        packing = [PACK[pack](data) for data in layers]
        kinds = "application/vnd.oci.image.layer.v1.tar" + (f"+{pack}" if pack else "")
        manifest = json.dumps(
            {
                "config": {"digest": put(files, told)},
                "layers": [{"mediaType": kinds, "digest": put(files, data)} for data in packing],
            }
        ).encode()
        system, _, machine = platform.partition("/")
        manifests.append(
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": put(files, manifest),
                "platform": {"os": system, "architecture": machine},
            }
        )
    if nested:
        inner = json.dumps({"manifests": manifests}).encode()
        kind = "application/vnd.oci.image.index.v1+json"
        named = {"org.opencontainers.image.ref.name": "shop:2.0"}
        manifests = [{"mediaType": kind, "digest": put(files, inner), "annotations": named}]
    files["index.json"] = json.dumps({"manifests": manifests}).encode()
    return files


def of_two_platforms():
    """A layout for linux/arm64 and linux/amd64, each with a package that tells it from the other."""
    images = {}
    for machine in ("arm64", "amd64"):
        lock = {"packages": {"": {}, "node_modules/x": {"name": f"on-{machine}", "version": "1.0.0"}}}
        layers = [layer(("srv/package-lock.json", json.dumps(lock).encode()))]
        images[f"linux/{machine}"] = (layers, {**configuration(layers), "architecture": machine})
    return layout(images)


def put(files, data):
    name = digest(data)
    files[f"blobs/sha256/{name[7:]}"] = data
    return name
