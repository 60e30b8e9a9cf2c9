# shellcheck shell=bash disable=SC2154
# How .ci/run runs its steps, and gets the tools for them. Sourced; $whole says whether
# every step must run.

failed=() skipped=()

step() { # NAME COMMAND...: runs a step and remembers that it failed
  local name=$1 start=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    printf '== %s: ok (%ds)\n' "$name" $((SECONDS - start))
  else
    printf '== %s: FAILED (%ds)\n' "$name" $((SECONDS - start))
    failed+=("$name")
  fi
}

skip() { # NAME WHY: says that a step is left out, here and at the end
  printf '\n== %s: skipped: %s\n' "$1" "$2"
  skipped+=("$1: $2")
}

# Tools that a new machine has not, and the Debian package of each.
declare -A package=([chromium]=chromium [systemd-analyze]=systemd [buildah]=buildah [podman]=podman
  [runc]=runc [debootstrap]=debootstrap [rpm]=rpm [busybox]=busybox-static)

lacking() { # TOOL...: prints those that are not here
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || echo "$tool"
  done
}

install_tools() {
  local tool wanted=()
  for tool in $(lacking "${!package[@]}"); do
    wanted+=("${package[$tool]}")
  done
  ((${#wanted[@]})) || return 0
  echo "installing ${wanted[*]}"
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${wanted[@]}" >/dev/null
}

packaging() { # NAME TOOLS COMMAND...: a step that needs root and tools
  local name=$1 tools missing
  read -ra tools <<<"$2"
  shift 2
  missing=$(lacking "${tools[@]}" | paste -sd ' ')
  if $whole; then
    step "$name" "$@"
  elif ((EUID)); then
    skip "$name" "only root can do that"
  elif [[ -n $missing ]]; then
    skip "$name" "$missing not found: apt-get install it, or run this with CI=true"
  else
    step "$name" "$@"
  fi
}

# A test that is left out for want of a tool promises nothing, so it fails where every
# step must run, but for those whose reason matches ALLOWED.
tests() { # ALLOWED MAKE-TARGET
  make --no-print-directory "$2" TESTFLAGS=-v | awk -v whole="$whole" -v allowed="$1" -f .ci/tests.awk
}
