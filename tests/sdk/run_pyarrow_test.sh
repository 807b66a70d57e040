#!/bin/sh
# run_pyarrow_test.sh FOLDER TEST BRIDGE: runs the test with pyarrow from a throwaway environment in FOLDER, which
# is kept between runs. Exit 77 (skipped) where pyarrow cannot be had.
set -u
folder=$1
if ! "$folder/bin/python" -c 'import pyarrow' 2>/dev/null; then
  rm -rf "$folder"
  if ! python3 -m venv "$folder" >"$folder.log" 2>&1 ||
    ! "$folder/bin/pip" install --disable-pip-version-check --retries 1 --timeout 20 --only-binary :all: \
      'pyarrow>=15' >>"$folder.log" 2>&1; then
    echo "skipped: pyarrow cannot be installed here (see $folder.log)"
    tail -n 3 "$folder.log"
    exit 77
  fi
fi
exec "$folder/bin/python" "$2" "$3"
