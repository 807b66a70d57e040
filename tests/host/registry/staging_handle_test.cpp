// Staging providers of plugins: only whole sessions reach the host, and no session is left open.
#include "host/registry/staging_handle.hpp"

#include <boost/test/unit_test.hpp>

#include "fake_plugin.hpp"

namespace sluice::host {
namespace {

using namespace testing;

struct FakeStaging {
  std::string answer = R"({"stageId":"s1"})";
  sluice_status status = SLUICE_OK;
  sluice_staging_provider_api api{};
  sluice_staging_session_api session{};
  int destroyed = 0, closed = 0;

  FakeStaging() {
    api.size = sizeof api;
    api.strongest_durability = SLUICE_DURABILITY_OS;
    api.destroy = [](void* self) { ++at(self).destroyed; };
    api.open = [](void* self, const sluice_staging_request*, sluice_emit out, sluice_staging_session* opened,
                  sluice_error* error) -> sluice_status {
      FakeStaging& fake = at(self);
      if (fake.status != SLUICE_OK) return fail(error, fake.status, "E_FULL", "no room");
      if (!fake.answer.empty()) out.emit(out.self, abi(fake.answer));
      *opened = {sizeof *opened, 0, self, &fake.session};
      return SLUICE_OK;
    };
    session.size = sizeof session;
    session.close = [](void* self, int32_t) { ++at(self).closed; };
    session.claim = [](void*, uint32_t, uint64_t, sluice_span*, sluice_error*) { return SLUICE_OK; };
    session.publish = [](void*, uint32_t, uint64_t, sluice_error*) { return SLUICE_OK; };
    session.abandon = [](void*, uint32_t) {};
    session.seal = [](void*, uint32_t, uint32_t, sluice_error*) { return SLUICE_OK; };
    session.next = [](void*, uint32_t, uint64_t, sluice_bytes*, sluice_error*) { return SLUICE_OK; };
    session.release = [](void*, uint32_t) {};
    session.acknowledge = [](void*, uint32_t, uint64_t, sluice_str, sluice_error*) { return SLUICE_OK; };
    session.cancel = [](void*) {};
    session.stats = [](void*, sluice_staging_stats*) {};
  }
  static FakeStaging& at(void* self) { return *static_cast<FakeStaging*>(self); }
};

FakeStaging* next_staging = nullptr;

sluice_status create(const sluice_host*, sluice_str, sluice_str, sluice_staging_provider* out,
                     sluice_error*) {
  *out = {sizeof(sluice_staging_provider), 0, next_staging, &next_staging->api};
  return SLUICE_OK;
}

Result<StagingHandle> make(FakeStaging& fake) {
  sluice_plugin entry{};
  entry.create_staging = create;
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin_of("acme", {template_json("acme.stage", "staging")}, entry)).ok());
  next_staging = &fake;
  return registry.create_staging("acme.stage", "{}", nullptr);
}

void check_error(const Error& error, std::string_view code, std::string_view part) {
  BOOST_TEST(error.code() == code);
  BOOST_TEST(contains(error.message(), "acme.stage (plugin acme)"), error.message());
  BOOST_TEST(contains(error.message(), part), error.message());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(staging_handle)

BOOST_AUTO_TEST_CASE(opens_sessions_and_frees_the_provider) {
  FakeStaging fake;
  {
    Result<StagingHandle> handle = make(fake);
    BOOST_REQUIRE(handle.has_value());
    BOOST_TEST(handle->strongest_durability() == SLUICE_DURABILITY_OS);
    Result<OpenStaging> opened = handle->open({});
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(opened->stage_id == "s1");
    opened->session.api->close(opened->session.self, 0);
    fake.status = SLUICE_TRANSIENT;
    Result<OpenStaging> full = handle->open({});
    check_error(full.error(), "E_FULL", "no room");
    BOOST_TEST(full.error().transient());
  }
  BOOST_TEST(fake.closed == 1);
  BOOST_TEST(fake.destroyed == 1);
}

BOOST_AUTO_TEST_CASE(a_session_without_a_name_is_closed_again) {
  for (const char* answer : {"", "{}", R"({"stageId":""})", "s1"}) {
    FakeStaging fake;
    fake.answer = answer;
    Result<StagingHandle> handle = make(fake);
    BOOST_REQUIRE(handle.has_value());
    Result<OpenStaging> opened = handle->open({});
    BOOST_REQUIRE(opened.has_error());
    check_error(opened.error(), "E_PLUGIN_ANSWER", "open()");
    BOOST_TEST(fake.closed == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_incomplete_provider_or_session_is_refused) {
  FakeStaging fake;
  fake.session.acknowledge = nullptr;
  Result<StagingHandle> handle = make(fake);
  BOOST_REQUIRE(handle.has_value());
  check_error(handle->open({}).error(), "E_PLUGIN_ANSWER", "required function");
  fake.api.strongest_durability = 9;
  check_error(make(fake).error(), "E_PLUGIN_ANSWER", "durability");
  fake.api.open = nullptr;
  check_error(make(fake).error(), "E_PLUGIN_ANSWER", "required function");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
