// A sink under test, called through the ABI tables as the host calls it.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/testing/frames.hpp"
#include "sluice/testing/source_run.hpp"

namespace sluice::testing {

struct WriteOptions {
  std::string unit_id = "unit";
  std::string unit_key = "test/unit";
  std::string unit = R"({"unitId":"unit"})";   // JSON text, as a source describes it
  std::optional<std::string> checkpoint = {};  // JSON text from which the source goes on
  bool incremental = false;
  std::optional<bool> tables = {};  // absent: the first format that the template declares
  std::string content_type = "application/json";
  bool to_disk = false;
  uint32_t slice_index = 0, slice_count = 1;
  uint64_t epoch = 0;  // the caller's number of the attempt; 0: none
};

struct SinkRejection {
  uint64_t batch;  // counted from 0
  uint32_t record;
  std::string code, reason;
};

// Owns one instance. `host` must outlive it. Functions throw the Error that the sink answers.
class SinkRun {
 public:
  SinkRun(const sluice_sink& sink, std::string_view formats)
      : sink_(sink), tables_first_(formats.substr(0, 6) == "tables") {}
  SinkRun(SinkRun&& other) noexcept
      : sink_(std::exchange(other.sink_, {})),
        tables_first_(other.tables_first_),
        max_rejected_(other.max_rejected_),
        batches_(other.batches_),
        totals_(other.totals_),
        rejections_(std::move(other.rejections_)) {}
  SinkRun(const SinkRun&) = delete;
  SinkRun& operator=(const SinkRun&) = delete;
  SinkRun& operator=(SinkRun&&) = delete;
  ~SinkRun() {
    if (sink_.api) sink_.api->destroy(sink_.self);
  }

  void set_max_rejected(uint64_t records) { max_rejected_ = records; }

  void check() {
    internal::call([&](sluice_error* error) { return sink_.api->check(sink_.self, error); });
  }
  // Gives the last token that the sink holds, if any.
  std::optional<Json> open(const WriteOptions& options = {}) {
    sluice_write_request request{};
    request.size = sizeof request;
    request.slice_index = options.slice_index;
    request.slice_count = options.slice_count;
    request.epoch = options.epoch;
    request.incremental = options.incremental;
    request.unit_id = abi(options.unit_id);
    request.unit_key = abi(options.unit_key);
    request.unit = abi(options.unit);
    if (options.checkpoint) request.checkpoint = abi(*options.checkpoint);
    request.format = abi(options.tables.value_or(tables_first_) ? "tables" : "documents");
    request.content_type = abi(options.content_type);
    request.durability = abi(options.to_disk ? "disk" : "os");
    request.run_id = abi("test-run");
    internal::Emitted out;
    internal::call(
        [&](sluice_error* error) { return sink_.api->open(sink_.self, &request, out.abi(), error); });
    if (out.texts.empty()) return std::nullopt;
    return Json::parse(out.texts[0]);
  }
  // A frame of frames.hpp, or one that a source published. The sink's counts must add up.
  WriteResult write_frame(const FrameBytes& frame) {
    check_frame(frame).throw_if_failed();
    rejected_now_ = 0;
    const sluice_sink_rejects rejects{sizeof(sluice_sink_rejects), 0, this, reject};
    sluice_write_result result{};
    result.size = sizeof result;
    const BatchView batch(frame);
    internal::call([&](sluice_error* error) {
      return sink_.api->write(sink_.self, {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()},
                              &rejects, &result, error);
    });
    ++batches_;
    if (result.written + result.rejected + result.filtered != batch.size() ||
        result.rejected != rejected_now_)
      throw Error(ErrorClass::system, "E_PLUGIN_ANSWER",
                  "write() counts " + std::to_string(result.written) + " written, " +
                      std::to_string(result.rejected) + " rejected (" + std::to_string(rejected_now_) +
                      " were), " + std::to_string(result.filtered) + " filtered of " +
                      std::to_string(batch.size()));
    totals_.written += result.written;
    totals_.rejected += result.rejected;
    totals_.filtered += result.filtered;
    totals_.bytes += result.bytes;
    return {result.written, result.rejected, result.filtered, result.bytes};
  }
  WriteResult write(const std::vector<std::string>& documents) {
    return write_frame(documents_frame(documents));
  }
  // Rows as table_frame() takes them.
  WriteResult write_rows(const std::vector<Field>& fields, const std::vector<std::string>& rows) {
    return write_frame(table_frame(fields, rows));
  }
  // `token` is JSON text.
  Reached commit(bool final, std::string_view token) {
    const sluice_commit_token given{sizeof(sluice_commit_token), final ? 1u : 0u, abi(token)};
    uint32_t reached = SLUICE_COMMIT_DURABLE;
    internal::call(
        [&](sluice_error* error) { return sink_.api->commit(sink_.self, &given, &reached, error); });
    return static_cast<Reached>(reached);
  }
  // With a token as the host makes them: one slice, the last batch written.
  Reached commit(bool final = true) {
    const Json slice =
        Json::object({{"slice", 0}, {"sequence", batches_ ? Json(batches_ - 1) : Json(nullptr)}});
    return commit(
        final,
        Json::object({{"runId", "test-run"}, {"checkpoint", nullptr}, {"slices", Json::array({slice})}})
            .dump());
  }
  void abort() {
    internal::call([&](sluice_error* error) { return sink_.api->abort(sink_.self, error); });
  }
  void cancel() { sink_.api->cancel(sink_.self); }

  const WriteResult& totals() const { return totals_; }
  const std::vector<SinkRejection>& rejections() const { return rejections_; }

 private:
  static sluice_str abi(std::string_view text) { return sluice::abi(text); }
  static sluice_status reject(void* self, uint32_t record, sluice_str code, sluice_str reason,
                              sluice_error* error) {
    auto& run = *static_cast<SinkRun*>(self);
    ++run.rejected_now_;
    run.rejections_.push_back({run.batches_, record, std::string(view(code)), std::string(view(reason))});
    if (run.rejections_.size() <= run.max_rejected_) return SLUICE_OK;
    return to_abi(Error(ErrorClass::config, "E_TOO_MANY_REJECTED",
                        "more than " + std::to_string(run.max_rejected_) + " records were rejected"),
                  error);
  }

  sluice_sink sink_;
  bool tables_first_;
  uint64_t max_rejected_ = std::numeric_limits<uint64_t>::max();
  uint64_t batches_ = 0, rejected_now_ = 0;
  WriteResult totals_;
  std::vector<SinkRejection> rejections_;
};

// Creates a sink of class T (or Both<...>) with a configuration as JSON text.
template <class T>
SinkRun make_sink(FakeHost& host, std::string_view config = "{}") {
  sluice_sink sink{};
  internal::call([&](sluice_error* error) {
    return sluice::detail::Entry<T>::create_sink(host.abi(), abi(T::info.id), abi(config), &sink, error);
  });
  return SinkRun(sink, sluice::detail::SinkOf<T>::type::sink_info.formats);
}

}  // namespace sluice::testing
