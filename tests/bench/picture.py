"""Draws results.json as bars: how many times as fast Sluice was as what stands beside it.

usage: picture.py RESULTS.json PICTURE.svg
"""
import html
import json
import pathlib
import sys

WIDTH, LEFT, RIGHT, ROW, HEAD = 920, 270, 230, 18, 32
MOST = 2.0  # bars that are longer are cut, and their number says it
STYLE = """
svg { background: #ffffff; font: 13px system-ui, sans-serif; } text { fill: #1f2328; }
.head { font-weight: 600; } .note { fill: #59636e; font-size: 12px; } .bar { fill: #2f81c7; } .own { fill: #8a6fc9; }
.one { stroke: #cf222e; stroke-width: 1.5; } .range { stroke: #1f2328; stroke-width: 1; opacity: 0.7; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; } text { fill: #e6edf3; } .note { fill: #9198a1; } .bar { fill: #4493e0; }
  .own { fill: #a58be0; } .one { stroke: #ff7b72; } .range { stroke: #e6edf3; }
}"""


def place(ratio):
    return LEFT + min(ratio, MOST) / MOST * (WIDTH - LEFT - RIGHT)


def rows_of(workload):
    """(title, ratio, beside what, whether that is Sluice too), of each way of Sluice's."""
    ways = {way["name"]: way for way in workload["ways"]}
    for way in workload["ways"]:
        if way["role"] != "product" or way["absent"]:
            continue
        for ratio in way["ratios"]:
            beside = ways[ratio["to"]]
            yield way["title"], ratio, beside["title"], beside["role"] == "product"


def draw(results):
    parts, y = [], 30

    def text(x, at, what, kind="", anchor="start"):
        parts.append(f'<text x="{x:.0f}" y="{at:.0f}" class="{kind}" text-anchor="{anchor}">{html.escape(what)}</text>')

    text(12, y, "How many times as fast Sluice was as what stands beside it", "head")
    text(12, y + 18, "median of rounds, thin line: least and most; red line: as fast; violet: beside Sluice itself", "note")
    y += 40
    for workload in results["workloads"]:
        rows = list(rows_of(workload))
        if not rows:
            continue
        y += HEAD
        text(12, y - 10, workload["title"], "head")
        top = y - 4
        for title, ratio, beside, own in rows:
            middle = y + ROW / 2
            text(LEFT - 10, middle + 4, title, anchor="end")
            parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{place(ratio["median"]) - LEFT:.1f}" height="{ROW - 6}" '
                         f'class="{"own" if own else "bar"}"/>')
            parts.append(f'<line x1="{place(ratio["min"]):.1f}" x2="{place(ratio["max"]):.1f}" y1="{middle}" y2="{middle}" '
                         'class="range"/>')
            text(WIDTH - RIGHT + 8, middle + 4, f'{ratio["median"]:.2f} of {beside}'[:40], "note")
            y += ROW
        parts.append(f'<line x1="{place(1):.1f}" x2="{place(1):.1f}" y1="{top}" y2="{y + 2}" class="one"/>')
    height = y + 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="Ratios of speed, workload by workload"><style>{STYLE}</style>\n'
            f'<rect width="{WIDTH}" height="{height}" fill="none"/>\n' + "\n".join(parts) + "\n</svg>\n")


pathlib.Path(sys.argv[2]).write_text(draw(json.loads(pathlib.Path(sys.argv[1]).read_text())))
