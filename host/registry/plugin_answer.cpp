#include "host/registry/plugin_answer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>

namespace sluice::host {
namespace {

constexpr size_t max_depth = 64;

}  // namespace

Result<boost::json::object> parse_answer(const EndpointTemplate& of, std::string_view function,
                                         sluice_str text, uint64_t max_bytes) {
  if (text.size > max_bytes)
    return bad_answer(
        of, function,
        std::to_string(text.size) + " bytes of JSON; at most " + std::to_string(max_bytes) + " are allowed");
  if (!text.data) return bad_answer(of, function, "an empty answer");
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code failure;
  boost::json::value value = boost::json::parse(view(text), failure, {}, options);
  if (failure) return bad_answer(of, function, "not JSON: " + failure.message());
  if (!value.is_object()) return bad_answer(of, function, "not a JSON object");
  return std::move(value.get_object());
}

int32_t AnswerCollector::on_emit(void* self, sluice_str text) noexcept {
  auto& collector = *static_cast<AnswerCollector*>(self);
  // A plugin that goes on after it was told to stop is not listened to.
  if (collector.stopped_) return 1;
  try {
    collector.stopped_ = !collector.accept(text);
  } catch (const Error& error) {
    collector.failure_ = error;
    collector.stopped_ = true;
  } catch (...) {
    collector.failure_ = Error(ErrorClass::system, "E_INTERNAL", "the host could not take a plugin's answer");
    collector.stopped_ = true;
  }
  return collector.stopped_ ? 1 : 0;
}

bool AnswerCollector::accept(sluice_str text) {
  if (++count_ > limits_.answers) {
    failure_ = bad_answer(of_, function_, "more than " + std::to_string(limits_.answers) + " answers");
    return false;
  }
  Result<boost::json::object> object = parse_answer(of_, function_, text, limits_.bytes_each);
  if (!object) {
    failure_ = std::move(object).error();
    return false;
  }
  return take_(*std::move(object));
}

Status AnswerCollector::finish(Status call) {
  if (!failure_) return std::move(failure_);
  if (stopped_) return {};
  return call;
}

}  // namespace sluice::host
