#!/bin/sh
# The image's first process. A root that got in by an option of the engine is not what this image promises.
set -eu
if [ "$(id -u)" -eq 0 ]; then
  echo "vallum: this image does not run as root. Leave out --user, or name another user than 0; the state volume belongs to 10001." >&2
  exit 1
fi
exec vallum-web "$@"
