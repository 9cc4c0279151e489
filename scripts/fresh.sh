#!/usr/bin/env bash
# Runs the two commands of the README as a new user would: in a bare Debian 12 with today's packages and no compiler
# cache. As root. Usage: scripts/fresh.sh [--demo|--tests] [--root DIRECTORY]
#   --demo, --tests    only one of the two
#   --root DIRECTORY   keep the Debian there; one that an earlier run left is brought up to date and used again
# What is committed is tried. debootstrap makes the Debian from the mirror that apt is set to, its updates and security
# updates included. Everything runs in namespaces of its own: processes and mounts end with this script.
set -euo pipefail
called_in="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=bookworm
here=/root/alder # in the new root

fail() {
  printf 'fresh: %s\n' "$*" >&2
  exit 1
}
say() { printf '\n## %s\n' "$*"; }
usage() {
  sed -n '2,/^set/{/^#/p}' scripts/fresh.sh >&2
  exit 2
}

# The sources of apt that are of this suite, one a line: URI RELEASE COMPONENT. apt has read all formats of them.
apt_sources() {
  # shellcheck disable=SC2016 # apt fills them in; a release called `stable` only where it knows today's lists
  local fields='$(REPO_URI) $(RELEASE) $(COMPONENT) $(CODENAME)' option
  for option in "" --no-release-info; do
    apt-get indextargets ${option:+"$option"} --format "$fields" 'Created-By: Packages'
  done |
    awk -v suite="$suite" '{ name = $4 ~ /^[a-z]/ ? $4 : $2 } name ~ "^" suite "(-updates|-security)?$" { print $1, name, $3 }' |
    sort -u
}
setting() { # NAME OF APT
  local value=""
  eval "$(apt-config shell value "$1")"
  printf '%s' "$value"
}
# The proxy that apt uses for this URI, if any.
proxy_for() { # URI
  local scheme="${1%%:*}" detect found
  found="$(setting "Acquire::$scheme::Proxy")"
  detect="$(setting "Acquire::$scheme::Proxy-Auto-Detect")"
  if [[ -z "$found" && -n "$detect" ]]; then found="$("$detect" "$1")"; fi
  if [[ "$found" != DIRECT ]]; then printf '%s' "$found"; fi
}

# How the new root reaches the mirror: whatever this machine's apt needs for that. It never leaves that root.
carry_apt_over() {
  local conf="$root/etc/apt" uri name component proxy file
  rm -f "$conf/sources.list"
  while read -r uri name component; do
    printf 'deb %s %s %s\n' "$uri" "$name" "$component" >>"$conf/sources.list"
  done <"$scratch/sources"
  (
    umask 077
    apt-config dump | grep -E '^Acquire::' |
      grep -vE '^Acquire::(IndexTargets|Changelogs|[a-z]+::(Proxy-Auto-Detect|ProxyAutoDetect|CAInfo))' \
        >"$conf/apt.conf.d/00machine" || true
    proxy="$(proxy_for "$mirror")"
    if [[ -n "$proxy" ]]; then printf 'Acquire::%s::Proxy "%s";\n' "${mirror%%:*}" "$proxy" >>"$conf/apt.conf.d/00machine"; fi
    if [[ "$mirror" == https:* ]]; then # a bare root knows no certificates
      file="$(setting Acquire::https::CAInfo)"
      cp "${file:-/etc/ssl/certs/ca-certificates.crt}" "$conf/machine-certificates.crt"
      printf 'Acquire::https::CAInfo "/etc/apt/machine-certificates.crt";\n' >>"$conf/apt.conf.d/00machine"
    fi
    for file in /etc/apt/auth.conf /etc/apt/auth.conf.d/*; do
      if [[ -f "$file" ]]; then cp "$file" "$conf/auth.conf.d/"; fi
    done
  )
  # apt reads the files as a user of its own.
  if [[ -e "$conf/machine-certificates.crt" ]]; then chmod 644 "$conf/machine-certificates.crt"; fi
  for file in /etc/apt/trusted.gpg.d/* $(grep -hsoE '(^Signed-By:|signed-by=) */[^] ]+' -r /etc/apt/sources.list* | sed 's/^[^/]*//'); do
    if [[ -f "$file" ]]; then install -m 644 "$file" "$conf/trusted.gpg.d/"; fi
  done
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

make_root() {
  local proxy
  if [[ -e "$root/etc/alder-fresh" ]]; then
    say "Using the Debian in $root again"
    return
  fi
  say "Making a bare Debian ($suite) from $mirror"
  if [[ -n "$(ls -A "$root")" ]]; then fail "$root is not empty, and no Debian that this script made"; fi
  proxy="$(proxy_for "$mirror")"
  if [[ -n "$proxy" ]]; then export http_proxy="$proxy" https_proxy="$proxy"; fi
  if ! debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$scratch/log" 2>&1; then
    tail -n 20 "$scratch/log" >&2
    fail "debootstrap could not make a Debian from $mirror"
  fi
  echo "made by scripts/fresh.sh of Alder" >"$root/etc/alder-fresh"
}

# Runs a command in the new root, with an environment that has nothing of this machine but how the network is reached.
inside() { # COMMAND…
  local kept=() name
  for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [[ -n "${!name:-}" ]]; then kept+=("$name=${!name}"); fi
  done
  env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${kept[@]}" \
    chroot "$root" "$@"
}

# shellcheck disable=SC2016 # dpkg-query fills them in
packages_of() { "$@" dpkg-query -W -f='${db:Status-Status} ${Package}=${Version}\n' | sed -n 's/^installed //p' | sort; }

update_root() {
  say "Bringing it up to date"
  if ! { inside apt-get update -o APT::Update::Error-Mode=any &&
    inside env DEBIAN_FRONTEND=noninteractive apt-get dist-upgrade -y --no-install-recommends; } >"$scratch/log" 2>&1 </dev/null; then
    tail -n 20 "$scratch/log" >&2
    fail "apt-get could not update the new root"
  fi
}

# What came with the README's commands, and what this machine has instead where that differs.
print_packages() {
  say "What they installed: package=version, and what this machine has where it is another version"
  packages_of inside | comm -13 "$scratch/bare" - | while IFS='=' read -r package version; do
    local ours
    ours="$(sed -n "s/^$package=//p" "$scratch/ours")"
    if [[ -z "$ours" || "$ours" == "$version" ]]; then ours=""; else ours="   (here $ours)"; fi
    printf '%s=%s%s\n' "$package" "$version" "$ours"
  done
}

# Runs one of the README's commands, and notes how it went.
try_command() { # SCRIPT
  local began=$SECONDS status=0 word=ok
  say "scripts/$1 in a bare Debian"
  inside sh -c "cd $here && exec scripts/$1" </dev/null || status=$?
  if [[ $status -ne 0 ]]; then word="FAILED ($status)"; fi
  printf 'fresh: scripts/%s: %s, %d s\n' "$1" "$word" $((SECONDS - began)) >>"$scratch/outcome"
  return "$status"
}

# All that happens in namespaces of its own, as their first process.
work() { # ROOT SCRATCH SCRIPT…
  root="$1" scratch="$2"
  shift 2
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mirror="$(awk -v suite="$suite" '$2 == suite { print $1; exit }' "$scratch/sources")"
  make_root
  carry_apt_over
  mount -t proc proc "$root/proc" # and nothing else: neither /sys nor pseudo-terminals
  update_root
  packages_of inside >"$scratch/bare"
  packages_of env >"$scratch/ours"
  rm -rf "${root:?}$here"
  git -c advice.detachedHead=false clone --quiet "$scratch/alder.bundle" "$root$here"

  local script failed=0
  : >"$scratch/outcome"
  for script in "$@"; do try_command "$script" || failed=1; done
  print_packages
  say "Outcome"
  cat "$scratch/outcome"
  return "$failed"
}

if [[ "${1:-}" == --work ]]; then
  shift
  work "$@"
  exit
fi

scripts=(demo.sh test.sh) root="" worker="" arguments=("$@")
while [[ $# -gt 0 ]]; do
  case "$1" in
    --demo) scripts=(demo.sh) ;;
    --tests) scripts=(test.sh) ;;
    --root)
      if [[ $# -lt 2 ]]; then usage; fi
      root="$2"
      shift
      ;;
    *) usage ;;
  esac
  shift
done
if [[ "$(id -u)" -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then fail "only root can make a Debian, and there is no sudo"; fi
  cd "$called_in"
  exec sudo -- "$OLDPWD/scripts/fresh.sh" "${arguments[@]}"
fi
scripts/packages.sh fresh

cleanup() {
  local status=$?
  trap - EXIT INT TERM
  set +e
  if [[ -n "$worker" ]]; then # the first process of the namespaces takes all others with it
    xargs -r kill -KILL <"/proc/$worker/task/$worker/children" 2>/dev/null
    wait "$worker" 2>/dev/null
  fi
  rm -rf --one-file-system "$scratch"
  exit "$status"
}
scratch="$(mktemp -d "${TMPDIR:-/tmp}/alder-fresh.XXXXXX")"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
if [[ -z "$root" ]]; then root="$scratch/root"; fi
if [[ "$root" != /* ]]; then root="$called_in/$root"; fi
mkdir -p "$root"
chmod 755 "$root"

apt_sources >"$scratch/sources"
for release in "$suite" "$suite-updates" "$suite-security"; do
  if ! grep -q " $release " "$scratch/sources"; then
    if [[ "$release" == "$suite" ]]; then fail "apt is set to no mirror of Debian $suite: see 'apt-get indextargets'"; fi
    echo "fresh: notice: apt is set to no $release, so its packages are not tried"
  fi
done
commit() { git -c safe.directory='*' "$@"; } # sudo: the files may be another user's
if [[ -n "$(commit status --porcelain)" ]]; then echo "fresh: notice: what is not committed is not tried"; fi
commit bundle create --quiet "$scratch/alder.bundle" HEAD

# In the background, so that a signal ends it at once; there bash would have it ignore Ctrl-C.
setpriv --pdeathsig KILL env --default-signal=INT,QUIT \
  unshare --mount --pid --fork --kill-child bash scripts/fresh.sh --work "$root" "$scratch" "${scripts[@]}" </dev/null &
worker=$!
status=0
wait "$worker" || status=$?
worker=""
[[ $status -eq 0 ]]
