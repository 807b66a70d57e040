"""Writes the results into the page of performance, between its markers, and the picture beside it.

usage: page.py RESULTS.json PICTURE.svg PAGE.md
"""
import json
import pathlib
import shutil
import sys

BEGIN, END = "<!-- results: begin; written by `make bench-docs` -->", "<!-- results: end -->"


def number(value):
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:,.{digits}f}"


def table(workload):
    titles = {way["name"]: way["title"] for way in workload["ways"]}
    lines = [f"### {workload['title']}", "", f"| way | {workload['unit']} | least to most | times as fast as | peak |",
             "|---|---:|---:|---|---:|"]
    for way in workload["ways"]:
        title = f"**{way['title']}**" if way["role"] == "product" else way["title"]
        if way["absent"]:
            lines.append(f"| {title} | | | {way['absent']} | |")
            continue
        figure = way["figure"]
        ratios = ", ".join(f"{ratio['median']:.2f} {titles[ratio['to']]}" for ratio in way["ratios"])
        peak = f"{way['peakBytes'] / 2**20:.0f} MiB" if way["peakBytes"] else ""
        lines.append(f"| {title} | {number(figure['median'])} | {number(figure['min'])} to {number(figure['max'])} | {ratios} | {peak} |")
    how = [f"{way['title']}: {way['how']}" for way in workload["ways"] if way["how"] and not way["absent"]]
    return lines + ["", workload["meaning"] + (f" Configured: {'; '.join(how)}." if how else ""), ""]


def block(results):
    machine = results["machine"]
    rounds = results["workloads"][0]["rounds"]
    versions = ", ".join(f"{name} {value}" for name, value in results["versions"].items())
    lines = [f"{results['date']}; {machine['processor']}, {machine['cores']} cores, {machine['memoryBytes'] / 2**30:.0f} GiB, "
             f"{machine['kernel']}, {machine['filesystem']}. {versions}. Input of {results['inputMiB']:,} MiB, {rounds} rounds"
             + (", a quick look: not a measurement." if results["quick"] else "."), ""]
    for workload in results["workloads"]:
        lines += table(workload)
    return "\n".join(lines)


results_file, picture, page = map(pathlib.Path, sys.argv[1:4])
text = page.read_text()
if text.count(BEGIN) != 1 or text.count(END) != 1:
    sys.exit(f"{page} has not the markers {BEGIN} and {END}")
before, rest = text.split(BEGIN)
after = rest.split(END)[1]
page.write_text(f"{before}{BEGIN}\n\n{block(json.loads(results_file.read_text()))}\n{END}{after}")
shutil.copyfile(picture, page.with_suffix(".svg"))
