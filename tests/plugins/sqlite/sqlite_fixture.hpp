// A database file of its own for each test, and a plain connection beside the endpoint's.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/testing/fake_host.hpp>

#include "sqlite_sink.hpp"
#include "sqlite_source.hpp"

namespace sluice::sqlite_test {

using Endpoint = Both<sqlite::SqliteSource, sqlite::SqliteSink>;
using Lines = std::vector<std::string>;

// The error's code, or empty.
std::string error_code(const std::function<void()>& call);

class Fixture {
 public:
  Fixture();
  ~Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  // A configuration with `path` and the further members, such as R"("key":["id"])".
  std::string config(std::string_view more = "") const;
  testing::SinkRun sink(std::string_view more = "") {
    return testing::make_sink<Endpoint>(host, config(more));
  }
  testing::SourceRun read(std::string_view more = "", const testing::ReadOptions& options = {}) {
    return testing::read_source<Endpoint>(host, config(more), options);
  }

  void execute(std::string_view sql);
  // Each row as "a|b|c", null as NULL, blobs as x'HEX'.
  Lines query(std::string_view sql);

  testing::FakeHost host;
  std::filesystem::path folder, path;

 private:
  sqlite3* connection();
  sqlite3* connection_ = nullptr;
};

}  // namespace sluice::sqlite_test
