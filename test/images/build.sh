#!/usr/bin/env bash
# Builds the Dockerfile without a Docker engine and prints what the image weighs. A second run reuses what is unchanged.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=store.sh
. "$(dirname "$0")/store.sh"

"$(dirname "$0")/build-base.sh"
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$checkout/package.json")
[[ -n $version ]] || fail 'found no version in package.json'
image=localhost/berth-server:$version

log=$cache/build.log
echo "building $image, log in $log"
build --format docker --layers --build-arg "VERSION=$version" --tag "$image" "$checkout" >"$log" 2>&1 ||
  fail "$(tail -n 40 "$log")"

# The sizes stand in the manifest: first its configuration, then the layers from the lowest up.
store inspect --type image --format '{{.Manifest}}' "$image" | grep -o '"size":[0-9]*' | tail -n +2 | cut -d: -f2 |
  awk '{ printf "%s%.1f", (NR > 1 ? " + " : ""), $1 / 1e6; sum += $1 }
    END { printf " = %.0f MB uncompressed\n", sum / 1e6 }'
