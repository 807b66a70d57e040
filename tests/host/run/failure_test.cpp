// What goes wrong in endpoints, and what the run makes of it.
#include <fstream>

#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;
using host::RunStatus;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_FIXTURE_TEST_CASE(a_source_that_throws_fails_the_run_by_name_and_keeps_what_it_gave, Engine) {
  source->read = [](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    counting(10)(request, out, services);
    throw std::runtime_error("index out of range");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST((result.status == RunStatus::failed));
  BOOST_TEST(first_code(result) == "E_PLUGIN_THREW");
  BOOST_TEST(mentions(first_message(result), "fake.source (plugin fake)"));
  BOOST_TEST(mentions(first_message(result), "index out of range"));
  BOOST_TEST(sink->committed.size() == 10u);
  BOOST_TEST(sink->final_commits == 0u);
  BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":10})");
  source->read = counting(12);
  BOOST_TEST(run(R"({"checkpoint":{"next":10}})").exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(a_sink_that_throws_something_odd_fails_the_run_and_takes_back, Engine) {
  source->read = counting(10);
  sink->on_write = [](const BatchView&, Rejects&, const HostServices&) { throw 42; };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST(first_code(result) == "E_PLUGIN_THREW");
  BOOST_TEST(mentions(first_message(result), "fake.sink (plugin fake)"));
  BOOST_TEST(sink->aborts == 1u);
  BOOST_TEST(result.new_checkpoint.is_null());
}

BOOST_FIXTURE_TEST_CASE(garbage_counts_fail_the_run_by_name, Engine) {
  source->read = counting(10);
  sink->instead_of_write = [](const BatchView&, Rejects&) { return WriteResult{.written = 7}; };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST(first_code(result) == "E_PLUGIN_ANSWER");
  BOOST_TEST(mentions(first_message(result), "fake.sink"));
}

BOOST_FIXTURE_TEST_CASE(a_malformed_frame_fails_the_run_by_name_and_reaches_no_sink, Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    std::span<std::byte> room = out.claim(4096);
    std::memset(room.data(), 0x5a, 4096);
    out.publish(4096, 1, 1);
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST(first_code(result) == "E_FRAME_MALFORMED");
  BOOST_TEST(mentions(first_message(result), "fake.source"));
  BOOST_TEST(sink->writes == 0u);
}

BOOST_FIXTURE_TEST_CASE(publishing_more_than_was_claimed_fails_the_run, Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    out.publish(out.claim(4096).size() + 64, 1, 1);
  };
  const host::RunResult result = run();
  BOOST_TEST(first_code(result) == "E_PLUGIN_BUG");
  BOOST_TEST(mentions(first_message(result), "fake.source"));
}

BOOST_FIXTURE_TEST_CASE(a_source_that_swallows_the_hosts_refusal_does_not_succeed, Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    try {
      out.claim(uint64_t{1} << 40);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
    }
  };
  BOOST_TEST(first_code(run()) == "E_BATCH_TOO_LARGE");
}

BOOST_FIXTURE_TEST_CASE(a_checkpoint_that_is_no_object_fails_the_run, Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    out.publish_checkpoint("[1]");
  };
  BOOST_TEST(first_code(run()) == "E_PLUGIN_ANSWER");
}

BOOST_FIXTURE_TEST_CASE(a_transient_write_is_made_again_in_place_and_nothing_doubles, Engine) {
  source->read = counting(100);
  auto failures = std::make_shared<int>(2);
  sink->on_write = [failures](const BatchView&, Rejects&, const HostServices&) {
    if ((*failures)-- > 0) throw Error(ErrorClass::transient, "E_BUSY", "locked");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.retries == 2u);
  BOOST_TEST(sink->opens == 1u);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_transient_source_is_read_again_from_the_last_commit, Engine) {
  auto attempts = std::make_shared<int>(0);
  source->read = [attempts](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    if (++*attempts == 1) {
      counting(40)(request, out, services);
      throw Error(ErrorClass::transient, "E_LOST", "connection reset");
    }
    counting(100)(request, out, services);
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(*attempts == 2);
  BOOST_TEST(result.retries == 1u);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(result.counts.read() == 100u);
  BOOST_TEST(result.counts.reconciled());
}

BOOST_FIXTURE_TEST_CASE(a_later_attempt_of_a_full_run_adds_to_what_a_sink_made_durable_before_the_end,
                        Engine) {
  auto attempts = std::make_shared<int>(0);
  source->read = [attempts](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    counting(++*attempts == 1 ? 50 : 100)(request, out, services);
    if (*attempts == 1) throw Error(ErrorClass::transient, "E_LOST", "connection reset");
  };
  const host::RunResult result = run(R"({"policy":{"mode":"FULL"}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 100u);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_full_run_without_checkpoints_begins_anew_after_a_failure, Engine) {
  auto attempts = std::make_shared<int>(0);
  source->read = [attempts](const ReadRequest&, SourceWriter& out, const HostServices&) {
    DocumentBuilder batch(out);
    for (const std::string& record : numbers(20)) batch.append(record);
    batch.flush();
    if (++*attempts == 1) throw Error(ErrorClass::transient, "E_LOST", "connection reset");
  };
  const host::RunResult result = run(R"({"policy":{"mode":"FULL"}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 20u);
  BOOST_TEST(result.counts.reconciled());
  BOOST_TEST(sink->committed == numbers(20), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(transient_failures_end_when_the_attempts_are_used_up, Engine) {
  auto attempts = std::make_shared<int>(0);
  source->read = [attempts](const ReadRequest&, SourceWriter&, const HostServices&) {
    ++*attempts;
    throw Error(ErrorClass::transient, "E_LOST", "connection reset");
  };
  const host::RunResult result = run();
  BOOST_TEST(*attempts == 3);
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST(result.errors.front().transient());

  source->read = counting(1);
  sink->on_commit = [](const CommitToken&) { throw Error(ErrorClass::transient, "E_BUSY", "locked"); };
  const host::RunResult stuck = run();
  BOOST_TEST(stuck.retries == 2u);  // in place, and no further attempt on top
  BOOST_TEST(sink->opens == 4u);
}

BOOST_FIXTURE_TEST_CASE(an_unreachable_sink_is_tried_again_and_then_the_environments_fault, Engine) {
  source->read = counting(1);
  sink->on_open = [](const WriteRequest&) {
    throw Error(ErrorClass::transient, "E_UNREACHABLE", "no route");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 3);
  BOOST_TEST(result.retries == 2u);
}

BOOST_FIXTURE_TEST_CASE(rejected_records_within_tolerance_are_counted_and_kept, Engine) {
  policy = R"({"errors":{"maxRejected":2,"deadLetterPath":")" + (folder / "dead.ndjson").string() + R"("}})";
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    DocumentBuilder batch(out);
    batch.append("{}");
    out.reject("E_JSON_INVALID", "not JSON", "a.ndjson:2", "{oops");
    batch.append("{}");
    batch.flush();
    out.reject("E_JSON_INVALID", "not UTF-8", "a.ndjson:4", "\xff");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.read() == 4u);
  BOOST_TEST(result.counts.rejected() == 2u);
  BOOST_TEST(result.counts.reconciled());
  BOOST_TEST(warned(result, "W_REJECTED"));
  const std::string dead = read_file(folder / "dead.ndjson");
  BOOST_TEST(
      mentions(dead, R"("where":"a.ndjson:2","code":"E_JSON_INVALID","reason":"not JSON","value":"{oops")"));
  BOOST_TEST(mentions(dead, R"("valueBase64":"/w==")"));
}

BOOST_FIXTURE_TEST_CASE(one_rejected_record_too_many_ends_the_run_with_exit_5_and_a_checkpoint_before_it,
                        Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    int64_t next = 0;
    DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
    for (; next < 5; ++next) batch.append("{}");
    batch.flush();
    out.reject("E_JSON_INVALID", "not JSON", "a.ndjson:6", "{oops");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 5);
  BOOST_TEST(first_code(result) == "E_REJECTED");
  BOOST_TEST(result.errors.front().where() == "a.ndjson:6");
  BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":5})");
  BOOST_TEST(result.counts.written == 5u);
  BOOST_TEST(result.counts.rejected() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_sink_rejects_records_within_tolerance_and_they_are_kept, Engine) {
  policy = R"({"errors":{"maxRejected":1,"deadLetterPath":")" + (folder / "dead.ndjson").string() + R"("}})";
  source->read = counting(10);
  sink->instead_of_write = [](const BatchView& batch, Rejects& rejects) {
    rejects.reject(3, "E_CONSTRAINT", "n must not be 3");
    return WriteResult{.written = batch.size() - 1, .rejected = 1};
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 9u);
  BOOST_TEST(result.counts.rejected() == 1u);
  BOOST_TEST(mentions(read_file(folder / "dead.ndjson"), R"("value":"{\"n\":3}")"));
}

BOOST_FIXTURE_TEST_CASE(a_sink_that_rejects_too_much_ends_the_run_with_exit_5, Engine) {
  source->read = counting(10);
  sink->instead_of_write = [](const BatchView& batch, Rejects& rejects) {
    rejects.reject(3, "E_CONSTRAINT", "n must not be 3");
    return WriteResult{.written = batch.size() - 1, .rejected = 1};
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 5);
  BOOST_TEST(sink->committed.empty());
}

BOOST_FIXTURE_TEST_CASE(rejections_of_a_write_that_is_made_again_count_once, Engine) {
  policy = R"({"errors":{"maxRejected":1},"retry":{"initialBackoff":"1ms"}})";
  source->read = counting(10);
  auto first = std::make_shared<bool>(true);
  sink->instead_of_write = [first](const BatchView& batch, Rejects& rejects) {
    rejects.reject(3, "E_CONSTRAINT", "n must not be 3");
    if (std::exchange(*first, false)) throw Error(ErrorClass::transient, "E_BUSY", "locked");
    return WriteResult{.written = batch.size() - 1, .rejected = 1};
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.rejected() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_unwritable_dead_letter_file_fails_the_run, Engine) {
  policy = R"({"errors":{"maxRejected":9,"deadLetterPath":"/nonexistent/dead.ndjson"}})";
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    out.reject("E_X", "bad", "here", "x");
  };
  const host::RunResult result = run();
  BOOST_TEST(first_code(result) == "E_DEAD_LETTER");
  BOOST_TEST(result.exit_code == 3);
}

BOOST_FIXTURE_TEST_CASE(secrets_appear_in_no_error_log_or_result, Engine) {
  setenv("SLUICE_TEST_CANARY", "canary-7f3a9", 1);
  source = add("src", "fake.source", "${env:SLUICE_TEST_CANARY}");
  source->read = [](const ReadRequest&, SourceWriter&, const HostServices& services) {
    services.log(LogLevel::info, "connecting with canary-7f3a9",
                 Json::object({{"password", "canary-7f3a9"}}));
    throw Error(ErrorClass::system, "E_LOGIN", "login failed for canary-7f3a9", "dsn://canary-7f3a9",
                "canary-7f3a9?");
  };
  const host::RunResult result = run();
  BOOST_TEST(!mentions(boost::json::serialize(host::to_json(result)), "canary-7f3a9"));
  BOOST_TEST(mentions(boost::json::serialize(host::to_json(result)), "***"));
  BOOST_TEST(!mentions(log->text, "canary-7f3a9"));
  BOOST_TEST(mentions(log->text, "connecting with ***"));
}

BOOST_AUTO_TEST_SUITE_END()
