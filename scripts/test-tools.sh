#!/usr/bin/env bash
# Install what some tests use besides Python packages: a software token and an ssh-agent. Without them
# those tests are skipped, and say so. On other systems than Debian, install the same by other means.
set -eu

missing=()
command -v softhsm2-util >/dev/null || missing+=(softhsm2)
command -v ssh-agent >/dev/null || missing+=(openssh-client)
command -v openssl >/dev/null || missing+=(openssl)
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed, their tests will be skipped: ${missing[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends "${missing[@]}" >/dev/null; } ||
    echo "could not be installed, their tests will be skipped: ${missing[*]}" >&2
