"""Installs the build, moves the prefix to another place, and looks whether all is there and nothing points back."""
import shutil
import sys

from installed import clean_environment, fresh, must, run

build, source, work, version = sys.argv[1:5]
first, prefix = fresh(work) / "first-place", fresh(work) / "prefix"
run("cmake", "--install", build, "--prefix", first)
shutil.move(first, prefix)

major = version.split(".")[0]
expected = [
    "bin/sluice", "lib/libsluice.so", f"lib/libsluice.so.{major}", f"lib/libsluice.so.{version}",
    "include/sluice/sdk.hpp", "include/sluice/plugin.hpp", "include/sluice/abi/plugin.h",
    "include/sluice/batch/batch_view.hpp", "include/sluice/testing/fake_host.hpp",
    "include/sluice/host/host.hpp", "include/sluice/host/log.hpp",
    "lib/cmake/sluice/sluiceConfig.cmake", "lib/cmake/sluice/sluiceConfigVersion.cmake",
    "lib/cmake/sluice/sluice-sdk-targets.cmake", "lib/cmake/sluice/sluice-host-targets.cmake",
    "lib/cmake/sluice/SluicePlugin.cmake", "lib/cmake/sluice/plugin.map",
    "lib/pkgconfig/sluice-sdk.pc", "lib/pkgconfig/sluice-host.pc",
]
expected += [f"lib/sluice/plugins/libsluice_{name}.so" for name in ("chaos", "file", "generator", "null", "sqlite")]
missing = [name for name in expected if not (prefix / name).exists()]
must(not missing, f"not installed: {missing}")

files = [path for path in prefix.rglob("*") if path.is_file()]
here = [path.relative_to(prefix).parts[:2] for path in files]
allowed = {("bin", "sluice"), ("lib", "cmake"), ("lib", "pkgconfig"), ("lib", "sluice"), ("include", "sluice")}
strangers = {"/".join(parts) for parts in here if parts not in allowed and not parts[1].startswith("libsluice.so")}
must(not strangers, f"installed, and belongs nowhere: {strangers}")

for path in files:
    if path.suffix in (".cmake", ".pc", ".map"):
        text = path.read_text()
        for foreign in (build, source, str(first)):
            must(foreign not in text, f"{path} names {foreign}")
    elif path.parts[-2] == "bin" or ".so" in path.name:
        for line in run("readelf", "-d", path).splitlines():
            if "RPATH" in line or "RUNPATH" in line:
                folders = line[line.index("[") + 1:line.rindex("]")].split(":")
                must(all(folder.startswith("$ORIGIN") for folder in folders if folder), f"{path}: {line.strip()}")

env = clean_environment(prefix)
said = run(prefix / "bin" / "sluice", "version", "--json", env=env, cwd=work)
must(f'"version":"{version}"' in said, said)
listed = run(prefix / "bin" / "sluice", "plugins", "list", "--json", env=env, cwd=work)
for name in ("chaos", "file", "generator", "null", "sqlite"):
    must(str(prefix / "lib" / "sluice" / "plugins" / f"libsluice_{name}.so") in listed, f"{name} is not in {listed}")
must('"outcome":"refused"' not in listed, listed)
