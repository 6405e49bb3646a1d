#!/usr/bin/env bash
# Puts the Dockerfile's base image into the store: pulled where a registry can be reached, else a stand-in of the same
# name, made of Debian packages, the checkout's Node and npm.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=store.sh
. "$(dirname "$0")/store.sh"

install buildah runc
if store inspect --type image "$base" >/dev/null 2>&1; then exit; fi
if store pull --quiet "$base"; then exit; fi

echo "cannot pull $base: building a stand-in"
install mmdebstrap
version=${base##*:}
version=${version%%-*}
packages=("$checkout"/node_modules/node-linux-*)
node=${packages[0]}/bin/node
[[ -x $node ]] || fail 'found no Node in node_modules: run npm ci'
[[ $("$node" --version) == "v$version" ]] || fail "wants Node $version, found $("$node" --version) in node_modules"

# The machine's own sources, for it may have a mirror; where they are another release's, mmdebstrap's own choice.
mapfile -t sources < <(grep -lsE 'bookworm(-updates|-security| main)' /etc/apt/sources.list{,.d/*.list,.d/*.sources})

container=$(store from scratch)
trap 'store rm "$container" >/dev/null' EXIT
root=$(store mount "$container")

# As the official slim image: no documents but the licences, no translations, and the library that Node links to.
# Without a merged /usr from the start, Debian's usrmerge would bring Perl to make it one.
mmdebstrap --quiet --variant=minbase --include=libatomic1,usr-is-merged \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
  bookworm "$root" "${sources[@]}" 2>"$cache/base.log" || fail "$(tail -n 40 "$cache/base.log")"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
chroot "$root" groupadd --gid 1000 node
chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node
cp "$node" "$root/usr/local/bin/node"
cp "${packages[0]}/LICENSE" "$root/usr/local/LICENSE"
PATH=${node%/*}:$PATH npm install --silent --global --prefix "$root/usr/local" npm@11

store config --cmd node --env "NODE_VERSION=$version" --label dev.berth.stand-in=true "$container"
store commit --quiet --format docker "$container" "$base" >/dev/null
