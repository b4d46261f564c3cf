#!/bin/sh
# Writes requirements.lock: every platform, every hash, no index line, so that it works behind any mirror.
set -eu
cd "$(dirname "$0")/.."
own="--no-emit-package vallum --no-emit-package vallum-engine --no-emit-package vallum-guard --no-emit-package vallum-web"
sources="$(mktemp -d)"
trap 'rm -rf "$sources"' EXIT
# shellcheck disable=SC2086  # a list of flags
compile() { ${UV:-uv} pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --find-links "$sources" $own "$@"; }
compile engine/pyproject.toml guard/pyproject.toml client/pyproject.toml web/pyproject.toml --group pyproject.toml:dev -o requirements.lock
compile --group pyproject.toml:bench -o bench/requirements.lock
