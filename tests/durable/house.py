"""A folder with a configuration and data, and the command run in it."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time


class House:
    def __init__(self, sluice, plugins, endpoints, staging="stage", min_free="1MiB"):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-durable-")
        self.folder = pathlib.Path(self._folder.name)
        self.staging = self.folder / staging
        self.command = [sluice, "--plugins", plugins, "-q"]
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(self.folder), "SLUICE_PLUGIN_CACHE": str(self.folder / "plugin-cache")}
        lines = ["version: 1", f"staging: {{ mmap: {{ dir: ./{staging}, minFree: {min_free} }} }}", "endpoints:"]
        lines += [f"  {name}: {json.dumps(what)}" for name, what in endpoints.items()]
        (self.folder / "sluice.yaml").write_text("\n".join(lines) + "\n")
        (self.folder / "out").mkdir()

    def close(self):
        self._folder.cleanup()

    def start(self, *words, request=None):
        if request is not None:
            (self.folder / "request.json").write_text(json.dumps(request))
        # Files, not pipes: nobody reads while a child waits to be killed.
        with open(self.folder / "stdout", "w") as out, open(self.folder / "stderr", "w") as err:
            return subprocess.Popen([*self.command, *words, "--json"], cwd=self.folder, env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def answer(self):
        text = (self.folder / "stdout").read_text()
        return json.loads(text) if text else {}

    def told(self):
        return (self.folder / "stdout").read_text() + (self.folder / "stderr").read_text()

    def run(self, *words, request=None, timeout=120):
        """The exit code and the answer; negative: ended by a signal."""
        child = self.start(*words, request=request)
        code = child.wait(timeout=timeout)
        return code, self.answer()

    def kill_after(self, seconds, *words, request=None):
        """Whether the child was still there to be killed."""
        child = self.start(*words, request=request)
        try:
            code = child.wait(timeout=seconds)
            assert code == 0, f"{words}: exit {code}: {self.told()}"
            return False
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            return True

    def sessions(self):
        if not self.staging.exists():
            return []
        return sorted(entry.name for entry in self.staging.iterdir() if not entry.name.startswith("."))

    def rows(self, database, table):
        with sqlite3.connect(self.folder / database) as connection:
            return [row[0] for row in connection.execute(f'SELECT id FROM "{table}" ORDER BY rowid')]


def first_code(answer):
    errors = answer.get("errors") or [answer.get("error") or {}]
    return errors[0].get("code", "")


def seconds_of(call):
    begin = time.monotonic()
    call()
    return time.monotonic() - begin
