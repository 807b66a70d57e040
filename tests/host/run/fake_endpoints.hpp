// Endpoints that a test scripts: a source that runs the test's function, and a sink that keeps what it was
// given.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sluice/sdk.hpp"

namespace sluice::test {

// What a scripted endpoint does. One per endpoint of a test, found by the configuration's "script" key; the
// test sets it before the run. Hooks may be called from several threads.
struct Script {
  // Source.
  std::function<void(const ReadRequest&, SourceWriter&, const HostServices&)> read;
  std::function<std::vector<Json>(const ReadRequest&, uint32_t)> plan;
  Unit unit{.id = "unit", .content_type = "application/json"};

  // Sink: called before the default; may throw.
  std::function<void(const WriteRequest&)> on_open;
  std::function<void(const BatchView&, Rejects&, const HostServices&)> on_write;
  std::function<WriteResult(const BatchView&, Rejects&)> instead_of_write;
  std::function<void(const CommitToken&)> on_commit, after_commit;
  bool defer_commits = false;  // until the final one

  // What the sink got.
  std::mutex mutex;
  std::vector<std::string> written, committed;  // records, in order
  std::vector<Json> tokens;
  uint32_t opens = 0, commits = 0, final_commits = 0, aborts = 0, writes = 0;

  std::vector<std::string> committed_now() {
    std::lock_guard lock(mutex);
    return committed;
  }
};

// Scripts by name, for the endpoints that the host makes.
class Scripts {
 public:
  static std::shared_ptr<Script> make(const std::string& name);
  static std::shared_ptr<Script> find(const std::string& name);
};

// A plugin of the program: templates fake.source (documents, tables; slices), fake.full (FULL only),
// fake.tables (tables only), fake.sink (documents, tables), fake.json (documents of type application/json
// only), fake.parallel.
extern const sluice_plugin& fake_plugin();

}  // namespace sluice::test
