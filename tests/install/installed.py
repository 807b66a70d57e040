"""What the tests of an installed prefix share: running commands, with everything they say when one fails."""
import os
import pathlib
import subprocess
import sys

TIMEOUT = 240


def run(*command, cwd=None, env=None, expect=0, stdin=None):
    """Runs a command and gives its standard output; ends the test when it exits otherwise than expected."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != expect:
        sys.exit(f"{' '.join(words)}\nexit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def clean_environment(prefix):
    """The environment without what could lead away from the prefix."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith("SLUICE_") and key not in ("LD_LIBRARY_PATH", "CPATH", "CPLUS_INCLUDE_PATH")}
    env["PATH"] = f"{prefix}/bin:{env['PATH']}"
    env["SLUICE_PLUGIN_CACHE"] = f"{prefix}-plugin-cache"
    return env


def must(condition, what):
    if not condition:
        sys.exit(what)


def fresh(folder):
    """An empty folder."""
    import shutil
    shutil.rmtree(folder, ignore_errors=True)
    path = pathlib.Path(folder)
    path.mkdir(parents=True)
    return path
