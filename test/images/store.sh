# shellcheck shell=bash
# Sourced by the scripts beside it: an image store of their own, outside the checkout, and what they need to fill it.

cache=${BERTH_IMAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/berth/images}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
base=$(sed -n 's/^ARG BASE=//p' "$checkout/Dockerfile")

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# The driver is named because buildah's own choice may be the much slower vfs. It would also leave its folder mounted on
# itself, so that the cache could not be deleted.
store() {
  buildah --root "$cache/root" --runroot "$cache/run" --storage-driver overlay \
    --storage-opt overlay.skip_mount_home=true "$@"
}

# build OPTION...: buildah's build, without asking a registry. npm in the build stage reaches its own as npm on this machine
# does: same address, same certificate authorities.
build() {
  local authorities=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} registry
  [[ -e $authorities ]] || fail "found no $authorities: install ca-certificates"
  registry=$(npm config get registry)
  printf '%s\n' "registry=$registry" 'cafile=/run/authorities.crt' >"$cache/npmrc"
  store build --isolation chroot --network host --force-rm --pull-never \
    --volume "$authorities:/run/authorities.crt:ro" --volume "$cache/npmrc:/usr/local/etc/npmrc:ro" "$@"
}

# install COMMAND...: each is a Debian package of the same name.
install() {
  local missing=() command
  for command; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  command -v apt-get >/dev/null || fail "needs ${missing[*]}"
  apt-get update -qq
  apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null || fail "cannot install ${missing[*]}"
}

[[ $(id -u) -eq 0 ]] || fail 'must run as root: it mounts file systems'
[[ -n $base ]] || fail 'found no "ARG BASE=" in the Dockerfile'
