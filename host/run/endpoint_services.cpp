#include "host/run/endpoint_services.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "sluice/error.hpp"

namespace sluice::host {

namespace {

constexpr size_t most_metrics = 64;
constexpr size_t longest_name = 128;
constexpr size_t longest_message = 8192;

EndpointServices& get(void* self) {
  return *static_cast<EndpointServices*>(self);
}

// Fields are outside data: anything but a flat object is kept as one text.
LogFields parse_fields(std::string_view text) {
  if (text.empty()) return {};
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text.substr(0, longest_message), error);
  if (error || !value.is_object()) return {{"fields", std::string(text.substr(0, 256))}};
  LogFields fields;
  for (const auto& member : value.get_object()) {
    if (fields.size() == 32) break;
    fields.emplace_back(member.key(), member.value().is_string() ? std::string(member.value().get_string())
                                                                 : boost::json::serialize(member.value()));
  }
  return fields;
}

}  // namespace

EndpointServices::EndpointServices(RunLog log, RunSignal& signal, StopLevel stop_at,
                                   std::filesystem::path base_dir)
    : log_(std::move(log)),
      signal_(signal),
      stop_at_(stop_at),
      base_dir_(std::move(base_dir)),
      table_{sizeof(sluice_host),    SLUICE_ABI_VERSION,           this,
             &EndpointServices::log, &EndpointServices::cancelled, &EndpointServices::wait,
             &EndpointServices::now, &EndpointServices::metric,    &EndpointServices::secret} {}

std::map<std::string, double> EndpointServices::metrics() const {
  std::lock_guard lock(mutex_);
  return metrics_;
}

void EndpointServices::log(void* self, int32_t level, sluice_str message, sluice_str fields) {
  level = std::clamp<int32_t>(level, SLUICE_LOG_TRACE, SLUICE_LOG_ERROR);
  get(self).log_.write(static_cast<Severity>(level), view(message).substr(0, longest_message),
                       parse_fields(view(fields)));
}

int32_t EndpointServices::cancelled(void* self) {
  return get(self).signal_.level() >= get(self).stop_at_ ? 1 : 0;
}

int32_t EndpointServices::wait(void* self, uint64_t milliseconds) {
  constexpr uint64_t a_day = 24ull * 3600 * 1000;
  return get(self).signal_.wait(std::chrono::milliseconds(std::min(milliseconds, a_day)), get(self).stop_at_)
             ? 1
             : 0;
}

int64_t EndpointServices::now(void*) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void EndpointServices::metric(void* self, sluice_str name, double value) {
  std::string key(view(name).substr(0, longest_name));
  std::lock_guard lock(get(self).mutex_);
  auto& metrics = get(self).metrics_;
  if (auto found = metrics.find(key); found != metrics.end())
    found->second += value;
  else if (metrics.size() < most_metrics)
    metrics.emplace(std::move(key), value);
}

sluice_status EndpointServices::secret(void* self, sluice_str reference, sluice_emit out,
                                       sluice_error* error) {
  Result<Resolved> resolved = resolve_references(boost::json::string(view(reference)), get(self).base_dir_);
  if (!resolved) return to_abi(resolved.error(), error);
  std::string_view text = resolved->value.get_string();
  out.emit(out.self, abi(text));
  return SLUICE_OK;
}

}  // namespace sluice::host
