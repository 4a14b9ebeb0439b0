#!/bin/sh
# A method alone is a light library: each paper compiles without its experiments, and needs fewer than 90 crates of others then.
set -eu
cd "$(dirname "$0")/.."
most=90
faults=0
for manifest in papers/*/Cargo.toml; do
  paper=$(basename "$(dirname "$manifest")")
  crates=$(cargo tree --quiet -p "$paper" --no-default-features -e normal,build --prefix none -f '{p}' | sed 's/ (\*)$//' | sort -u)
  # Those with a folder belong to the workspace: to divide our own code costs nobody anything.
  count=$(echo "$crates" | grep -vc ' (/')
  if [ "$count" -ge "$most" ]; then
    faults=1
    echo "$paper without default features needs $count crates of others, fewer than $most are allowed" >&2
  fi
  for heavy in lab figures rivals polars plotters clap ureq minijinja; do
    if echo "$crates" | grep -q "^$heavy "; then
      faults=1
      echo "$paper without default features needs $heavy, which only experiments may" >&2
    fi
  done
  cargo check --quiet -p "$paper" --lib --no-default-features || faults=1
done
[ "$faults" = 0 ] && echo "libraries: every paper compiles without its experiments, with fewer than $most crates of others"
exit "$faults"
