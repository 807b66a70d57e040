"""Each test that docs/staging-lessons.md names is there."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
page = (source / "docs" / "staging-lessons.md").read_text()
tests = "".join(path.read_text() for path in (source / "tests").rglob("*.cpp"))
named = [name for row in re.findall(r"^\|.*\|$", page, re.M) for name in re.findall(r"`(\w{12,})`", row.split("|")[-2])]
wrong = [name for name in named if not re.search(rf"\b{name}\b", tests)]
if wrong or len(named) < 30:
    sys.exit("\n".join(f"no test {name}" for name in wrong) or f"only {len(named)} tests are named")
print(len(named), "tests")
