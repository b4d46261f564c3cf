#!/bin/sh
# One measured claim beside its peer, in one run: bench/run.sh NAME. The peers are installed into a folder of their own, and so is
# Vallum, as people install it: from its distributions, with byte code, for the interpreter that the machine's own distribution built, or BENCH_PYTHON.
set -eu
cd "$(dirname "$0")/.."
name="${1:-}"
if [ ! -f "bench/$name/run.py" ]; then
  echo "Say which: make bench B=NAME, NAME one of: $(cd bench && ls -d */ | tr -d / | tr '\n' ' ')" >&2
  exit 2
fi
uv=.vallum/tools/bin/uv
peers=.vallum/peers
if [ ! -f "$peers/.stamp" ] || [ bench/requirements.lock -nt "$peers/.stamp" ]; then
  "$uv" venv --quiet --clear --python .venv/bin/python "$peers"
  VIRTUAL_ENV="$PWD/$peers" "$uv" pip sync --quiet --require-hashes bench/requirements.lock
  touch "$peers/.stamp"
fi
ours=.vallum/installed
built=/usr/bin/python3
"$built" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || built=.venv/bin/python
python="${BENCH_PYTHON:-$built}"
if [ ! -f "$ours/.stamp" ] || [ requirements.lock -nt "$ours/.stamp" ] || [ "$(cat "$ours/.stamp")" != "$python" ]; then
  "$uv" venv --quiet --clear --python "$python" "$ours"
  VIRTUAL_ENV="$PWD/$ours" "$uv" pip sync --quiet --compile-bytecode --require-hashes requirements.lock
  echo "$python" >"$ours/.stamp"
fi
VIRTUAL_ENV="$PWD/$ours" "$uv" pip install --quiet --no-deps --no-build-isolation --compile-bytecode --reinstall ./engine ./guard ./client ./web
shift
echo "Vallum with $("$ours/bin/python" --version) of $python"
exec env PYTHONPATH=. .venv/bin/python -m "bench.$name.run" "$@"
