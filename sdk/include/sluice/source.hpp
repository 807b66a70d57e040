// The base class of sources. Derive, override units() and read(), export with SLUICE_PLUGIN.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/abi/source.h"
#include "sluice/batch/types.hpp"
#include "sluice/host_services.hpp"
#include "sluice/source_writer.hpp"

namespace sluice {

// What a source says about a unit. Only the id is required.
struct Unit {
  std::string id;
  std::string title = {};
  std::string content_type = {};       // of documents: application/json, text/plain, ...
  std::optional<uint64_t> bytes = {};  // expected, when known
  std::optional<uint64_t> records = {};
  std::vector<std::string> modes = {};    // empty: all that the template has
  std::vector<std::string> formats = {};  // empty: all that the template has
  std::vector<Field> schema = {};         // of tables
  Json details = {};                      // an object of whatever else is worth telling

  Json to_json() const {
    Json out = Json::object({{"unitId", id}});
    if (!title.empty()) out.set("title", title);
    if (!content_type.empty()) out.set("contentType", content_type);
    if (bytes) out.set("bytes", *bytes);
    if (records) out.set("records", *records);
    if (!modes.empty()) out.set("modes", list(modes));
    if (!formats.empty()) out.set("formats", list(formats));
    if (!schema.empty()) {
      Json fields = Json::array();
      for (const Field& field : schema)
        fields.push_back(Json::object(
            {{"name", field.name}, {"type", to_string(field.type)}, {"nullable", field.nullable}}));
      out.set("schema", std::move(fields));
    }
    if (details.is_object()) out.set("details", details);
    return out;
  }

 private:
  static Json list(const std::vector<std::string>& names) {
    Json out = Json::array();
    for (const std::string& name : names) out.push_back(name);
    return out;
  }
};

struct ReadRequest {
  std::string unit_id;
  bool incremental = false;
  std::optional<Json> checkpoint;  // one that this source attached earlier; absent: from the beginning
  std::optional<Json> slice;       // one that plan() gave; absent: the whole unit
  uint32_t slice_index = 0, slice_count = 1;
  bool tables = false;  // the format asked for: tables, else documents
  std::string run_id;
  uint32_t threads = 1;  // that read() may keep busy, its own included
};

// One instance is used by one thread at a time, except cancel(). Threads that read() starts end before it
// does, and never touch the writer or the host. Throw sluice::Error to fail.
class Source {
 public:
  virtual ~Source() = default;

  // Gives each unit to `out`, until it answers false.
  virtual void units(const std::function<bool(const Unit&)>& out) = 0;

  // Reads the unit, or the slice, to its present end. Called once an instance. Stop soon when the host says
  // cancelled(); `out` throws by itself when it is.
  virtual void read(const ReadRequest& request, SourceWriter& out) = 0;

  // Reaches out as read() would, without moving data.
  virtual void check() {
    units([](const Unit&) { return false; });
  }
  // The unit of that id, or nothing. Override where listing all is expensive.
  virtual std::optional<Unit> unit(std::string_view id) {
    std::optional<Unit> found;
    units([&](const Unit& candidate) {
      if (candidate.id == id) found = candidate;
      return !found;
    });
    return found;
  }
  // Up to `max_slices` objects that together cover what read(request) would; none: the unit is read as a
  // whole. With request.threads above 1 the sink takes slices in their order: a source that can work with
  // that many threads in one read plans none.
  virtual std::vector<Json> plan(const ReadRequest& request, uint32_t max_slices) {
    (void)request;
    (void)max_slices;
    return {};
  }
  // The unit's checkpoint, when all slices of a plan are done. `before`: the checkpoint the plan began from,
  // or null. `slices`: an array of {"slice": ..., "checkpoint": ...}. Needed with plan().
  virtual Json merge(const Json& before, const Json& slices) {
    (void)before;
    (void)slices;
    throw Error(ErrorClass::system, "E_PLUGIN_BUG",
                "the source plans slices but cannot merge their checkpoints");
  }
  // [any thread] Makes a blocked read() return soon.
  virtual void cancel() noexcept {}
};

}  // namespace sluice
