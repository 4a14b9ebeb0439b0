#!/bin/sh
# Reproduces parts of two papers on a Slurm cluster of two virtual nodes, and compares the reports with those
# of a local run byte for byte: once undisturbed, and once with a node killed and a job cancelled in the middle.
# Usage: check.sh <folder of the programs>
set -eu
unset LAB_ROWS
cd "$(dirname "$0")/../.."
programs=$1
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd; do
  command -v $program >/dev/null || {
    echo "cluster: NOT tested: $program is not installed (Debian: apt install --no-install-recommends slurm-wlm munge)"
    exit 0
  }
done
shared/python-environment cluster shared/cluster/requirements.txt Snakemake || {
  echo "cluster: NOT tested: Snakemake could not be installed"
  exit 0
}
scratch=$(mktemp -d)
workflow=
trap '[ -z "$workflow" ] || kill "$workflow" 2>/dev/null || true; shared/cluster/test-cluster stop "$scratch/cluster"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
shared/cluster/test-cluster start "$scratch/cluster" 2
PATH=$scratch/cluster/bin:$PATH

fail() {
  echo "cluster: $1" >&2
  [ ! -s "$scratch/log" ] || tail -n 40 "$scratch/log" >&2
  exit 1
}

# What a user calls; the test cluster is small and near, so it is asked more often. As a job of its own it is one process to be killed.
workflow() {
  exec timeout -k 10 900 make --no-print-directory full EXECUTOR=slurm PAPERS="$papers" EXPERIMENTS="$experiments" \
    SETTINGS="profile=$profile out=$1 shards=2 threads=1" \
    SNAKEMAKE_OPTIONS="--slurm-init-seconds-before-status-checks 3 --seconds-between-status-checks 3 --latency-wait 5 \
      --slurm-no-requeue --retries 0 --default-resources slurm_partition=main slurm_no_account=1 mem_mb=1000 runtime=30" \
    >"$scratch/log" 2>&1
}

each() { # each <what to do with $paper and its $names>
  for paper in $papers; do
    names=
    for name in $experiments; do
      if "$programs/$paper" plan "$name" --profile smoke --out "$scratch/names" >/dev/null 2>&1; then names="$names $name"; fi
    done
    eval "$1"
  done
}

locally() {
  each '"$programs/$paper" reproduce $names --quiet --profile $profile --out "$scratch/local-$profile"'
  "$programs/lab" index --out "$scratch/local-$profile" >/dev/null
}

same() { # same <folder> <how it came about>
  diff -r -x run.json -x 'timing-*' -x .rows "$scratch/local-$profile" "$1" >"$scratch/log" ||
    fail "the reports of a local run and of $2 differ"
}

rows() { find "$1/.rows" -name 'rows*.jsonl' -exec cat {} +; }

papers="levine-hats sparse-ot" experiments="search-basins continuous-game points-2d router-time" profile=smoke
locally
(workflow "$scratch/undisturbed") || fail "the cluster did not finish"
same "$scratch/undisturbed" "the cluster"
echo "cluster: two nodes of a Slurm cluster give the reports of a local run"

papers="dynamic-submodular sphere-packing" experiments="queries-against-settings geometry" profile=quick
locally
workflow "$scratch/disturbed" &
workflow=$!
for _ in $(seq 240); do
  sleep 0.5
  running=$(squeue --noheader --states=RUNNING --format='%i %N' 2>/dev/null || true)
  # Both nodes are at work, and have stored something.
  [ "$(echo "$running" | grep -c node)" -ge 2 ] && [ "$(find "$scratch/disturbed" -name 'rows-*.jsonl' -size +0 2>/dev/null | wc -l)" -ge 2 ] &&
    break
done
shared/cluster/test-cluster kill "$scratch/cluster" node2
job=$(echo "$running" | awk '$2 == "node1" { print $1; exit }')
[ -n "$job" ] || fail "no job came to run on node1"
scancel "$job"
! wait "$workflow" || fail "the workflow says that it finished, without a node and a job"
workflow=
rows "$scratch/disturbed" | sort >"$scratch/kept"
[ -s "$scratch/kept" ] || fail "no row was kept"
each '"$programs/$paper" plan $names --profile $profile --out "$scratch/disturbed" --complete >/dev/null 2>&1 || touch "$scratch/open"'
[ -e "$scratch/open" ] || fail "nothing was left to do: node and job were stopped too late to tell anything"
shared/cluster/test-cluster boot "$scratch/cluster" node2
(workflow "$scratch/disturbed") || fail "the second call did not finish"
same "$scratch/disturbed" "a cluster that lost a node and a job"
rows "$scratch/disturbed" | sort >"$scratch/all"
[ -z "$(comm -23 "$scratch/kept" "$scratch/all")" ] || fail "rows were lost"
twice=$(sed 's/"seed":.*//' "$scratch/all" | uniq -d | wc -l)
[ "$twice" -eq 0 ] || fail "$twice cells were computed twice"
echo "cluster: a killed node and a cancelled job cost nothing but time: $(wc -l <"$scratch/kept") of $(wc -l <"$scratch/all") cells were kept"
