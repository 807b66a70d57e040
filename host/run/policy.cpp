#include "host/run/policy.hpp"

#include <algorithm>
#include <functional>

#include "host/run/object_reader.hpp"

namespace sluice::host {

namespace {

constexpr uint32_t most_slices = 256;
constexpr uint64_t largest_batch = uint64_t{256} << 20;
// Below these no plugin can even be loaded.
constexpr uint64_t least_memory = uint64_t{8} << 20, least_open_files = 16;

template <class Value, class Read>
void assign(Value& to, const std::optional<Read>& from) {
  if (from) to = static_cast<Value>(*from);
}

// Reads the object under `key`, when there is one, with `read`, and looks for unknown keys in it.
Status section(ObjectReader& parent, std::string_view key, std::vector<Error>& unknown_keys,
               const std::function<void(ObjectReader&)>& read) {
  const boost::json::object* object = parent.object(key);
  if (!object) return {};
  ObjectReader reader(*object, parent.path_of(key));
  read(reader);
  return reader.finish(unknown_keys);
}

std::optional<InlineEndpoint> inline_endpoint(ObjectReader& reader) {
  std::optional<std::string> template_id = reader.text("templateId");
  const boost::json::object* parameters = reader.object("parameters");
  if (!template_id && !parameters) return std::nullopt;
  return InlineEndpoint{template_id.value_or(""), parameters ? *parameters : boost::json::object()};
}

using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::seconds;

void read_budget(ObjectReader& from, WorkerBudget& budget) {
  budget.memory_bytes = from.size("memory", least_memory);
  // The kernel counts whole seconds.
  if (auto cpu = from.duration("cpu"))
    budget.cpu_seconds =
        static_cast<uint64_t>(std::max<int64_t>(std::chrono::ceil<seconds>(*cpu).count(), 1));
  budget.open_files = from.count("openFiles", least_open_files, uint64_t{1} << 30);
  budget.processes = from.count("processes", 0, uint64_t{1} << 20);
  const auto time = [&](std::string_view key) -> std::optional<milliseconds> {
    if (auto given = from.duration(key))
      return std::max(duration_cast<milliseconds>(*given), milliseconds(1));
    return std::nullopt;
  };
  budget.time = time("time");
  assign(budget.network, from.flag("network"));
  assign(budget.call_timeout, time("callTimeout"));
  assign(budget.stop_timeout, time("stopTimeout"));
}

// "process" is both endpoints, without a budget.
Status read_isolation(ObjectReader& top, IsolationPolicy& isolation, std::vector<Error>& unknown_keys) {
  const std::vector<std::string_view> words{"in-process", "process"};
  if (!top.is_object("isolation")) {
    isolation.source = isolation.sink = top.one_of("isolation", words) == "process";
    return {};
  }
  Status failure;
  Status status = section(top, "isolation", unknown_keys, [&](ObjectReader& apart) {
    isolation.source = apart.one_of("source", words).value_or("process") == "process";
    isolation.sink = apart.one_of("sink", words).value_or("process") == "process";
    failure = section(apart, "budget", unknown_keys,
                      [&](ObjectReader& budget) { read_budget(budget, isolation.budget); });
  });
  return status.ok() ? std::move(failure) : std::move(status);
}

}  // namespace

Result<Policy> parse_policy(const boost::json::object& from, std::vector<Error>& unknown_keys) {
  Policy policy;
  ObjectReader top(from, "policy");
  Status failure;
  auto read = [&](std::string_view key, const std::function<void(ObjectReader&)>& body) {
    Status status = section(top, key, unknown_keys, body);
    if (failure.ok()) failure = std::move(status);
  };

  if (auto mode = top.one_of("mode", {"FULL", "INCREMENTAL"})) policy.incremental = *mode == "INCREMENTAL";
  policy.exactly_once = top.one_of("delivery", {"at-least-once", "exactly-once"}) == "exactly-once";
  read("batch", [&](ObjectReader& batch) {
    assign(policy.batch.max_records, batch.count("maxRecords", 1, 10'000'000));
    assign(policy.batch.max_bytes, batch.size("maxBytes", 1024));
    assign(policy.batch.max_delay, batch.duration("maxDelay"));
  });
  read("staging", [&](ObjectReader& staging) {
    assign(policy.staging.max_bytes, staging.size("maxBytes", uint64_t{1} << 16));
    policy.staging.fail_when_full = staging.one_of("whenFull", {"block", "fail"}) == "fail";
    if (auto word = staging.one_of("durability", {"memory", "os", "disk"}))
      policy.staging.durability = *word == "disk" ? Durability::disk
                                  : *word == "os" ? Durability::os
                                                  : Durability::memory;
    assign(policy.staging.keep, staging.one_of("keep", {"never", "on-failure", "always"}));
  });
  read("commit", [&](ObjectReader& commit) {
    assign(policy.commit.every_bytes, commit.size("everyBytes", 1));
    assign(policy.commit.every, commit.duration("every"));
  });
  read("retry", [&](ObjectReader& retry) {
    assign(policy.retry.max_attempts, retry.count("maxAttempts", 1, 1000));
    assign(policy.retry.initial_backoff, retry.duration("initialBackoff"));
    assign(policy.retry.max_backoff, retry.duration("maxBackoff"));
  });
  read("errors", [&](ObjectReader& errors) {
    assign(policy.errors.max_rejected, errors.count("maxRejected", 0, UINT64_MAX >> 1));
    assign(policy.errors.dead_letter_path, errors.text("deadLetterPath"));
  });
  read("limits", [&](ObjectReader& limits) {
    assign(policy.limits.max_records, limits.count("maxRecords", 1, UINT64_MAX >> 1));
    assign(policy.limits.max_bytes, limits.size("maxBytes", 1));
    policy.limits.timeout = limits.duration("timeout");
  });
  read("parallelism", [&](ObjectReader& parallelism) {
    assign(policy.slices, parallelism.count("slices", 1, most_slices));
  });
  if (Status status = read_isolation(top, policy.isolation, unknown_keys); failure.ok())
    failure = std::move(status);
  policy.source = inline_endpoint(top);
  read("sink", [&](ObjectReader& sink) { policy.sink = inline_endpoint(sink); });

  if (Status status = top.finish(unknown_keys); failure.ok()) failure = std::move(status);
  if (!failure.ok()) return std::move(failure).take_error();
  if (policy.batch.max_bytes > largest_batch)
    return Error(ErrorClass::config, "E_REQUEST_INVALID", "policy.batch.maxBytes is larger than 256 MiB",
                 "policy.batch.maxBytes");
  return policy;
}

}  // namespace sluice::host
