#include "host/registry/source_handle.hpp"

#include <optional>
#include <string>
#include <utility>

#include "host/config/nearest_name.hpp"
#include "host/registry/instance.hpp"
#include "host/registry/plugin_answer.hpp"
#include "host/registry/plugin_call.hpp"
#include "sluice/abi/frame.h"

namespace sluice::host {
namespace {

// As many names as are looked at for the one that was meant.
constexpr size_t max_names_to_compare = 10'000;

std::string_view unit_id_of(const boost::json::object& unit) {
  const boost::json::value* id = unit.if_contains("unitId");
  return id && id->is_string() ? std::string_view(id->get_string()) : std::string_view();
}

}  // namespace

Result<SourceHandle> SourceHandle::create(EndpointTemplatePtr of, std::string_view config,
                                          const sluice_host* host, const InstancePlace& place) {
  if (!of->descriptor.source) return wrong_role(*of, "source");
  sluice_source source{};
  source.size = sizeof source;
  Status created = place.maker ? place.maker->make_source(of, config, host, place.places, source)
                               : create_instance(*of, &sluice_plugin::create_source, config, host, source);
  if (!created && place.maker) return named(*of, created.error());
  if (!created) return std::move(created).take_error();
  SourceHandle handle(std::move(of), source);
  if (Status complete = handle.complete(); !complete) return std::move(complete).take_error();
  return handle;
}

SourceHandle::SourceHandle(EndpointTemplatePtr of, const sluice_source& source)
    : template_(std::move(of)), source_(source) {}

SourceHandle::SourceHandle(SourceHandle&& other) noexcept
    : template_(std::move(other.template_)), source_(std::exchange(other.source_, sluice_source{})) {}

SourceHandle& SourceHandle::operator=(SourceHandle&& other) noexcept {
  if (this == &other) return *this;
  destroy();
  template_ = std::move(other.template_);
  source_ = std::exchange(other.source_, sluice_source{});
  return *this;
}

SourceHandle::~SourceHandle() {
  destroy();
}

void SourceHandle::destroy() noexcept {
  destroy_instance(source_);
}

Status SourceHandle::complete() const {
  using Api = sluice_source_api;
  return check_instance(*template_, "create_source", source_, &Api::destroy, &Api::units, &Api::read);
}

Status SourceHandle::check() {
  if (!provides(*source_.api, &sluice_source_api::check))
    return units([](boost::json::object&&) { return false; });
  return call_plugin(*template_, "check",
                     [&](sluice_error* error) { return source_.api->check(source_.self, error); });
}

Status SourceHandle::units(const std::function<bool(boost::json::object&&)>& take) {
  auto checked = [&](boost::json::object&& unit) {
    if (unit_id_of(unit).empty()) throw bad_answer(*template_, "units", "a unit without a unitId");
    return take(std::move(unit));
  };
  return collect_answers(
      *template_, "units", {.answers = max_units}, checked,
      [&](sluice_emit out, sluice_error* error) { return source_.api->units(source_.self, out, error); });
}

Result<boost::json::object> SourceHandle::unit(std::string_view unit_id) {
  if (provides(*source_.api, &sluice_source_api::unit)) return ask_for_unit(unit_id);
  std::optional<boost::json::object> found;
  Status status = units([&](boost::json::object&& unit) {
    if (unit_id_of(unit) == unit_id) found = std::move(unit);
    return !found;
  });
  if (!status) return std::move(status).take_error();
  if (!found) return unknown_unit(unit_id);
  return *std::move(found);
}

Result<boost::json::object> SourceHandle::ask_for_unit(std::string_view unit_id) {
  std::optional<boost::json::object> found;
  auto take = [&](boost::json::object&& unit) {
    if (unit_id_of(unit) != unit_id)
      throw bad_answer(*template_, "unit", "another unit than the one asked for");
    found = std::move(unit);
    return true;
  };
  Status status =
      collect_answers(*template_, "unit", {.answers = 1}, take, [&](sluice_emit out, sluice_error* error) {
        return source_.api->unit(source_.self, abi(unit_id), out, error);
      });
  if (!status && status.error().code() == "E_UNIT_UNKNOWN") return unknown_unit(unit_id);
  if (!status) return std::move(status).take_error();
  if (!found) return bad_answer(*template_, "unit", "no unit and no error");
  return *std::move(found);
}

Error SourceHandle::unknown_unit(std::string_view unit_id) {
  std::vector<std::string> names;
  // A source that cannot list its units now only costs the suggestion.
  Status listed = units([&](boost::json::object&& unit) {
    names.emplace_back(unit_id_of(unit));
    return names.size() < max_names_to_compare;
  });
  std::string hint = listed ? did_you_mean(unit_id, names_of(names)) : std::string();
  if (hint.empty()) hint = "ask for the endpoint's units to see what there is";
  return Error(ErrorClass::config, "E_UNIT_UNKNOWN",
               full_name(*template_) + ": there is no unit " + std::string(unit_id), std::string(unit_id),
               std::move(hint));
}

bool SourceHandle::can_plan() const {
  return provides_all(*source_.api, &sluice_source_api::plan, &sluice_source_api::merge);
}

Result<std::vector<boost::json::object>> SourceHandle::plan(const sluice_read_request& request,
                                                            uint32_t max_slices) {
  if (!can_plan()) return not_provided(*template_, "plan");
  std::vector<boost::json::object> slices;
  auto take = [&](boost::json::object&& slice) {
    slices.push_back(std::move(slice));
    return true;
  };
  Status status = collect_answers(*template_, "plan", {.answers = max_slices}, take,
                                  [&](sluice_emit out, sluice_error* error) {
                                    return source_.api->plan(source_.self, &request, max_slices, out, error);
                                  });
  if (!status) return std::move(status).take_error();
  return slices;
}

Result<boost::json::object> SourceHandle::merge(std::string_view slices) {
  if (!can_plan()) return not_provided(*template_, "merge");
  std::optional<boost::json::object> checkpoint;
  auto take = [&](boost::json::object&& answer) {
    checkpoint = std::move(answer);
    return true;
  };
  Status status =
      collect_answers(*template_, "merge", {.answers = 1, .bytes_each = SLUICE_CHECKPOINT_MAX_BYTES}, take,
                      [&](sluice_emit out, sluice_error* error) {
                        return source_.api->merge(source_.self, abi(slices), out, error);
                      });
  if (!status) return std::move(status).take_error();
  if (!checkpoint) return bad_answer(*template_, "merge", "no checkpoint and no error");
  return *std::move(checkpoint);
}

Status SourceHandle::read(const sluice_read_request& request, const sluice_writer& out) {
  return call_plugin(*template_, "read", [&](sluice_error* error) {
    return source_.api->read(source_.self, &request, &out, error);
  });
}

void SourceHandle::cancel() noexcept {
  if (!provides(*source_.api, &sluice_source_api::cancel)) return;
  call_silently([&] { source_.api->cancel(source_.self); });
}

}  // namespace sluice::host
