// A host with the bundled plugins, in a folder of its own.
#pragma once

#include <sys/types.h>
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "sluice/host/host.hpp"

namespace sluice::test {

struct PlainHost {
  // With a copy of the plugins, which may be changed.
  explicit PlainHost(bool own_plugins);
  PlainHost() : PlainHost(false) {}
  ~PlainHost();
  PlainHost(const PlainHost&) = delete;
  PlainHost& operator=(const PlainHost&) = delete;

  // One run; the result whatever it is. `policy` as JSON text, laid over FULL mode and short pauses.
  boost::json::object run(const std::string& source, const std::string& source_config,
                          const std::string& unit, const std::string& sink, const std::string& sink_config,
                          const std::string& policy = "{}", const std::string& staging = "memory",
                          const host::RunOptions& options = {});
  // One that must succeed.
  boost::json::object run_well(const std::string& source, const std::string& source_config,
                               const std::string& unit, const std::string& sink,
                               const std::string& sink_config, const std::string& policy = "{}",
                               const std::string& staging = "memory");

  std::string path(const std::string& name) const { return (folder / name).string(); }
  std::string write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;

  std::filesystem::path folder;
  std::unique_ptr<host::Host> host;
};

std::string code_of(const boost::json::object& result);
// Whether the run failed since a plugin crashed. Sanitizers turn a crash into an exit with a report.
bool has_crashed(const boost::json::object& result);

// Children of this process, dead ones that nobody waited for included.
std::set<pid_t> children();
size_t open_descriptors();
size_t threads();
size_t mappings();

}  // namespace sluice::test
