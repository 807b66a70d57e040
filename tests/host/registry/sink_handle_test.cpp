// What the host makes of sinks that behave and of sinks that do not.
#include "host/registry/sink_handle.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>
#include <stdexcept>

#include "fake_plugin.hpp"

namespace sluice::host {
namespace {

using namespace testing;

struct FakeSink {
  std::function<sluice_status(sluice_emit, sluice_error*)> open = [](sluice_emit, sluice_error*) {
    return SLUICE_OK;
  };
  std::function<sluice_status(sluice_write_result*, sluice_error*)> write;
  std::function<sluice_status(const sluice_commit_token&, uint32_t*, sluice_error*)> commit;
  std::function<sluice_status(sluice_error*)> abort;
  sluice_sink_api api{};
  int destroyed = 0;

  void fill_table() {
    api.size = sizeof api;
    api.destroy = [](void* self) { ++at(self).destroyed; };
    api.open = [](void* self, const sluice_write_request*, sluice_emit out, sluice_error* error) {
      return at(self).open(out, error);
    };
    api.write = [](void* self, sluice_bytes, const sluice_sink_rejects*, sluice_write_result* result,
                   sluice_error* error) { return at(self).write(result, error); };
    api.commit = [](void* self, const sluice_commit_token* token, uint32_t* reached, sluice_error* error) {
      return at(self).commit(*token, reached, error);
    };
    if (abort) api.abort = [](void* self, sluice_error* error) { return at(self).abort(error); };
  }
  static FakeSink& at(void* self) { return *static_cast<FakeSink*>(self); }
};

FakeSink* next_sink = nullptr;

sluice_status create(const sluice_host*, sluice_str, sluice_str, sluice_sink* out, sluice_error*) {
  *out = {sizeof(sluice_sink), 0, next_sink, &next_sink->api};
  return SLUICE_OK;
}

Result<SinkHandle> try_open(FakeSink& fake) {
  sluice_plugin entry{};
  entry.create_sink = create;
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin_of("acme", {template_json("acme.out", "sink")}, entry)).ok());
  next_sink = &fake;
  return registry.create_sink("acme.out", "{}", nullptr);
}

SinkHandle make(FakeSink& fake) {
  fake.fill_table();
  Result<SinkHandle> handle = try_open(fake);
  BOOST_REQUIRE(handle.has_value());
  return *std::move(handle);
}

void check_error(const Error& error, std::string_view code, std::string_view part) {
  BOOST_TEST(error.code() == code);
  BOOST_TEST(contains(error.message(), "acme.out (plugin acme)"), error.message());
  BOOST_TEST(contains(error.message(), part), error.message());
}

std::array<std::byte, sizeof(sluice_frame_header)> frame_of(uint32_t records) {
  sluice_frame_header header{};
  header.record_count = records;
  std::array<std::byte, sizeof header> bytes;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sink_handle)

BOOST_AUTO_TEST_CASE(frees_the_instance_once_and_refuses_an_incomplete_one) {
  FakeSink fake;
  { SinkHandle moved = make(fake); }
  BOOST_TEST(fake.destroyed == 1);
  fake.api.commit = nullptr;
  Result<SinkHandle> handle = try_open(fake);
  BOOST_REQUIRE(handle.has_error());
  check_error(handle.error(), "E_PLUGIN_ANSWER", "required function");
  BOOST_TEST(fake.destroyed == 2);
}

BOOST_AUTO_TEST_CASE(open_gives_the_last_token_or_none) {
  FakeSink fake;
  SinkHandle sink = make(fake);
  BOOST_TEST(!sink.open({}).value().has_value());
  fake.open = [](sluice_emit out, sluice_error*) {
    out.emit(out.self, abi(R"({"runId":"r1"})"));
    return SLUICE_OK;
  };
  BOOST_TEST(sink.open({}).value().value().at("runId").as_string() == "r1");
  fake.open = [](sluice_emit out, sluice_error*) {
    out.emit(out.self, abi("{}"));
    out.emit(out.self, abi("{}"));
    return SLUICE_OK;
  };
  check_error(sink.open({}).error(), "E_PLUGIN_ANSWER", "more than 1 answers");
  fake.open = [](sluice_emit out, sluice_error*) {
    out.emit(out.self, abi("token"));
    return SLUICE_OK;
  };
  check_error(sink.open({}).error(), "E_PLUGIN_ANSWER", "not JSON");
  fake.open = [](sluice_emit, sluice_error* error) {
    return fail(error, SLUICE_SYSTEM, "E_DISK", "disk full");
  };
  check_error(sink.open({}).error(), "E_DISK", "disk full");
}

BOOST_AUTO_TEST_CASE(counts_of_a_batch_must_add_up) {
  FakeSink fake;
  SinkHandle sink = make(fake);
  auto frame = frame_of(10);
  auto write = [&](uint64_t written, uint64_t rejected, uint64_t filtered) {
    fake.write = [=](sluice_write_result* result, sluice_error*) {
      result->written = written, result->rejected = rejected, result->filtered = filtered;
      return SLUICE_OK;
    };
    return sink.write(frame, {});
  };
  Result<sluice_write_result> good = write(7, 2, 1);
  BOOST_REQUIRE(good.has_value());
  BOOST_TEST(good->written == 7u);
  check_error(write(7, 2, 0).error(), "E_PLUGIN_ANSWER",
              "7 written, 2 rejected and 0 filtered of 10 records");
  check_error(write(11, 0, 0).error(), "E_PLUGIN_ANSWER", "of 10 records");
  check_error(write(UINT64_MAX, 11, 0).error(), "E_PLUGIN_ANSWER", "of 10 records");
  check_error(write(5, UINT64_MAX, 6).error(), "E_PLUGIN_ANSWER", "of 10 records");
}

BOOST_AUTO_TEST_CASE(failures_and_exceptions_of_write_name_the_plugin) {
  FakeSink fake;
  SinkHandle sink = make(fake);
  auto frame = frame_of(1);
  fake.write = [](sluice_write_result*, sluice_error* error) {
    return fail(error, SLUICE_TRANSIENT, "E_BUSY", "locked");
  };
  Result<sluice_write_result> busy = sink.write(frame, {});
  check_error(busy.error(), "E_BUSY", "locked");
  BOOST_TEST(busy.error().transient());
  fake.write = [](sluice_write_result*, sluice_error*) -> sluice_status {
    throw std::logic_error("impossible");
  };
  check_error(sink.write(frame, {}).error(), "E_PLUGIN_THREW", "impossible");
  fake.write = [](sluice_write_result*, sluice_error*) -> sluice_status { return 99; };
  BOOST_TEST((sink.write(frame, {}).error().error_class() == ErrorClass::system));
}

BOOST_AUTO_TEST_CASE(commit_tells_what_it_reached) {
  FakeSink fake;
  SinkHandle sink = make(fake);
  std::string token;
  uint32_t final_seen = 7;
  auto reach = [&](uint32_t what) {
    fake.commit = [&, what](const sluice_commit_token& given, uint32_t* reached, sluice_error*) {
      token = view(given.token), final_seen = given.final_commit;
      *reached = what;
      return SLUICE_OK;
    };
  };
  reach(SLUICE_COMMIT_DEFERRED);
  BOOST_TEST((sink.commit(R"({"runId":"r"})", false).value() == CommitReached::deferred));
  BOOST_TEST(token == R"({"runId":"r"})");
  BOOST_TEST(final_seen == 0u);
  check_error(sink.commit("{}", true).error(), "E_PLUGIN_ANSWER", "final commit");
  reach(SLUICE_COMMIT_DURABLE);
  BOOST_TEST((sink.commit("{}", true).value() == CommitReached::durable));
  BOOST_TEST(final_seen == 1u);
  reach(42);
  check_error(sink.commit("{}", false).error(), "E_PLUGIN_ANSWER", "reached 42");
  fake.commit = [](const sluice_commit_token&, uint32_t*, sluice_error*) { return SLUICE_OK; };
  check_error(sink.commit("{}", false).error(), "E_PLUGIN_ANSWER", "nothing known");
}

BOOST_AUTO_TEST_CASE(optional_functions_may_be_missing) {
  FakeSink fake;
  fake.abort = [](sluice_error* error) { return fail(error, SLUICE_SYSTEM, "E_ABORT", "cannot take back"); };
  SinkHandle sink = make(fake);
  BOOST_TEST(sink.check().ok());
  sink.cancel();
  check_error(sink.abort().error(), "E_ABORT", "cannot take back");
  fake.api.size = offsetof(sluice_sink_api, abort);
  BOOST_TEST(sink.abort().ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
