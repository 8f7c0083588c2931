# Sourced by the scripts of this folder: where the repository is, help, and messages.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# --help prints the comment at the head of the script.
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
  exit 0
fi

# A step's title, with the time of day: where a run's minutes go.
step() { printf '== %(%T)T %s\n' -1 "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# need COMMAND PACKAGE: installs a Debian package where its command is missing and we may.
need() {
  command -v "$1" > /dev/null && return
  [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null || fail "needs $1 (Debian: apt-get install $2)"
  apt-get update -qq > /dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" > /dev/null || fail "cannot install $2"
}
