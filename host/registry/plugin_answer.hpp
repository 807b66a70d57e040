// Takes the JSON objects that a plugin emits. They are outside data: length, depth, count and form are
// checked, and what is wrong becomes an E_PLUGIN_ANSWER that names the plugin.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "host/registry/endpoint_template.hpp"
#include "host/registry/plugin_call.hpp"
#include "host/result.hpp"

namespace sluice::host {

constexpr uint64_t max_answer_bytes = uint64_t{1} << 20;
constexpr uint64_t max_units = 1'000'000;

// One JSON object of at most `max_bytes`.
Result<boost::json::object> parse_answer(const EndpointTemplate& of, std::string_view function,
                                         sluice_str text, uint64_t max_bytes);

// Lives on the stack of one call to a plugin; used on the thread of that call only.
class AnswerCollector {
 public:
  // Returns false to stop. May fail by throwing sluice::Error; nothing gets through to the plugin.
  using Take = std::function<bool(boost::json::object&&)>;
  struct Limits {
    uint64_t answers;
    uint64_t bytes_each = max_answer_bytes;
  };

  AnswerCollector(const EndpointTemplate& of, std::string_view function, Limits limits, Take take)
      : of_(of), function_(function), limits_(limits), take_(std::move(take)) {}
  AnswerCollector(const AnswerCollector&) = delete;
  AnswerCollector& operator=(const AnswerCollector&) = delete;

  sluice_emit emit() { return {this, &AnswerCollector::on_emit}; }
  uint64_t count() const { return count_; }

  // The result of the whole call: what was wrong with the answers, else the plugin's own status. A plugin
  // that was told to stop has no say.
  Status finish(Status call);

 private:
  static int32_t on_emit(void* self, sluice_str text) noexcept;
  bool accept(sluice_str text);

  const EndpointTemplate& of_;
  std::string_view function_;
  Limits limits_;
  Take take_;
  uint64_t count_ = 0;
  bool stopped_ = false;
  Status failure_;
};

// Calls the plugin with a collector: `call` gets the emit callback and the error struct.
template <class Call>
Status collect_answers(const EndpointTemplate& of, std::string_view function, AnswerCollector::Limits limits,
                       AnswerCollector::Take take, Call&& call) {
  AnswerCollector collector(of, function, limits, std::move(take));
  return collector.finish(
      call_plugin(of, function, [&](sluice_error* error) { return call(collector.emit(), error); }));
}

}  // namespace sluice::host
