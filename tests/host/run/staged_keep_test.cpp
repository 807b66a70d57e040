// What becomes of a session: the policy's "keep", requests that are refused, secrets.
#include "staged.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

std::string keep(const std::string& what) {
  return R"({"policy":{"staging":{"maxBytes":"256KiB","keep":")" + what + R"("}}})";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(staged_keep)

BOOST_FIXTURE_TEST_CASE(a_session_is_kept_as_the_policy_says_and_only_then_named, Staged) {
  struct Case {
    const char* keep;
    bool fails, kept;
  };
  for (const Case& one :
       {Case{"never", false, false}, Case{"never", true, false}, Case{"on-failure", false, false},
        Case{"on-failure", true, true}, Case{"always", false, true}, Case{"always", true, true}}) {
    BOOST_TEST_CONTEXT(one.keep << (one.fails ? ", failed" : ", succeeded")) {
      std::filesystem::remove_all(folder / "staging");
      sink->tokens.clear();
      if (one.fails)
        break_sink();
      else
        mend_sink();
      const host::RunResult result = run(keep(one.keep));
      BOOST_TEST(result.exit_code == (one.fails ? 4 : 0));
      BOOST_TEST((result.stage_ref != "") == one.kept);
      BOOST_TEST(sessions().size() == (one.kept ? 1u : 0u));
    }
  }
}

BOOST_FIXTURE_TEST_CASE(an_export_keeps_its_stage_whatever_the_policy_says, Staged) {
  const host::RunResult out = export_(keep("never"));
  BOOST_REQUIRE(sessions().size() == 1u);
  BOOST_TEST(import_(out.stage_ref, keep("always")).exit_code == 0);
  BOOST_TEST(sessions().size() == 1u);
  // All of it is delivered: nothing comes again.
  BOOST_TEST(import_(out.stage_ref, keep("never")).exit_code == 0);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(a_refused_import_or_resume_takes_nothing_away, Staged) {
  const auto refused = [&](const host::RunResult& result, const std::string& code) {
    BOOST_TEST_CONTEXT(code) {
      BOOST_TEST(result.exit_code == 2);
      BOOST_TEST(first_code(result) == code);
      BOOST_TEST(sessions().size() == 1u);
      BOOST_TEST(result.stage_ref != "");
    }
  };
  const std::string stage = export_(keep("never")).stage_ref;
  refused(import_(stage, R"({"sinkEndpointId":"nowhere"})"), "E_ENDPOINT_UNKNOWN");
  refused(resume(stage, R"({"sinkEndpointId":"src"})"), "E_ENDPOINT_ROLE");
  BOOST_TEST(first_code(import_(stage, R"({"policy":{"staging":{"durability":"dsk"}}})")) ==
             "E_REQUEST_INVALID");
  BOOST_TEST(import_(stage).exit_code == 0);
  BOOST_TEST(sink->committed.size() == 100u);
}

BOOST_FIXTURE_TEST_CASE(a_refused_import_of_an_empty_unit_takes_nothing_away, Staged) {
  serve(0);
  const std::string stage = export_().stage_ref;
  BOOST_TEST(import_(stage, R"({"sinkEndpointId":"nowhere"})").exit_code == 2);
  const host::RunResult in = import_(stage);
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(sink->final_commits == 1u);
}

BOOST_FIXTURE_TEST_CASE(stages_that_are_not_there_are_refused, Staged) {
  const auto code = [](const host::RunResult& result) {
    BOOST_TEST(result.exit_code == 2);
    return first_code(result);
  };
  BOOST_TEST(code(resume("mmap:nothing")) == "E_STAGE_UNKNOWN");
  BOOST_TEST(code(resume("nothing")) == "E_STAGE_ID");
  BOOST_TEST(code(resume("mmap:../x")) == "E_STAGE_ID");
  BOOST_TEST(code(resume("mmpa:x")) == "E_PROVIDER_UNKNOWN");
  BOOST_TEST(code(resume("memory:x")) == "E_STAGE_UNKNOWN");
  BOOST_TEST(code(export_(R"({"stagingProviderId":"memory"})")) == "E_STAGE_UNKNOWN");
  BOOST_TEST(code(export_(R"({"stageRef":"mmap:a","stagingProviderId":"memory"})")) == "E_REQUEST_INVALID");
  BOOST_TEST(export_(R"({"stageRef":"mmap:a"})").stage_ref == "mmap:a");
  BOOST_TEST(code(export_(R"({"stageRef":"mmap:a"})")) == "E_STAGE_EXISTS");
}

BOOST_FIXTURE_TEST_CASE(an_export_without_a_sink_is_given_one_by_its_import, Staged) {
  boost::json::object request = boost::json::parse(this->request()).as_object();
  request.erase("sinkEndpointId");
  const host::RunResult out =
      move(host::RunPhase::export_only, boost::json::serialize(request), host::RunOptions());
  BOOST_TEST(out.exit_code == 0, first_message(out));
  BOOST_TEST(first_code(import_(out.stage_ref)) == "E_REQUEST_INVALID");
  const host::RunResult in = import_(out.stage_ref, R"({"sinkEndpointId":"dst"})");
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(sink->committed.size() == 100u);
}

// The canaries are looked for in everything that staging wrote.
struct Secretive : Staged {
  std::string inline_sink(const std::string& secret) const {
    const std::string script(catalog.config.endpoints.at("dst").config.at("script").as_string());
    return R"("sink":{"templateId":"fake.sink","parameters":{"script":")" + script + R"(","secret":")" +
           secret + R"("}})";
  }
  std::string inline_source(const std::string& secret) const {
    const std::string script(catalog.config.endpoints.at("src").config.at("script").as_string());
    return R"("templateId":"fake.source","parameters":{"script":")" + script + R"(","secret":")" + secret +
           R"("})";
  }
};

BOOST_FIXTURE_TEST_CASE(literal_secrets_are_not_staged_and_are_asked_for_again, Secretive) {
  const std::string full =
      R"({"policy":{)" + inline_source("canary-one") + "," + inline_sink("canary-two") + "}}";
  fail_source(50);
  break_sink();
  const host::RunResult failed = run(full);
  BOOST_REQUIRE(failed.stage_ref != "");
  BOOST_TEST(!mentions(staged_bytes(), "canary"));
  mend_sink();
  const host::RunResult without = resume(failed.stage_ref);
  BOOST_TEST(without.exit_code == 2);
  BOOST_TEST(first_code(without) == "E_STAGE_SECRETS");
  // One of two is not enough, and the mask is never taken for the secret.
  BOOST_TEST(first_code(resume(failed.stage_ref, R"({"policy":{)" + inline_sink("canary-two") + "}}")) ==
             "E_STAGE_SECRETS");
  const host::RunResult with = resume(failed.stage_ref, full);
  BOOST_TEST(with.exit_code == 0, first_message(with));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(!mentions(log->text, "canary"));
}

BOOST_FIXTURE_TEST_CASE(an_import_needs_no_secrets_of_the_source, Secretive) {
  const host::RunResult out = export_(R"({"policy":{)" + inline_source("canary-one") + "}}");
  BOOST_REQUIRE(out.stage_ref != "");
  BOOST_TEST(!mentions(staged_bytes(), "canary"));
  const host::RunResult in = import_(out.stage_ref);
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(sink->committed.size() == 100u);
}

BOOST_FIXTURE_TEST_CASE(an_import_may_go_to_another_sink_than_the_one_with_the_secret, Secretive) {
  const host::RunResult out = export_(R"({"policy":{)" + inline_sink("canary-two") + "}}");
  BOOST_REQUIRE(out.stage_ref != "");
  BOOST_TEST(!mentions(staged_bytes(), "canary"));
  BOOST_TEST(first_code(import_(out.stage_ref)) == "E_STAGE_SECRETS");
  BOOST_TEST(import_(out.stage_ref, R"({"policy":{)" + inline_sink("canary-two") + "}}").exit_code == 0);
  BOOST_TEST(sink->committed.size() == 100u);
}

BOOST_FIXTURE_TEST_CASE(references_to_secrets_survive, Secretive) {
  setenv("SLUICE_TEST_STAGED_SECRET", "canary-three", 1);
  fail_source(50);
  break_sink();
  const host::RunResult failed =
      run(R"({"policy":{)" + inline_sink("${env:SLUICE_TEST_STAGED_SECRET}") + "}}");
  BOOST_REQUIRE(failed.stage_ref != "");
  BOOST_TEST(!mentions(staged_bytes(), "canary"));
  mend_sink();
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
