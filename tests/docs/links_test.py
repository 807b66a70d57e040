"""Every relative link in the pages leads to a file, and to a heading in it where it names one."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])


def anchors(path):
    titles = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


pages = [source / "README.md", source / "CHANGELOG.md", *sorted((source / "docs").rglob("*.md"))]
wrong, seen = [], 0
for page in pages:
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(), flags=re.S)):
        if re.match(r"[a-z]+:", link):
            continue
        seen += 1
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            wrong.append(f"{page.relative_to(source)}: {link} leads nowhere")
        elif heading and heading not in anchors(target):
            wrong.append(f"{page.relative_to(source)}: no heading for {link}")
if wrong or seen < 10:
    sys.exit("\n".join(wrong) or f"only {seen} links found")
