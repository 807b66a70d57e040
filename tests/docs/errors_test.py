"""docs/errors.md names every error code of the source tree with its class, and no other."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
in_code, classes = set(), {}
for room in ("sdk", "staging", "host", "plugins"):
    for path in sorted((source / room).rglob("*.[ch]*")):
        # The fake host's codes are for tests of plugins; users never see them.
        if path.suffix not in (".h", ".hpp", ".cpp", ".c") or "testing" in path.parts:
            continue
        text = path.read_text()
        in_code.update(re.findall(r'"([EW]_[A-Z0-9_]*[A-Z0-9])"', text))
        for cls, code in re.findall(r'ErrorClass::(\w+),\s*"([EW]_[A-Z0-9_]+)"', text):
            classes.setdefault(code, {}).setdefault(cls, path.relative_to(source))

page = (source / "docs" / "errors.md").read_text()
documented = {}
for row in re.findall(r"^\|(.*)\|$", page, re.M):
    cells = [cell.strip() for cell in row.split("|")]
    for code in re.findall(r"`([EW]_[A-Z0-9_]+)`", cells[0]):
        if code in documented:
            sys.exit(f"docs/errors.md names {code} twice")
        documented[code] = cells[1]

wrong = [f"{code} is in the code and not in docs/errors.md: add a row with its class, meaning and way out"
         for code in sorted(in_code - documented.keys())]
wrong += [f"{code} is in docs/errors.md and not in the code: remove its row"
          for code in sorted(documented.keys() - in_code)]
for code, used in sorted(classes.items()):
    if code.startswith("W_") or documented.get(code, "any") == "any":
        continue
    wrong += [f"{code} is {cls} in {path} and {documented[code]} in docs/errors.md"
              for cls, path in used.items() if cls not in documented[code].split(", ")]
refusals = set(re.findall(r"^\| `(E_[A-Z_]+)`", (source / "docs" / "plugin-refusals.md").read_text(), re.M))
wrong += [f"{code} of docs/plugin-refusals.md is not in docs/errors.md" for code in sorted(refusals - documented.keys())]
if wrong or len(in_code) < 50:
    sys.exit("\n".join(wrong) or f"only {len(in_code)} codes found in the source: does this test still see them?")
print(f"{len(in_code)} codes")
