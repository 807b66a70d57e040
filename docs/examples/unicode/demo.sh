#!/usr/bin/env bash
# The main job on real data, through memory-mapped staging: CSV and JSON into SQLite, twice, and a third time after a
# row was appended; then a large run that is killed half way and finished from what it had staged.
# usage: demo.sh PATH-TO-SLUICE [WORK-FOLDER]
set -euo pipefail
sluice=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=${2:-$(dirname "$sluice")/../demo}
rm -rf "$work"
mkdir -p "$work/data"
cd "$work"
cp "$here/sluice.yaml" .
cp /usr/share/unicode/UnicodeData.txt /usr/share/iso-codes/json/iso_{3166-1,639-3,4217}.json data/

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }
# Each endpoint keeps its checkpoint in a file of its own; an orchestrator would keep it in its store.
take() { "$sluice" run --endpoint "$1" --unit "$2" --sink lake --staging mmap --checkpoint-file "$1.checkpoint" "${@:3}"; }
rows() { sqlite3 lake.db "select count(*) from $1"; }
# What a run wrote, out of its result.
written() { python3 -c 'import json,sys; print(json.load(sys.stdin)["stats"]["recordsWritten"])'; }
expect() { [ "$2" = "$3" ] || { echo "demo: $1: expected $3, got $2" >&2; exit 1; }; }

say '1. First run: characters (CSV), countries, languages and currencies (JSON) into lake.db'
take characters UnicodeData.txt
for list in countries:iso_3166-1.json languages:iso_639-3.json currencies:iso_4217.json; do
  take "${list%%:*}" "${list#*:}" -q > /dev/null
done
sqlite3 -box lake.db "select 'UnicodeData' as 'table', count(*) as rows from UnicodeData
  union all select 'iso_3166-1', count(*) from \"iso_3166-1\" union all select 'iso_639-3', count(*) from \"iso_639-3\"
  union all select 'iso_4217', count(*) from \"iso_4217\""
expect 'rows of UnicodeData' "$(rows UnicodeData)" "$(wc -l < data/UnicodeData.txt)"

say '2. Second run: nothing is new, and nothing is read twice'
for unit in characters:UnicodeData.txt countries:iso_3166-1.json; do
  count=$(take "${unit%%:*}" "${unit#*:}" -q --json | written)
  echo "${unit%%:*}: $count new records"
  expect "new ${unit%%:*}" "$count" 0
done

say '3. A row is appended to the CSV, and the third run takes exactly it'
echo 'F8D0;KLINGON LETTER A;Lo;0;L;;;;;N;;;;;' >> data/UnicodeData.txt
count=$(take characters UnicodeData.txt -q --json | tee result.json | written)
echo "characters: $count new record"
expect 'new characters' "$count" 1
sqlite3 -box lake.db "select code_point, name, category, combining_class from UnicodeData order by rowid desc limit 2"

say '4. A query over what arrived'
sqlite3 -box lake.db "select category, count(*) as characters, sum(decimal_digit is not null) as digits,
  min(name) as for_example from UnicodeData where name not like '<%' group by category order by characters desc limit 8"
sqlite3 -box lake.db "select (select count(*) from \"iso_3166-1\") as countries, (select count(*) from \"iso_639-3\") as
  languages, (select count(*) from \"iso_4217\") as currencies, typeof(combining_class) as type_of_class from UnicodeData limit 1"

say '5. The receipt of the last run'
python3 - <<'PYTHON'
import json

result = json.load(open("result.json"))
stats, receipt = result["stats"], result["receipt"]
print(f"read {stats['recordsRead']} = written {stats['recordsWritten']} + rejected {stats['recordsRejected']}"
      f" + filtered {stats['recordsFiltered']}")
print(f"delivery {receipt['delivery']}, durability {receipt['durability']}, staging {receipt['staging']['provider']}")
for plugin in receipt["plugins"]:
    print(f"{plugin['role']} {plugin['templateId']}, plugin {plugin['plugin']} {plugin['version']}")
for name in ("checkpointBefore", "checkpointAfter"):
    print(f"{name}: byte {receipt[name]['offset']}, line {receipt[name]['line']}")
PYTHON

say '6. Throughput: the same table 40 times over, CSV to SQLite'
mkdir -p data/big
for _ in $(seq 40); do head -n 34924 data/UnicodeData.txt; done > data/big/UnicodeData.txt
sed -e 's|./data/UnicodeData.txt|./data/big/UnicodeData.txt|' -e 's|./lake.db|./big.db|' sluice.yaml > big.yaml
"$sluice" run --config big.yaml --endpoint characters --unit UnicodeData.txt --sink lake --staging mmap

say '7. The same again, killed half way (kill -9) and finished by another process from what it had staged'
sed -e 's|./big.db|./killed.db|' big.yaml > killed.yaml
cat > killed.json <<'JSON'
{ "endpointId": "characters", "unitId": "UnicodeData.txt", "sinkEndpointId": "lake", "stagingProviderId": "mmap",
  "stageRef": "mmap:demo", "policy": { "delivery": "exactly-once", "commit": { "everyBytes": "4MiB" } } }
JSON
"$sluice" run --config killed.yaml killed.json -q > /dev/null 2>&1 &
run=$!
committed() { sqlite3 killed.db 'select count(*) from UnicodeData' 2> /dev/null || echo 0; }
for _ in $(seq 600); do
  [ "$(committed)" -lt 400000 ] && kill -0 $run 2> /dev/null || break
  sleep 0.02
done
kill -9 $run 2> /dev/null || true
wait $run 2> /dev/null || true
echo "killed with $(committed) rows committed; what it left:"
"$sluice" staging list --config killed.yaml
"$sluice" resume mmap:demo --config killed.yaml
digest() { sqlite3 "$1" 'select * from UnicodeData order by rowid' | sha256sum | cut -d' ' -f1; }
echo "undisturbed  $(digest big.db)"
echo "killed       $(digest killed.db)"
expect 'the digest of the killed run' "$(digest killed.db)" "$(digest big.db)"
