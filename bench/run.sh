#!/bin/sh
# One measured claim beside its peer, in one run: bench/run.sh NAME. The peers are installed into a folder of their own.
set -eu
cd "$(dirname "$0")/.."
name="${1:-}"
if [ ! -f "bench/$name/run.py" ]; then
  echo "Say which: make bench B=NAME, NAME one of: $(cd bench && ls -d */ | tr -d / | tr '\n' ' ')" >&2
  exit 2
fi
peers=.vallum/peers
if [ ! -f "$peers/.stamp" ] || [ bench/requirements.lock -nt "$peers/.stamp" ]; then
  .vallum/tools/bin/uv venv --quiet --clear --python .venv/bin/python "$peers"
  VIRTUAL_ENV="$PWD/$peers" .vallum/tools/bin/uv pip sync --quiet --require-hashes bench/requirements.lock
  touch "$peers/.stamp"
fi
shift
exec env PYTHONPATH=. .venv/bin/python -m "bench.$name.run" "$@"
