"""What an image's documents say: which layers it has, from what command each, for which platform, and on what base."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import Skipped
from vallum_engine.model.layer import Layer, command
from vallum_engine.model.text import printable
from vallum_engine.sources.image import boundary, shown
from vallum_engine.sources.image.store import Store, document
from vallum_engine.values import immutable, replace

MOST_LAYERS = 1000
"""Docker stops at 127."""

DEFAULT_PLATFORM = "linux/amd64"
_MOST_IMAGES = 1000
_DEEPEST_INDEX = 3
_DIGEST = re.compile(r"(?=[^:]{1,40}:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,128}")
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@immutable
class Ref:
    """A layer, and the part that holds it; `missing` says why nothing does."""

    layer: Layer
    blob: str
    missing: str = ""


@immutable
class Plan:
    """What there is to read of one image."""

    layers: tuple[Ref, ...]
    """From the lowest."""
    target: Mapping[str, str]
    shown: bytes
    """The configuration as it is scanned: environment, labels, commands, history."""
    notes: tuple[Skipped, ...]
    """What of the archive is not looked at."""


@immutable
class _Chosen:
    name: str
    config: str
    blobs: Sequence[str]
    kinds: Sequence[str]
    notes: tuple[Skipped, ...]
    platform: str = ""
    """What the index says of it; empty where it says nothing."""


def read(store: Store, platform: str) -> Plan:
    """`platform` is the one asked for; empty for the usual one, else the first.

    Raises UnreadableSource where a document is missing, damaged, or no document of an image, and where there is no image for
    the platform that is asked for.
    """
    chosen = _of_layout(store, platform) if store.has("oci-layout") and store.has("index.json") else _of_docker(store)
    if len(chosen.blobs) > MOST_LAYERS:
        raise UnreadableSource(f"the image has more than {MOST_LAYERS:,} layers.")
    raw = document(store, chosen.config)
    config = _object(raw, chosen.config)
    own = chosen.platform or _platform(config)
    if platform and _likeness(own, platform) is None:
        raise _none_for(platform, [own])
    text, lines = shown.configuration(config)
    layers = _layers(config, len(chosen.blobs), lines)
    refs = tuple(
        Ref(layer=layer, blob=blob, missing=_missing(store, blob, kind))
        for layer, blob, kind in zip(layers, chosen.blobs, chosen.kinds, strict=True)
    )
    target = {
        "image": _short(chosen.name),
        "platform": _platform(config),
        "digest": f"sha256:{sha256(raw).hexdigest()}",
        "base": boundary.base_name(config),
    }
    return Plan(
        layers=refs,
        target={key: value for key, value in target.items() if value},
        shown=text,
        notes=chosen.notes,
    )


def _of_docker(store: Store) -> _Chosen:
    images = _document(store, "manifest.json")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        raise UnreadableSource("manifest.json of the archive lists no image: write it again with `docker save`.")
    first = images[0]
    names = [str(name) for name in _list(first.get("RepoTags"))]
    blobs = [str(name).removeprefix("./") for name in _list(first.get("Layers"))]
    others = [
        ", ".join(map(str, _list(_dict(image).get("RepoTags")))) or "one without a name"
        for image in images[1:_MOST_IMAGES]
    ]
    return _Chosen(
        name=names[0] if names else "",
        config=str(first.get("Config", "")).removeprefix("./"),
        blobs=blobs,
        kinds=[""] * len(blobs),
        notes=tuple(Skipped("", f"another image of the archive is not looked at: {_short(name)}") for name in others),
    )


def _of_layout(store: Store, platform: str) -> _Chosen:
    manifests = list(_manifests(store, _dict(_document(store, "index.json")), _DEEPEST_INDEX))
    if not manifests:
        raise UnreadableSource("index.json of the layout names no image.")
    found = _chosen(manifests, platform)
    manifest = _dict(_document(store, _blob(found.get("digest"))))
    layers = [_dict(layer) for layer in _list(manifest.get("layers"))]
    annotations = _dict(found.get("annotations"))
    others = sorted({_told(each) for each in manifests if each is not found})
    why = f"not looked at: the image for {_short(', '.join(others))}. This is that for {_told(found)}"
    return _Chosen(
        name=next((str(annotations[key]) for key in _NAMES if annotations.get(key)), ""),
        config=_blob(_dict(manifest.get("config")).get("digest")),
        blobs=[_blob(layer.get("digest")) for layer in layers],
        kinds=[str(layer.get("mediaType", "")) for layer in layers],
        notes=(Skipped("", why, covered=True),) if others else (),
        platform=_platform(_dict(found.get("platform"))),
    )


def _manifests(store: Store, index: Mapping[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The descriptors of images, those in an index of an index too; attestations are none."""
    for count, found in enumerate(_list(index.get("manifests"))):
        descriptor = _dict(found)
        if count >= _MOST_IMAGES:
            raise UnreadableSource(f"the image's index names more than {_MOST_IMAGES:,} images.")
        if _dict(descriptor.get("annotations")).get("vnd.docker.reference.type"):
            continue
        kind = str(descriptor.get("mediaType", ""))
        if "index" not in kind and "manifest.list" not in kind:
            if store.has(_blob(descriptor.get("digest"))):
                yield descriptor
        elif depth:
            inner = _dict(_document(store, _blob(descriptor.get("digest"))))
            own = _dict(descriptor.get("annotations"))
            for each in _manifests(store, inner, depth - 1):
                yield {**each, "annotations": {**own, **_dict(each.get("annotations"))}}


def _chosen(manifests: Sequence[dict[str, Any]], platform: str) -> dict[str, Any]:
    """The image for a platform; of one that does not say which it is for, its configuration will tell."""
    told = [_platform(_dict(each.get("platform"))) for each in manifests]
    likenesses = [_likeness(own, platform or DEFAULT_PLATFORM) for own in told]
    best = min((each for each in likenesses if each is not None), default=None)
    if best is None and platform:
        raise _none_for(platform, told)
    return manifests[0 if best is None else likenesses.index(best)]


def _likeness(told: str, platform: str) -> int | None:
    """How well an image's platform answers one that is asked for, 0 the best; None where it does not.

    `linux/arm64` asks for any variant of it, `linux/arm/v7` for that one, or one that says no variant.
    """
    if told == platform:
        return 0
    if told.startswith(f"{platform}/"):
        return 1
    if not told:
        return 3
    return 2 if platform.startswith(f"{told}/") and "/" in told else None


def _none_for(platform: str, told: Sequence[str]) -> UnreadableSource:
    return UnreadableSource(
        f"there is no image for {_short(platform)} here, but for {_short(', '.join(sorted(set(told))))}."
    )


def _told(descriptor: Mapping[str, Any]) -> str:
    return _platform(_dict(descriptor.get("platform"))) or "a platform without a name"


def _platform(told: Mapping[str, Any]) -> str:
    parts = (str(told.get(key) or "") for key in ("os", "architecture", "variant"))
    return _short("/".join(part for part in parts if part))


def _layers(config: Mapping[str, Any], count: int, lines: Sequence[int]) -> list[Layer]:
    """The layers with their digests and commands; a history that tells of another number of layers tells nothing."""
    digests = [str(each) for each in _list(_dict(config.get("rootfs")).get("diff_ids"))]
    digests = [digest if _DIGEST.fullmatch(digest) else "" for digest in digests]
    history = [_dict(step) for step in _list(config.get("history"))]
    made = [(step, line) for step, line in zip(history, lines, strict=False) if not step.get("empty_layer")]
    layers = [
        Layer(
            number=number + 1,
            digest=digests[number] if len(digests) == count else "",
            created_by=command(made[number][0].get("created_by")) if len(made) == count else "",
            line=made[number][1] if len(made) == count else 0,
        )
        for number in range(count)
    ]
    below = boundary.base_layers(config, [layer.digest for layer in layers], history, count)
    return [replace(layer, base=layer.number <= below) for layer in layers]


def _missing(store: Store, blob: str, kind: str) -> str:
    if "encrypted" in kind:
        return "it is encrypted"
    if not blob or not store.has(blob):
        return (
            "it is not in the archive (one that its publisher forbids to hand on, or a part of the archive is missing)"
        )
    return ""


def _blob(digest: object) -> str:
    text = str(digest or "")
    return "blobs/" + text.replace(":", "/", 1) if _DIGEST.fullmatch(text) else ""


def _document(store: Store, name: str) -> Any:
    return _parsed(document(store, name), name)


def _object(raw: bytes, name: str) -> dict[str, Any]:
    return _dict(_parsed(raw, name))


def _parsed(raw: bytes, name: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableSource(f"{printable(name)} of the image is no JSON: fetch the image again.") from error


def _short(text: str) -> str:
    return printable(text if len(text) <= 200 else text[:199] + "…")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
