"""docs/configuration.md has each bundled template with its keys and defaults, as the plugins describe them."""
import json
import pathlib
import re
import subprocess
import sys

source, sluice, plugins = sys.argv[1:4]


def ask(*words):
    done = subprocess.run([sluice, *words, "--json", "--plugins", plugins, "--config", str(empty)], capture_output=True, text=True,
                          timeout=60)
    if done.returncode:
        sys.exit(f"{words}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


empty = pathlib.Path(sys.argv[4]) / "empty.yaml"
empty.parent.mkdir(parents=True, exist_ok=True)
empty.write_text("version: 1\n")
page = (pathlib.Path(source) / "docs" / "configuration.md").read_text()
sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^### |\Z)", page, re.M | re.S))
templates = {entry["id"] for entry in ask("endpoints", "list")["templates"]}

wrong = [f"{name} is not in docs/configuration.md" for name in sorted(templates - sections.keys())]
wrong += [f"{name} is in docs/configuration.md, and no bundled plugin has it" for name in sorted(sections.keys() - templates)]
for name in sorted(templates & sections.keys()):
    described = ask("endpoints", "describe", name)
    keys = described["configSchema"].get("properties", {})
    required = described["configSchema"].get("required", [])
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", sections[name], re.M))
    wrong += [f"{name}: {key} is not in docs/configuration.md" for key in sorted(keys.keys() - rows.keys())]
    wrong += [f"{name}: {key} is in docs/configuration.md only" for key in sorted(rows.keys() - keys.keys())]
    for key in sorted(keys.keys() & rows.keys()):
        told = rows[key].strip("`")
        if (key in required) != (told == "required"):
            wrong.append(f"{name}.{key}: docs/configuration.md says {told}, the schema has it {'required' if key in required else 'optional'}")
        if "default" in keys[key]:
            default = keys[key]["default"]
            text = default if isinstance(default, str) and default else json.dumps(default)
            if told != text:
                wrong.append(f"{name}.{key}: the default is {text}, docs/configuration.md says {told}")
    for role in described["roles"]:
        if role not in sections[name].split("| key")[0].lower():
            wrong.append(f"{name} is a {role}, and docs/configuration.md does not say so")
if wrong:
    sys.exit("\n".join(wrong))
