#!/bin/sh
# Every `make` command of the README names a target that exists. What they do is run by the rest of `make ci`.
set -eu
sed -n '/^```sh$/,/^```$/p' README.md | grep '^make' | sed 's/ *#.*//' | while read -r command; do
    $command --dry-run >/dev/null || { echo "README.md: '$command' does not work" >&2; exit 1; }
done
echo "README.md: every make command exists"
