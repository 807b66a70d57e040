// What is refused before any data moves.
#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Refusing : Engine {
  Refusing() {
    source->read = [](const ReadRequest&, SourceWriter&, const HostServices&) {
      BOOST_ERROR("data moved before the refusal");
    };
  }
  void expect(const std::string& more, const std::string& code, const std::string& hint, int exit_code = 2) {
    const host::RunResult result = run(more);
    BOOST_TEST_CONTEXT(more) {
      BOOST_TEST(result.exit_code == exit_code);
      BOOST_TEST(first_code(result) == code);
      if (!result.errors.empty())
        BOOST_TEST(mentions(result.errors.front().message() + " " + result.errors.front().hint(), hint));
      BOOST_TEST(result.new_checkpoint == result.checkpoint_before);
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(refusal)

BOOST_FIXTURE_TEST_CASE(unknown_names_are_refused_with_the_nearest_known_one, Refusing) {
  expect(R"({"endpointId":"srcc"})", "E_ENDPOINT_UNKNOWN", "\"src\"");
  expect(R"({"sinkEndpointId":"dts"})", "E_ENDPOINT_UNKNOWN", "\"dst\"");
  expect(R"({"unitId":"unti"})", "E_UNIT_UNKNOWN", "unit");
  expect(R"({"stagingProviderId":"memroy"})", "E_PROVIDER_UNKNOWN", "\"memory\"");
  expect(R"({"policy":{"templateId":"fake.sourc"}})", "E_TEMPLATE_UNKNOWN", "fake.source");
}

BOOST_FIXTURE_TEST_CASE(wrong_values_are_refused_by_key, Refusing) {
  expect(R"({"unitId":7})", "E_REQUEST_INVALID", "unitId");
  expect(R"({"unitId":null})", "E_REQUEST_INVALID", "unitId");
  expect(R"({"checkpoint":"x"})", "E_REQUEST_INVALID", "checkpoint");
  expect(R"({"policy":{"mode":"INCREMENTEL"}})", "E_REQUEST_INVALID", "INCREMENTAL");
  expect(R"({"policy":{"batch":{"maxRecords":0}}})", "E_REQUEST_INVALID", "policy.batch.maxRecords");
  expect(R"({"policy":{"batch":{"maxBytes":1048576}}})", "E_QUANTITY_INVALID", "policy.batch.maxBytes");
  expect(R"({"policy":{"commit":{"every":"5 parsecs"}}})", "E_QUANTITY_INVALID", "policy.commit.every");
  expect(R"({"policy":{"isolation":"apart"}})", "E_REQUEST_INVALID", "in-process");
  expect(R"({"policy":{"isolation":{"source":"apart"}}})", "E_REQUEST_INVALID", "policy.isolation.source");
  expect(R"({"policy":{"isolation":{"budget":{"memory":"1KiB"}}}})", "E_REQUEST_INVALID", "budget.memory");
  // This engine has no helper executable.
  expect(R"({"policy":{"isolation":"process"}})", "E_WORKER_MISSING", "sluice-worker");
}

BOOST_FIXTURE_TEST_CASE(requests_that_are_no_objects_still_give_a_result, Refusing) {
  for (const char* text : {"", "{", "[]", "7", "{\"endpointId\":\"src\",}"}) {
    const host::RunEnvironment environment{catalog, staging, log, folder};
    const host::RunResult result = host::run_request(environment, host::parse_request(text), {});
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(first_code(result) == "E_REQUEST_INVALID");
    BOOST_TEST(!result.run_id.empty());
  }
}

BOOST_FIXTURE_TEST_CASE(unknown_keys_warn_and_are_errors_when_strict, Engine) {
  source->read = counting(1);
  const host::RunResult lenient = run(R"({"policy":{"comit":{"every":"1s"}},"endpointid":"x"})");
  BOOST_TEST(lenient.exit_code == 0);
  BOOST_TEST(lenient.warnings.size() == 2u);
  BOOST_TEST(warned(lenient, "W_KEY_UNKNOWN"));
  host::RunOptions strict;
  strict.strict = true;
  const host::RunResult refused = run(R"({"policy":{"comit":{"every":"1s"}}})", strict);
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(first_code(refused) == "E_KEY_UNKNOWN");
  BOOST_TEST(mentions(refused.errors.front().hint(), "commit"));
}

BOOST_FIXTURE_TEST_CASE(null_means_absent, Engine) {
  source->read = counting(3);
  const host::RunResult result = run(
      R"({"runId":null,"checkpoint":null,"policy":{"mode":null,"limits":{"maxRecords":null,"maxBytes":null,"timeout":null},
          "errors":{"maxRejected":0,"deadLetterPath":null},"templateId":null,"parameters":null}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.warnings.empty());
}

BOOST_FIXTURE_TEST_CASE(pairs_that_do_not_fit_are_refused, Refusing) {
  sink = add("dst", "fake.json");
  source->unit.content_type = "text/plain";
  expect("{}", "E_CONTENT_TYPE_MISMATCH", "text/plain");
  expect(R"({"policy":{"delivery":"exactly-once"}})", "E_CONTENT_TYPE_MISMATCH", "fake.json");
  source->unit.content_type = "application/json";
  expect(R"({"policy":{"delivery":"exactly-once"}})", "E_DELIVERY_UNSUPPORTED", "fake.json");
  expect(R"({"policy":{"staging":{"durability":"disk"}}})", "E_DURABILITY", "memory");
  expect(R"({"endpointId":"dst"})", "E_ENDPOINT_ROLE", "source");
}

BOOST_FIXTURE_TEST_CASE(a_mode_that_the_source_lacks_is_refused_and_a_default_is_not, Engine) {
  source = add("src", "fake.full");
  source->read = counting(2);
  const host::RunResult asked = run(R"({"policy":{"mode":"INCREMENTAL"}})");
  BOOST_TEST(first_code(asked) == "E_MODE_UNSUPPORTED");
  const host::RunResult by_default = run();
  BOOST_TEST(by_default.exit_code == 0);
  BOOST_TEST(warned(by_default, "W_MODE_FULL"));
}

BOOST_FIXTURE_TEST_CASE(a_configuration_that_does_not_fit_the_schema_is_refused_with_its_place, Refusing) {
  catalog.config.endpoints["src"].config["nubmer"] = 3;
  expect("{}", "E_CONFIG_INVALID", "number");
  BOOST_TEST(mentions(run().errors.front().where(), "test.yaml:7"));
}

BOOST_FIXTURE_TEST_CASE(a_missing_secret_is_refused_by_its_reference, Refusing) {
  source = add("src", "fake.source", "${env:SLUICE_TEST_NOT_SET}");
  expect("{}", "E_SECRET_MISSING", "SLUICE_TEST_NOT_SET");
}

BOOST_FIXTURE_TEST_CASE(inline_endpoints_come_with_the_request_and_texts_are_coerced, Engine) {
  auto inline_source = add("elsewhere", "fake.source");
  const std::string script(catalog.config.endpoints["elsewhere"].config["script"].as_string());
  inline_source->read = counting(4);
  const host::RunResult result =
      run(R"({"endpointId":"owned-by-the-orchestrator","policy":{"templateId":"fake.source",
      "parameters":{"script":")" +
          script + R"(","number":"12"}}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 4u);
}

BOOST_FIXTURE_TEST_CASE(a_second_run_of_a_unit_into_one_sink_is_refused_while_the_first_lasts, Engine) {
  host::RunResult second;
  source->read = [&](const ReadRequest&, SourceWriter&, const HostServices&) { second = run(); };
  BOOST_TEST(run().exit_code == 0);
  BOOST_TEST(second.exit_code == 2);
  BOOST_TEST(first_code(second) == "E_UNIT_BUSY");
  source->read = counting(1);
  BOOST_TEST(run().exit_code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
