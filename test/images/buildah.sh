#!/usr/bin/env bash
# buildah on the store that the scripts beside it fill, for example: buildah.sh images. Its build is the one of build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=store.sh
. "$(dirname "$0")/store.sh"

if [[ ${1:-} == build ]]; then "$@"; else store "$@"; fi
