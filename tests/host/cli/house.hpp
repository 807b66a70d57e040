// A folder with a configuration file and data, and the command run in it.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"

namespace sluice::test {

// Endpoints of the configuration:
//   events   file.ndjson  events/*.ndjson      copy   file.ndjson  out/
//   numbers  generator    1000 records         lake   sqlite       lake.db
//   slow     generator    1000 a second, 60 s  sink   null
//   broken   chaos        fails at record 10   stuck  chaos        hangs and hears nothing
//   gone     file.lines   a missing folder
// mmap staging lies in stage/.
class House {
 public:
  House();
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  void write(const std::string& name, std::string_view text) const;
  void append(const std::string& name, std::string_view text) const;
  std::string read(const std::string& name) const;
  bool has(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

  Spawn command(std::vector<std::string> arguments) const;
  Outcome sluice(std::vector<std::string> arguments) const {
    return run_child(command(std::move(arguments)));
  }

 private:
  std::filesystem::path folder_;
};

// Standard output as the one JSON object that --json promises; fails the test when it is anything else.
boost::json::object only_object(const Outcome& outcome);
// A member by its path, such as "stats.recordsRead" or "errors.0.hint", as text: strings as they are, others
// as JSON; a missing one is "(missing)".
std::string member(const boost::json::object& object, std::string_view path);
bool holds(std::string_view text, std::string_view part);

}  // namespace sluice::test
