#!/bin/sh
# Makes .venv exactly what requirements.lock says, with uv from a private folder: nothing outside this tree is touched.
set -eu
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9
tools=.vallum/tools

# VALLUM_PYTHON names another interpreter than the first on PATH.
python=""
for name in ${VALLUM_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python="$(command -v "$name")"
    break
  fi
done
if [ -z "$python" ]; then
  echo "vallum: no Python 3.11 or newer on PATH. Install one (Debian: apt-get install python3 python3-venv) and run again." >&2
  exit 1
fi

if ! "$tools/bin/uv" --version 2>/dev/null | grep -q " $UV_VERSION"; then
  echo "vallum: fetching uv $UV_VERSION into $tools"
  rm -rf "$tools"
  mkdir -p "$tools"
  if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore --target "$tools" "uv==$UV_VERSION"
  elif "$python" -m venv "$tools/pip" >/dev/null 2>&1; then
    "$tools/pip/bin/python" -m pip install --quiet --disable-pip-version-check --target "$tools" "uv==$UV_VERSION"
  else
    echo "vallum: $python has neither pip nor ensurepip. Install one (Debian: apt-get install python3-venv) and run again." >&2
    exit 1
  fi
fi
uv="$tools/bin/uv"

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  rm -rf .venv
  "$uv" venv --quiet --python "$python" .venv
fi
export VIRTUAL_ENV="$PWD/.venv"
# The lock holds every third-party distribution with its hash; ours are linked in from the tree.
"$uv" pip sync --quiet --require-hashes requirements.lock
"$uv" pip install --quiet --no-deps --no-build-isolation --editable engine --editable guard --editable client --editable web
.venv/bin/python -m compileall -q -j 0 engine/src guard/src client/src web/src
