// The base class of sinks. Derive, override open(), write() and commit(), export with SLUICE_PLUGIN.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/abi/sink.h"
#include "sluice/batch/batch_view.hpp"
#include "sluice/host_services.hpp"

namespace sluice {

struct WriteRequest {
  std::string unit_id;
  std::string unit_key;            // names source endpoint and unit, the same in every run of the unit
  bool incremental = false;        // add to what is there; else replace the unit's data
  std::optional<Json> checkpoint;  // where the source goes on from; absent: from the beginning
  Json unit;                       // the unit as the source describes it (see Unit::to_json)
  bool tables = false;             // the format of the batches: tables, else documents
  std::string content_type;        // of documents
  bool to_disk = false;            // a commit must survive power loss, not only the process
  uint32_t slice_index = 0, slice_count = 1;
  std::string run_id;
  uint64_t epoch = 0;  // the caller's number of this attempt, rising; 0: it has none. See abi/sink.h
};

// written + rejected + filtered is the batch's record count.
struct WriteResult {
  uint64_t written = 0, rejected = 0, filtered = 0;
  uint64_t bytes = 0;
};

struct CommitToken {
  Json token;          // store it with the data, if the sink can; an object
  bool final = false;  // nothing follows: make the output visible
};

enum class Reached : uint32_t {
  durable = SLUICE_COMMIT_DURABLE,    // everything written so far has the durability asked for
  deferred = SLUICE_COMMIT_DEFERRED,  // only the final commit will make it so
};

// Takes the records of the batch being written that the sink refuses. Count them in WriteResult::rejected
// too.
class Rejects {
 public:
  explicit Rejects(const sluice_sink_rejects* abi) : abi_(abi) {}
  // Throws when the policy tolerates no more; let it pass.
  void reject(uint32_t record, std::string_view code, std::string_view reason) {
    sluice_error error = new_abi_error();
    from_abi(abi_->reject(abi_->self, record, abi(code), abi(reason), &error), error).throw_if_failed();
  }

 private:
  static sluice_str abi(std::string_view text) { return sluice::abi(text); }
  const sluice_sink_rejects* abi_;
};

// One instance is used by one thread at a time, except cancel(). Throw sluice::Error to fail; a transient
// error from write() or commit() means that nothing was applied and the host may make the same call again.
class Sink {
 public:
  virtual ~Sink() = default;  // what was not committed is given up

  // Makes ready to write. Gives the last token stored for request.unit_key, if the sink keeps tokens.
  virtual std::optional<Json> open(const WriteRequest& request) = 0;
  virtual WriteResult write(const BatchView& batch, Rejects& rejects) = 0;
  virtual Reached commit(const CommitToken& token) = 0;
  // Takes back what was written after the last durable commit, as far as the sink can.
  virtual void abort() {}
  // Reaches out as open() would, and writes nothing.
  virtual void check() {}
  // [any thread] Makes a blocked call return soon.
  virtual void cancel() noexcept {}
};

}  // namespace sluice
