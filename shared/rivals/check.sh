#!/bin/sh
# Our side of every contest runs, on small inputs; packages that are not there are shown as missing.
# Usage: check.sh <folder of the programs> <paper>...
set -eu
programs=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for paper in "$@"; do
  [ -d "papers/$paper/rivals" ] || continue
  "$programs/$paper" rivals --profile smoke --rounds 2 --python "$scratch/no-python" --out "$scratch" >"$scratch/log" || {
    cat "$scratch/log" >&2
    exit 1
  }
  # A program that fails says it by its exit code; every package must be missing, and nothing else.
  packages=$(grep -c '"ours": false' "$scratch/$paper.json" || true)
  missing=$(grep -c '"outcome": "missing"' "$scratch/$paper.json" || true)
  [ "$packages" -gt 0 ] && [ "$packages" -eq "$missing" ] || {
    echo "$paper: $missing of $packages packages are shown as missing, although none is there" >&2
    exit 1
  }
done
"$programs/rivals" --out "$scratch" >"$scratch/log"
echo "contests: our side of each runs, and absent packages are shown as missing"
