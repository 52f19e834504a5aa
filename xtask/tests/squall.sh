#!/bin/sh
# Stands in for squall in the tests of e2e: the file it is given says in `# sh:` lines what to do.
# There, $file is that file, $stem its path without .toml, $report where the JSON goes, and $* all arguments.
file=$2
stem=${file%.toml}
report=${3#--json=}
pass() { echo '{ "schema": "squall.report/1", "clock": "real", "result": "pass" }' >"$report"; }
eval "$(sed -n 's/^# sh: //p' "$file")"
