// A host whose plugins are the zoo's, and runs of it.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sluice/host/host.hpp"

namespace sluice::zoo {

// Copies of libraries of the zoo, by name, and the bundled file plugin, in a new folder of that name.
std::filesystem::path make_plugin_folder(const std::string& name, std::span<const std::string> animals);
// All that were built; those whose name ends in _when_loaded do their harm to whoever loads them.
std::span<const std::string> all_animals();
bool harms_when_loaded(std::string_view animal);

// The worker program that hosts of this process use: a copy, so that its processes can be told apart.
const std::filesystem::path& worker_program();
sluice::host::HostOptions options_for(const std::filesystem::path& plugins);

// A template with its configuration.
struct Endpoint {
  std::string template_id;
  boost::json::object parameters = {};
};

struct Ran {
  std::string status;
  std::string code, message;  // of the first error, when there is one
  std::string where;
  std::chrono::milliseconds took{};
  std::string json;  // the whole result
};

class Runs {
 public:
  // One host for the whole program: whatever a plugin does in one run, the next must be right.
  static Runs& of_this_program();

  explicit Runs(const std::filesystem::path& plugins);

  sluice::host::Host& host() { return *host_; }
  // Reads the unit "all" of `source` into `sink`.
  Ran run(const Endpoint& source, const Endpoint& sink, const boost::json::object& policy);
  // A good source into a good sink, both in workers, then into a file from within this process: whether each
  // of them delivered exactly what it should. Else what is wrong, in words.
  std::string good_runs();

 private:
  std::unique_ptr<sluice::host::Host> host_;
};

// A file that nobody has written yet.
std::filesystem::path new_output();
// The records that every whole source of the zoo has, a line each.
std::string all_records();

}  // namespace sluice::zoo
