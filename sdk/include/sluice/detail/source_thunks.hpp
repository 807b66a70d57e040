// The ABI table of a Source.
#pragma once

#include <algorithm>
#include <cstddef>

#include "sluice/detail/guard.hpp"
#include "sluice/source.hpp"

namespace sluice::detail {

struct SourceThunks {
  static Source& get(void* self) { return *static_cast<Source*>(self); }

  static ReadRequest request(const sluice_read_request& from) {
    ReadRequest to;
    to.unit_id = view(from.unit_id);
    to.incremental = from.incremental != 0;
    to.checkpoint = optional_json(from.checkpoint);
    to.slice = optional_json(from.slice);
    to.slice_index = from.slice_index;
    to.slice_count = from.slice_count;
    to.tables = view(from.format) == "tables";
    to.run_id = view(from.run_id);
    if (from.size >= offsetof(sluice_read_request, reserved)) to.threads = std::max(from.threads, 1u);
    return to;
  }
  static void destroy(void* self) { delete static_cast<Source*>(self); }
  static sluice_status units(void* self, sluice_emit out, sluice_error* error) {
    return guard(error,
                 [&] { get(self).units([&](const Unit& unit) { return emit(out, unit.to_json()); }); });
  }
  static sluice_status read(void* self, const sluice_read_request* from, const sluice_writer* out,
                            sluice_error* error) {
    return guard(error, [&] {
      SourceWriter writer(out);
      get(self).read(request(*from), writer);
    });
  }
  static sluice_status check(void* self, sluice_error* error) {
    return guard(error, [&] { get(self).check(); });
  }
  static sluice_status unit(void* self, sluice_str id, sluice_emit out, sluice_error* error) {
    return guard(error, [&] {
      std::optional<Unit> found = get(self).unit(view(id));
      if (!found)
        throw Error(ErrorClass::config, "E_UNIT_UNKNOWN", "no unit \"" + std::string(view(id)) + "\"");
      emit(out, found->to_json());
    });
  }
  static sluice_status plan(void* self, const sluice_read_request* from, uint32_t max_slices, sluice_emit out,
                            sluice_error* error) {
    return guard(error, [&] {
      for (const Json& slice : get(self).plan(request(*from), max_slices))
        if (!emit(out, slice)) return;
    });
  }
  static sluice_status merge(void* self, sluice_str slices, sluice_emit out, sluice_error* error) {
    return guard(error, [&] {
      Json given = Json::parse(view(slices));
      const Json* before = given.find("before");
      emit(out, get(self).merge(before ? *before : Json(), given.at("slices")));
    });
  }
  static void cancel(void* self) { get(self).cancel(); }

  static constexpr sluice_source_api api{
      sizeof(sluice_source_api), 0, destroy, units, read, check, unit, plan, merge, cancel};
};

}  // namespace sluice::detail
