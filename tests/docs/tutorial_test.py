"""The code that pages show is the code of the examples: a block ```LANGUAGE FILE is FILE, or a part of it, to the letter."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
wrong, shown = [], {}
for page in (source / "README.md", source / "docs" / "plugin-tutorial.md"):
    for name, block in re.findall(r"^```\w+ (docs/examples/\S+)\n(.*?)^```$", page.read_text(), re.M | re.S):
        path = source / name
        if not path.exists():
            wrong.append(f"{page.name} shows {name}, which does not exist")
        elif block not in path.read_text():
            wrong.append(f"{page.name} shows {name} otherwise than it is:\n{block}")
        else:
            shown.setdefault(name, set()).update(block.splitlines())
# The tutorial must be enough to write the example from.
for path in sorted((source / "docs" / "examples" / "first-plugin").iterdir()):
    if path.suffix in (".hpp", ".cpp", ".yaml", ".json") or path.name == "CMakeLists.txt":
        name = str(path.relative_to(source))
        missing = [line for line in path.read_text().splitlines() if line.strip() and line not in shown.get(name, ())]
        if missing:
            wrong.append(f"the tutorial does not show all of {name}; the first line it lacks: {missing[0]}")
if wrong:
    sys.exit("\n".join(wrong))
