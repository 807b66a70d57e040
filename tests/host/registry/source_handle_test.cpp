// What the host makes of sources that behave and of sources that do not.
#include "host/registry/source_handle.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <stdexcept>
#include <vector>

#include "fake_plugin.hpp"
#include "host/registry/plugin_answer.hpp"

namespace sluice::host {
namespace {

using namespace testing;

// One source, whose functions each test sets; null functions of the table are those that it does not set.
struct FakeSource {
  std::function<sluice_status(sluice_emit, sluice_error*)> units = [](sluice_emit, sluice_error*) {
    return SLUICE_OK;
  };
  std::function<sluice_status(sluice_error*)> read = [](sluice_error*) { return SLUICE_OK; };
  std::function<sluice_status(sluice_error*)> check;
  std::function<sluice_status(std::string_view, sluice_emit, sluice_error*)> unit;
  std::function<sluice_status(sluice_emit, sluice_error*)> plan;
  std::function<sluice_status(std::string_view, sluice_emit, sluice_error*)> merge;
  std::function<void()> cancel;
  sluice_source_api api{};
  uint32_t instance_size = sizeof(sluice_source);
  std::string config;
  int destroyed = 0;

  void fill_table() {
    api.size = sizeof api;
    api.destroy = [](void* self) { ++at(self).destroyed; };
    api.units = [](void* self, sluice_emit out, sluice_error* error) { return at(self).units(out, error); };
    api.read = [](void* self, const sluice_read_request*, const sluice_writer*, sluice_error* error) {
      return at(self).read(error);
    };
    if (check) api.check = [](void* self, sluice_error* error) { return at(self).check(error); };
    if (unit)
      api.unit = [](void* self, sluice_str id, sluice_emit out, sluice_error* error) {
        return at(self).unit(view(id), out, error);
      };
    if (plan)
      api.plan = [](void* self, const sluice_read_request*, uint32_t, sluice_emit out, sluice_error* error) {
        return at(self).plan(out, error);
      };
    if (merge)
      api.merge = [](void* self, sluice_str slices, sluice_emit out, sluice_error* error) {
        return at(self).merge(view(slices), out, error);
      };
    if (cancel) api.cancel = [](void* self) { at(self).cancel(); };
  }
  static FakeSource& at(void* self) { return *static_cast<FakeSource*>(self); }
};

FakeSource* next_source = nullptr;

sluice_status create(const sluice_host*, sluice_str, sluice_str config, sluice_source* out, sluice_error*) {
  next_source->config = view(config);
  out->size = next_source->instance_size;
  out->self = next_source;
  out->api = &next_source->api;
  return SLUICE_OK;
}

Result<SourceHandle> try_open(FakeSource& fake) {
  sluice_plugin entry{};
  entry.create_source = create;
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin_of("acme", {template_json("acme.in", "source")}, entry)).ok());
  next_source = &fake;
  return registry.create_source("acme.in", R"({"path":"x"})", nullptr);
}

SourceHandle open(FakeSource& fake) {
  fake.fill_table();
  Result<SourceHandle> handle = try_open(fake);
  BOOST_REQUIRE(handle.has_value());
  return *std::move(handle);
}

auto emitting(std::vector<std::string> texts) {
  return [texts = std::move(texts)](sluice_emit out, sluice_error*) {
    for (const std::string& text : texts)
      if (out.emit(out.self, abi(text)) != 0) break;
    return SLUICE_OK;
  };
}

void check_error(const Error& error, std::string_view code, std::string_view part) {
  BOOST_TEST(error.code() == code);
  BOOST_TEST(contains(error.message(), "acme.in (plugin acme)"), error.message());
  BOOST_TEST(contains(error.message(), part), error.message());
}

Status all_units(SourceHandle& source, std::vector<std::string>* ids = nullptr) {
  return source.units([&](boost::json::object&& unit) {
    if (ids) ids->emplace_back(unit.at("unitId").get_string());
    return true;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(source_handle)

BOOST_AUTO_TEST_CASE(gives_the_configuration_and_frees_the_instance_once) {
  FakeSource fake;
  {
    SourceHandle source = open(fake);
    BOOST_TEST(fake.config == R"({"path":"x"})");
    SourceHandle moved = std::move(source);
    BOOST_TEST(moved.endpoint_template().descriptor.id == "acme.in");
    BOOST_TEST(fake.destroyed == 0);
  }
  BOOST_TEST(fake.destroyed == 1);
  FakeSource other;
  {
    SourceHandle source = open(fake);
    source = open(other);
    BOOST_TEST(fake.destroyed == 2);
  }
  BOOST_TEST(other.destroyed == 1);
}

BOOST_AUTO_TEST_CASE(refuses_an_instance_that_lacks_what_is_required) {
  auto refused = [](const std::function<void(FakeSource&)>& spoil) {
    FakeSource fake;
    fake.fill_table();
    spoil(fake);
    Result<SourceHandle> handle = try_open(fake);
    BOOST_REQUIRE(handle.has_error());
    check_error(handle.error(), "E_PLUGIN_ANSWER", "create_source");
    return fake.destroyed;
  };
  BOOST_TEST(refused([](FakeSource& fake) { fake.api.read = nullptr; }) == 1);
  BOOST_TEST(refused([](FakeSource& fake) { fake.api.size = offsetof(sluice_source_api, read); }) == 1);
  BOOST_TEST(refused([](FakeSource& fake) { fake.api.destroy = nullptr; }) == 0);
  BOOST_TEST(refused([](FakeSource& fake) { fake.instance_size = 8; }) == 1);
}

BOOST_AUTO_TEST_CASE(names_the_plugin_in_a_failed_creation) {
  EndpointRegistry registry;
  BOOST_REQUIRE(
      registry.add(plugin_of("acme", {template_json("acme.in", "source")}, functions_of_nothing())).ok());
  Result<SourceHandle> handle = registry.create_source("acme.in", "{}", nullptr);
  BOOST_REQUIRE(handle.has_error());
  check_error(handle.error(), "E_NOTHING", "there is nothing to make");
  BOOST_TEST((handle.error().error_class() == ErrorClass::config));
}

BOOST_AUTO_TEST_CASE(never_touches_functions_past_the_tables_size) {
  FakeSource fake;
  fake.check = [](sluice_error* error) { return fail(error, SLUICE_SYSTEM, "E_TOUCHED", "check"); };
  fake.cancel = [] { BOOST_ERROR("cancel was touched"); };
  fake.units = emitting({R"({"unitId":"a"})"});
  SourceHandle source = open(fake);
  BOOST_TEST(source.check().error().code() == "E_TOUCHED");
  fake.api.size = offsetof(sluice_source_api, check);
  BOOST_TEST(source.check().ok());  // units() is the test
  BOOST_TEST(!source.can_plan());
  source.cancel();
}

BOOST_AUTO_TEST_CASE(keeps_class_code_and_texts_of_a_failure) {
  FakeSource fake;
  fake.read = [](sluice_error* error) {
    return to_abi(Error(ErrorClass::transient, "E_RESET", "connection reset", "db:5432", "wait"), error);
  };
  SourceHandle source = open(fake);
  Status status = source.read({}, {});
  BOOST_REQUIRE(!status.ok());
  check_error(status.error(), "E_RESET", "connection reset");
  BOOST_TEST(status.error().transient());
  BOOST_TEST(status.error().where() == "db:5432");
  BOOST_TEST(status.error().hint() == "wait");
}

BOOST_AUTO_TEST_CASE(catches_what_is_thrown_across) {
  FakeSource fake;
  fake.units = [](sluice_emit, sluice_error*) -> sluice_status { throw std::runtime_error("out of luck"); };
  fake.read = [](sluice_error*) -> sluice_status { throw 7; };
  fake.cancel = [] { throw 7; };
  SourceHandle source = open(fake);
  Status units = all_units(source);
  BOOST_REQUIRE(!units.ok());
  check_error(units.error(), "E_PLUGIN_THREW", "out of luck");
  BOOST_TEST((units.error().error_class() == ErrorClass::system));
  Status read = source.read({}, {});
  BOOST_REQUIRE(!read.ok());
  check_error(read.error(), "E_PLUGIN_THREW", "read()");
  source.cancel();
}

BOOST_AUTO_TEST_CASE(lists_units_until_the_caller_has_enough) {
  FakeSource fake;
  fake.units = emitting({R"({"unitId":"a"})", R"({"unitId":"b"})", R"({"unitId":"c"})"});
  SourceHandle source = open(fake);
  std::vector<std::string> ids;
  BOOST_TEST(all_units(source, &ids).ok());
  BOOST_TEST(ids == (std::vector<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
  size_t seen = 0;
  BOOST_TEST(source.units([&](boost::json::object&&) { return ++seen < 2; }).ok());
  BOOST_TEST(seen == 2u);
}

BOOST_AUTO_TEST_CASE(answers_are_outside_data) {
  auto said_of = [](sluice_str text) {
    FakeSource fake;
    fake.units = [text](sluice_emit out, sluice_error*) {
      out.emit(out.self, text);
      return SLUICE_OK;
    };
    SourceHandle source = open(fake);
    Status status = all_units(source);
    if (status.ok()) return std::string("accepted");
    check_error(status.error(), "E_PLUGIN_ANSWER", "units()");
    return status.error().message();
  };
  BOOST_TEST(contains(said_of(abi("{\"unitId\":")), "not JSON"));
  BOOST_TEST(contains(said_of(abi("[]")), "not a JSON object"));
  BOOST_TEST(contains(said_of(abi("{}")), "without a unitId"));
  BOOST_TEST(contains(said_of(abi("{\"unitId\":7}")), "without a unitId"));
  BOOST_TEST(contains(said_of({nullptr, 5}), "empty answer"));
  BOOST_TEST(contains(said_of({"{", UINT64_MAX}), "at most"));
  BOOST_TEST(contains(said_of(abi("{\"unitId\":\"\xff\"}")), "not JSON"));
  std::string deep = "{\"unitId\":\"a\",\"details\":" + std::string(5000, '[') + std::string(5000, ']') + "}";
  BOOST_TEST(contains(said_of(abi(deep)), "not JSON"));
  BOOST_TEST(said_of(abi("{\"unitId\":\"a\"}")) == "accepted");
}

BOOST_AUTO_TEST_CASE(a_source_that_never_ends_its_list_is_stopped) {
  FakeSource fake;
  uint64_t emitted = 0;
  fake.units = [&](sluice_emit out, sluice_error*) {
    // Goes on for a while although it is told to stop.
    for (; emitted < max_units + 1000; ++emitted) out.emit(out.self, abi(R"({"unitId":"a"})"));
    return SLUICE_OK;
  };
  SourceHandle source = open(fake);
  uint64_t seen = 0;
  Status status = source.units([&](boost::json::object&&) { return ++seen > 0; });
  BOOST_REQUIRE(!status.ok());
  check_error(status.error(), "E_PLUGIN_ANSWER", "more than 1000000 answers");
  BOOST_TEST(seen == max_units);
}

BOOST_AUTO_TEST_CASE(finds_a_unit_by_searching_and_suggests_the_nearest) {
  FakeSource fake;
  fake.units = emitting({R"({"unitId":"events"})", R"({"unitId":"users","bytes":9})"});
  SourceHandle source = open(fake);
  BOOST_TEST(boost::json::serialize(source.unit("users").value()) == R"({"unitId":"users","bytes":9})");
  Result<boost::json::object> wrong = source.unit("evnts");
  BOOST_REQUIRE(wrong.has_error());
  check_error(wrong.error(), "E_UNIT_UNKNOWN", "evnts");
  BOOST_TEST((wrong.error().error_class() == ErrorClass::config));
  BOOST_TEST(contains(wrong.error().hint(), "events"), wrong.error().hint());
}

BOOST_AUTO_TEST_CASE(asks_for_a_unit_where_the_source_can) {
  FakeSource fake;
  fake.units = emitting({R"({"unitId":"events"})"});
  fake.unit = [](std::string_view id, sluice_emit out, sluice_error* error) -> sluice_status {
    if (id == "evnts") return fail(error, SLUICE_SYSTEM, "E_UNIT_UNKNOWN", "no such table");
    if (id == "nothing") return SLUICE_OK;
    if (id == "refused") return fail(error, SLUICE_TRANSIENT, "E_BUSY", "busy");
    out.emit(out.self, abi(R"({"unitId":"events"})"));
    if (id == "twice") out.emit(out.self, abi(R"({"unitId":"twice"})"));
    return SLUICE_OK;
  };
  SourceHandle source = open(fake);
  BOOST_TEST(source.unit("events").has_value());
  check_error(source.unit("other").error(), "E_PLUGIN_ANSWER", "another unit");
  check_error(source.unit("nothing").error(), "E_PLUGIN_ANSWER", "no unit");
  check_error(source.unit("refused").error(), "E_BUSY", "busy");
  Error unknown = source.unit("evnts").error();
  check_error(unknown, "E_UNIT_UNKNOWN", "evnts");
  BOOST_TEST((unknown.error_class() == ErrorClass::config));
  BOOST_TEST(contains(unknown.hint(), "events"), unknown.hint());
}

BOOST_AUTO_TEST_CASE(plans_no_more_slices_than_asked_and_merges_to_one_checkpoint) {
  FakeSource fake;
  fake.plan = emitting({R"({"from":0})", R"({"from":10})"});
  fake.merge = [](std::string_view slices, sluice_emit out, sluice_error*) -> sluice_status {
    std::string large = "{\"at\":\"" + std::string(SLUICE_CHECKPOINT_MAX_BYTES, 'x') + "\"}";
    if (slices == "large") out.emit(out.self, abi(large));
    if (slices == "good") out.emit(out.self, abi(R"({"at":20})"));
    return SLUICE_OK;
  };
  SourceHandle source = open(fake);
  BOOST_REQUIRE(source.can_plan());
  Result<std::vector<boost::json::object>> slices = source.plan({}, 2);
  BOOST_REQUIRE(slices.has_value());
  BOOST_TEST(slices->size() == 2u);
  BOOST_TEST(slices->at(1).at("from").as_int64() == 10);
  check_error(source.plan({}, 1).error(), "E_PLUGIN_ANSWER", "more than 1 answers");
  BOOST_TEST(source.merge("good").value().at("at").as_int64() == 20);
  check_error(source.merge("none").error(), "E_PLUGIN_ANSWER", "no checkpoint");
  check_error(source.merge("large").error(), "E_PLUGIN_ANSWER", "at most 65536");

  FakeSource plain;
  SourceHandle without = open(plain);
  check_error(without.plan({}, 2).error(), "E_PLUGIN_LACKS", "plan()");
  check_error(without.merge("good").error(), "E_PLUGIN_LACKS", "merge()");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
