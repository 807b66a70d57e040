#include "versions.hpp"

#include <gnu/libc-version.h>
#include <lmdb.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <xxhash.h>

#include <boost/json/parse.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "host/cli/bench/child_program.hpp"
#include "host/cli/json_fields.hpp"
#include "sluice/host/host.hpp"
#ifdef SLUICE_BENCH_ROCKSDB
#include <rocksdb/version.h>
#endif

namespace sluice::bench {

namespace {

#ifdef __clang__
const std::string compiler_name = "Clang ";
#else
const std::string compiler_name = "GCC ";
#endif

// The first line that a program prints.
std::string first_line_of(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "r"), &::pclose);
  std::string line;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF && c != '\n';) line += static_cast<char>(c);
  return line;
}

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace

boost::json::object versions() {
  const boost::json::object sluice = host::cli::parse_answer(host::Host::version().json);
  const unsigned xxhash = XXH_versionNumber();
  boost::json::object all{
      {"Sluice", host::cli::text_at(sluice, "version")},
      {"compiler", compiler_name + host::cli::text_at(sluice, "compiler")},
      {"Boost", host::cli::text_at(sluice, "boost")},
      {"C library", gnu_get_libc_version()},
      {"simdjson", dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                          simdjson::SIMDJSON_VERSION_REVISION) +
                       ", " + std::string(simdjson::get_active_implementation()->name())},
      {"xxHash", dotted(static_cast<int>(xxhash / 10000), static_cast<int>(xxhash / 100 % 100),
                        static_cast<int>(xxhash % 100))},
      {"SQLite", sqlite3_libversion()},
      {"LMDB", dotted(MDB_VERSION_MAJOR, MDB_VERSION_MINOR, MDB_VERSION_PATCH)},
      {"coreutils", first_line_of("cp --version 2> /dev/null | sed 's/.* //'")}};
#ifdef SLUICE_BENCH_ROCKSDB
  all["RocksDB"] = dotted(ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH);
#endif
  struct Peer {
    const char *name, *command;
  };
  for (const Peer& peer : {Peer{"rsyslog", "PATH=$PATH:/usr/sbin; rsyslogd -v 2> /dev/null"},
                           Peer{"syslog-ng", "PATH=$PATH:/usr/sbin; syslog-ng --version 2> /dev/null"},
                           Peer{"GStreamer", "gst-launch-1.0 --version 2> /dev/null"}})
    if (const std::string line = first_line_of(peer.command); !line.empty()) all[peer.name] = line;
  return all;
}

}  // namespace sluice::bench
