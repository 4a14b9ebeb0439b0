#!/bin/sh
# Fails if something that `lab` needs would be compiled more than once.
#
# Cargo compiles a package anew, and all that builds on it, for every set of features that is asked of
# it. The whole workspace, its tests, and a paper alone (which is what a notebook compiles) must
# therefore ask the same of every package below `lab`: polars is among them, ten minutes of compiling.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# Lines "name version features" of what a selection compiles, of packages that lab needs.
tree() { cargo tree --quiet --prefix none "$@" | sed 's/ (\*)$//' | sort -u; }
tree -p lab -e normal,build -f '{p}' >"$scratch/lab"
features() {
  name=$1
  shift
  tree -f '{p}|{f}' "$@" | awk -F'|' 'NR == FNR { wanted[$1]; next } $1 in wanted' "$scratch/lab" - >"$scratch/$name"
}
features workspace --workspace -e normal,build
features tests --workspace -e normal,build,dev
for paper in papers/*/; do features "$(basename "$paper")" -p "$(basename "$paper")" -e normal,build; done

faults=0
compare() { # those of `$1` that `$2` does not have
  missing=$(comm -23 "$scratch/$1" "$scratch/$2" | cut -d' ' -f1 | sort -u | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  faults=1
  echo "$1 and $2 ask for different features of: $missing" >&2
}
compare workspace tests
for paper in papers/*/; do compare "$(basename "$paper")" workspace; done
[ "$faults" = 0 ] || echo "name the missing features in [workspace.dependencies], so that all ask for them" >&2
exit "$faults"
