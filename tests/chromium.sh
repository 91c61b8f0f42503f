#!/bin/sh
# Prints where Chromium is, for the tests of the page; installs it where apt-get can.
set -eu

find_chromium() {
    for name in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}

find_chromium && exit
if command -v apt-get >/dev/null; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    echo "make test: installing Chromium" >&2
    {
        $as_root apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium
    } </dev/null >&2 || true
fi
find_chromium && exit
echo "make test: the tests of the page need Chromium: install it, or name its program with CHROMIUM=PATH" >&2
exit 2
