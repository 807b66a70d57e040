"""The sdk folder is configured, installed and found without Boost and without the rest of Sluice."""
import sys

from installed import clean_environment, fresh, must, run

source, work, version = sys.argv[1:4]
folder = fresh(work)
env = clean_environment(folder)
run("cmake", "-S", f"{source}/sdk", "-B", folder / "build", "-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON", env=env)
run("cmake", "--install", folder / "build", "--prefix", folder / "prefix", env=env)

user = folder / "user"
user.mkdir()
(user / "CMakeLists.txt").write_text("""cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(sluice %s EXACT REQUIRED COMPONENTS sdk)
find_package(sluice QUIET COMPONENTS host)
if(sluice_FOUND)
  message(FATAL_ERROR "the host is not installed, and was found")
endif()
sluice_add_plugin(user user.cpp)
""" % version)
(user / "user.cpp").write_text("#include <sluice/sdk.hpp>\n")
run("cmake", "-S", user, "-B", user / "build", f"-DCMAKE_PREFIX_PATH={folder}/prefix", env=env)
env["PKG_CONFIG_PATH"] = f"{folder}/prefix/lib/pkgconfig"
flags = run("pkg-config", "--cflags", "--libs", "sluice-sdk", env=env).split()
must([flag.replace("/lib/pkgconfig/../..", "") for flag in flags] == [f"-I{folder}/prefix/include"], flags)
