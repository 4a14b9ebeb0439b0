#!/bin/sh
# The smoke profile gives the same reports byte for byte with 1 thread, with 2, in 3 shards and merged,
# and when it is run a second time; run.json and files named timing-* excepted.
# Usage: check-determinism.sh <folder of the programs> <paper>...
set -eu
unset LAB_ROWS # one store for all runs would compare a run with itself
programs=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

same() {
    diff -r -x run.json -x 'timing-*' -x .rows "$1" "$2" >"$scratch/differences" && return
    echo "the reports of $3 differ:" >&2
    head -n 20 "$scratch/differences" >&2
    exit 1
}

for paper in "$@"; do
    run="$programs/$paper reproduce --quiet --profile smoke"
    $run --threads 1 --out "$scratch/one"
    $run --threads 2 --out "$scratch/two"
    for shard in 2 0 1; do
        $run --threads 2 --out "$scratch/shards" --shard $shard/3
    done
    $run --out "$scratch/shards"
    same "$scratch/one" "$scratch/two" "1 and 2 threads ($paper)"
    same "$scratch/one" "$scratch/shards" "one run and 3 shards ($paper)"
    cp -r "$scratch/one" "$scratch/before"
    $run --out "$scratch/one"
    same "$scratch/before" "$scratch/one" "a run and its repetition ($paper)"
    rm -r "$scratch/before"
    echo "$paper: the same reports with 1 thread, 2 threads, 3 shards, and again"
done
"$programs/lab" index --out "$scratch/one"
