"""A container image as a source: `docker save` archives and OCI layouts, their layers as one tree, nothing unpacked to a disk.

The image specification: https://github.com/opencontainers/image-spec. Docker's archive has `manifest.json` beside it.
"""

import contextlib
from collections.abc import Iterator, Mapping

from vallum_engine.errors import UnreadableSource
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.layer import CONFIG_PATH, Layer
from vallum_engine.model.text import printable
from vallum_engine.sources.image import manifest, store
from vallum_engine.sources.image.manifest import Plan
from vallum_engine.sources.image.view import View
from vallum_engine.sources.limits import ImageLimits
from vallum_engine.sources.streams import DAMAGE
from vallum_engine.values import immutable

DEFAULT_LIMITS = ImageLimits()


@immutable
class Image:
    """An open image: what is known of it, and its files, to be read once."""

    target: Mapping[str, str]
    """`image` (its name, where it has one), `platform`, `digest` (of its configuration), `base` (the base image's name)."""
    items: Iterator[File | Skipped | Layer]
    """Its layers, then their files."""


@contextlib.contextmanager
def opened(path: str, *, limits: ImageLimits = DEFAULT_LIMITS, platform: str = "") -> Iterator[Image | None]:
    """The image at `path`, a file or a folder; None for what is no image.

    Of an image for several platforms the one asked for; where none is, that for linux/amd64, else the first: `target` says
    which. Raises UnreadableSource for an image that is damaged, too large, or not there for that platform; `items` raises
    it where a layer is damaged.
    """
    with contextlib.ExitStack() as held:
        try:
            found = store.opened(path, limits, held)
            plan = manifest.read(found, platform) if found else None
        except DAMAGE as error:
            raise UnreadableSource(f"{printable(path)} is damaged or cut off ({error}): fetch it again.") from error
        except OSError as error:
            raise UnreadableSource(f"{printable(path)} cannot be read: {error.strerror or error}.") from error
        if found is None or plan is None:
            yield None
            return
        yield Image(target=plan.target, items=_items(found, plan, limits))


def _items(found: store.Store, plan: Plan, limits: ImageLimits) -> Iterator[File | Skipped | Layer]:
    yield from (each.layer for each in plan.layers)
    yield from plan.notes
    yield File(CONFIG_PATH, plan.shown)
    view = View(limits, found.size)
    for each in reversed(plan.layers):
        if each.missing:
            yield Skipped("", f"layer {each.layer.number} ({each.layer.name}): {each.missing}")
            continue
        try:
            yield from view.layer(each.layer, lambda name=each.blob: found.open(name))  # type: ignore[misc]  # a default binds the name
        except DAMAGE as error:
            raise UnreadableSource(
                f"layer {each.layer.number} is damaged or cut off ({error}): fetch the image again."
            ) from error
        except OSError as error:
            raise UnreadableSource(f"layer {each.layer.number} cannot be read: {error.strerror or error}.") from error
