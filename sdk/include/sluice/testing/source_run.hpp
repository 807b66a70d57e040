// A source under test, called through the ABI tables as the host calls it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/plugin.hpp"
#include "sluice/testing/fake_services.hpp"
#include "sluice/testing/fake_writer.hpp"

namespace sluice::testing {

namespace internal {

// Collects what an ABI call emits.
class Emitted {
 public:
  sluice_emit abi() {
    return {this, [](void* self, sluice_str json) -> int32_t {
              static_cast<Emitted*>(self)->texts.emplace_back(view(json));
              return 0;
            }};
  }
  std::vector<Json> json() const {
    std::vector<Json> out;
    for (const std::string& text : texts) out.push_back(Json::parse(text));
    return out;
  }
  std::vector<std::string> texts;
};

// Makes an ABI call and throws what it answers.
template <class Call>
void call(Call&& function) {
  sluice_error error = new_abi_error();
  from_abi(function(&error), error).throw_if_failed();
}

}  // namespace internal

struct ReadOptions {
  std::string unit_id = {};                    // empty: the first unit that the source lists
  std::optional<std::string> checkpoint = {};  // JSON text; present: an incremental read from it
  bool incremental = false;                    // also without a checkpoint
  std::optional<std::string> slice = {};       // JSON text from plan()
  uint32_t slice_index = 0, slice_count = 1;
  uint32_t threads = 1;
  std::optional<bool> tables = {};  // absent: the first format that the template declares
  WriterLimits limits = {};
};

// What a read() did.
class SourceRun {
 public:
  std::optional<Error> error;
  std::unique_ptr<FakeWriter> writer;

  bool ok() const { return !error; }
  // E_... of the failure, empty when there was none.
  std::string code() const { return error ? error->code() : std::string(); }
  std::vector<std::string> documents() const { return writer->documents(); }
  std::vector<std::string> rows() const { return writer->rows(); }
  const std::vector<FrameBytes>& frames() const { return writer->frames(); }
  std::string checkpoint() const { return writer->checkpoint(); }
  const std::vector<Rejection>& rejections() const { return writer->rejections(); }
  uint64_t filtered() const { return writer->filtered(); }
};

// Owns one instance. `host` must outlive it. Functions throw the Error that the source answers.
class SourceUnderTest {
 public:
  SourceUnderTest(const sluice_source& source, std::string_view formats)
      : source_(source), tables_first_(formats.substr(0, 6) == "tables") {}
  SourceUnderTest(SourceUnderTest&& other) noexcept
      : source_(std::exchange(other.source_, {})), tables_first_(other.tables_first_) {}
  SourceUnderTest(const SourceUnderTest&) = delete;
  SourceUnderTest& operator=(const SourceUnderTest&) = delete;
  SourceUnderTest& operator=(SourceUnderTest&&) = delete;
  ~SourceUnderTest() {
    if (source_.api) source_.api->destroy(source_.self);
  }

  std::vector<Json> units() {
    internal::Emitted out;
    internal::call([&](sluice_error* error) { return source_.api->units(source_.self, out.abi(), error); });
    return out.json();
  }
  Json unit(std::string_view id) {
    internal::Emitted out;
    internal::call(
        [&](sluice_error* error) { return source_.api->unit(source_.self, abi(id), out.abi(), error); });
    return out.json().at(0);
  }
  void check() {
    internal::call([&](sluice_error* error) { return source_.api->check(source_.self, error); });
  }
  std::vector<Json> plan(uint32_t max_slices, const ReadOptions& options = {}) {
    internal::Emitted out;
    with_request(options, [&](const sluice_read_request& request) {
      internal::call([&](sluice_error* error) {
        return source_.api->plan(source_.self, &request, max_slices, out.abi(), error);
      });
    });
    return out.json();
  }
  // `slices`: an array of {"slice": ..., "checkpoint": ...}.
  Json merge(const Json& before, const Json& slices) {
    internal::Emitted out;
    const std::string given = Json::object({{"before", before}, {"slices", slices}}).dump();
    internal::call(
        [&](sluice_error* error) { return source_.api->merge(source_.self, abi(given), out.abi(), error); });
    return out.json().at(0);
  }
  void cancel() { source_.api->cancel(source_.self); }

  // Once an instance. The failure stands in the result; units() may throw when no unit is given.
  SourceRun read(const ReadOptions& options = {}) {
    return read(options, std::make_unique<FakeWriter>(options.limits));
  }
  SourceRun read(const ReadOptions& options, std::unique_ptr<FakeWriter> writer) {
    SourceRun run;
    run.writer = std::move(writer);
    with_request(options, [&](const sluice_read_request& request) {
      sluice_error error = new_abi_error();
      Status status = from_abi(source_.api->read(source_.self, &request, run.writer->abi(), &error), error);
      if (!status.ok()) run.error = std::move(status).take_error();
    });
    return run;
  }

 private:
  static sluice_str abi(std::string_view text) { return sluice::abi(text); }
  template <class Use>
  void with_request(const ReadOptions& options, Use&& use) {
    std::string unit_id = options.unit_id;
    if (unit_id.empty()) {
      const std::vector<Json> all = units();
      if (all.empty()) throw Error(ErrorClass::config, "E_UNIT_UNKNOWN", "the source lists no unit");
      unit_id = all[0].at("unitId").as_string();
    }
    const std::string checkpoint = options.checkpoint.value_or(""), slice = options.slice.value_or("");
    sluice_read_request request{};
    request.size = sizeof request;
    request.slice_index = options.slice_index;
    request.slice_count = options.slice_count;
    request.incremental = options.incremental || options.checkpoint.has_value();
    request.unit_id = abi(unit_id);
    request.slice = abi(slice);
    request.checkpoint = abi(checkpoint);
    request.format = abi(options.tables.value_or(tables_first_) ? "tables" : "documents");
    request.run_id = abi("test-run");
    request.threads = options.threads;
    use(request);
  }

  sluice_source source_;
  bool tables_first_;
};

// Creates a source of class T (or Both<...>) with a configuration as JSON text, as the host would: valid
// against the schema, defaults filled in.
template <class T>
SourceUnderTest make_source(FakeHost& host, std::string_view config = "{}") {
  sluice_source source{};
  internal::call([&](sluice_error* error) {
    return sluice::detail::Entry<T>::create_source(host.abi(), abi(T::info.id), abi(config), &source, error);
  });
  return SourceUnderTest(source, sluice::detail::SourceOf<T>::type::source_info.formats);
}

// Makes a source and reads one unit to the end.
template <class T>
SourceRun read_source(FakeHost& host, std::string_view config = "{}", const ReadOptions& options = {}) {
  return make_source<T>(host, config).read(options);
}

}  // namespace sluice::testing
