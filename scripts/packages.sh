#!/usr/bin/env bash
# The one list of Debian packages. Usage: scripts/packages.sh build|test|demo|dev|fresh …
# Installs what is missing; silent and without any right when nothing is. Leaves no system service running.
set -euo pipefail

# An entry is a package, or package=command where any program of that name will do.
list_of() {
  case "$1" in
    build)
      echo g++ cmake ninja-build pkg-config libcaf-dev libfyaml-dev libboost1.81-dev libcli11-dev nlohmann-json3-dev \
        libspdlog-dev libfmt-dev zlib1g-dev libzstd-dev libre2-dev libgtest-dev libgmock-dev python3=python3 git=git ca-certificates
      ;;
    demo | test)
      echo redis-server=redis-server nginx-light=nginx nodejs=node python3=python3 curl=curl procps=ps zstd=zstd
      ;;
    fresh) echo debootstrap=debootstrap git=git ;;
    dev) echo clang-format=clang-format clang-tidy=clang-tidy shellcheck=shellcheck ;;
    *)
      sed -n 2p "${BASH_SOURCE[0]}" >&2
      return 2
      ;;
  esac
}

is_present() { # ENTRY
  local package="${1%%=*}" command="${1#*=}"
  if [[ "$1" == *=* ]] && command -v "$command" >/dev/null; then return 0; fi
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]]
}

missing_of() { # ENTRY…
  local entry
  for entry in "$@"; do
    if ! is_present "$entry"; then echo "${entry%%=*}"; fi
  done | sort -u
}

# Debian starts redis and nginx as system services when they are installed. policy-rc.d is how an administrator forbids
# that; an existing one is put back as it was.
policy=/usr/sbin/policy-rc.d
policy_kept=""
forbid_services() {
  if [[ -e "$policy" || -L "$policy" ]]; then
    policy_kept="$(mktemp -u "$policy.XXXXXX")"
    mv "$policy" "$policy_kept"
  fi
  # Armed before the file exists: an interrupt in between must not leave it behind.
  trap allow_services EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
allow_services() {
  rm -f "$policy"
  if [[ -n "$policy_kept" ]]; then mv "$policy_kept" "$policy"; fi
}

install_packages() { # PACKAGE…
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  local log
  log="$(mktemp)"
  echo "installing: $*" >&2
  forbid_services
  if ! { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "packages.sh: apt-get could not install: $*" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# Programs of the system's administrator, such as nginx, are not in every user's PATH.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
if [[ $# -eq 0 ]]; then list_of ""; fi

if [[ "$1" == --install ]]; then
  shift
  install_packages "$@"
  exit
fi

entries=()
for group in "$@"; do
  words="$(list_of "$group")"
  read -ra more <<<"$words"
  entries+=("${more[@]}")
done
missing="$(missing_of "${entries[@]}")"
if [[ -z "$missing" ]]; then exit 0; fi
mapfile -t packages <<<"$missing"

if [[ "$(id -u)" -eq 0 ]]; then
  install_packages "${packages[@]}"
elif command -v sudo >/dev/null; then
  exec sudo -- "$(readlink -f "${BASH_SOURCE[0]}")" --install "${packages[@]}"
else
  echo "packages.sh: missing, and neither root nor sudo to install them: ${packages[*]}" >&2
  exit 1
fi
