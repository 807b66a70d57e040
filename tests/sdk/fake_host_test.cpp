// The fake host on a source and a sink: also the example of how short a plugin's test is.
#include "sluice/testing/fake_host.hpp"

#include <boost/test/unit_test.hpp>

#include "sluice/sdk.hpp"

namespace sluice {

namespace {

using namespace testing;

// Counts up to `to`; tables when asked, with slices.
class CountSource : public Source {
 public:
  static constexpr TemplateInfo info{.id = "count", .title = "Count"};
  static constexpr SourceInfo source_info{
      .formats = "documents,tables", .modes = "FULL,INCREMENTAL", .slices = true};

  explicit CountSource(const Context& context)
      : host_(context.host()), to_(context.config().integer("to", 5)) {
    if (to_ < 0) throw Error(ErrorClass::config, "E_COUNT", "cannot count to a negative number");
  }
  void units(const std::function<bool(const Unit&)>& out) override {
    if (out({.id = "numbers"})) out({.id = "none"});
  }
  void read(const ReadRequest& request, SourceWriter& out) override {
    int64_t at = request.checkpoint ? request.checkpoint->integer("at", 0) : 0;
    const int64_t end = request.slice ? request.slice->integer("to", 0) : to_;
    const auto position = [&] { return Json::object({{"at", at}}); };
    host_.log(LogLevel::info, "counting", Json::object({{"from", at}}));
    out.expect_bytes(10);
    out.filter(2);
    DocumentBuilder documents(out, position);
    TableBuilder rows(out, {{"n", Type::int64}}, position);
    while (at < end) {
      host_.throw_if_cancelled();
      if (request.tables) {
        rows.begin_row();
        rows.set_int64(0, at);
        rows.end_row();
      } else if (at == 13) {
        out.reject("E_UNLUCKY", "thirteen", "count:13", "13");
      } else {
        documents.append(std::to_string(at));
      }
      ++at;
      (void)host_.wait(std::chrono::milliseconds(10));
    }
    if (request.tables)
      rows.flush();
    else
      documents.flush();
    host_.add_metric("reads", 1);
  }
  std::vector<Json> plan(const ReadRequest&, uint32_t max_slices) override {
    std::vector<Json> slices;
    for (uint32_t i = 0; i < max_slices; ++i) slices.push_back(Json::object({{"to", i}}));
    return slices;
  }
  Json merge(const Json&, const Json& slices) override { return slices.as_array().back().at("checkpoint"); }

 private:
  HostServices host_;
  int64_t to_;
};

// Publishes what no host takes.
class BrokenSource : public Source {
 public:
  static constexpr TemplateInfo info{.id = "broken", .title = "Broken"};
  static constexpr SourceInfo source_info{.formats = "tables"};
  explicit BrokenSource(const Context& context) : how_(context.config().string("how", "")) {}
  void units(const std::function<bool(const Unit&)>& out) override { out({.id = "u"}); }
  void read(const ReadRequest&, SourceWriter& out) override {
    if (how_ == "throw") throw 7;
    if (how_ == "twice") (void)out.claim(64);
    std::span<std::byte> room = out.claim(4096);
    if (how_ == "garbage") out.publish(128, 1, 1);
    if (how_ == "too much") out.publish(8192, 1, 1);
    if (how_ == "checkpoint") {
      detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 0);
      frame.header().checkpoint = frame.put_text("[1]");
      out.publish(frame.finish(), 0, 0);
    }
    out.abandon();
    TableBuilder rows(out, {{"a", Type::utf8}, {how_ == "names" ? "a" : "b", Type::utf8}});
    rows.begin_row();
    rows.set_text(0, "\xFF");
    rows.end_row();
    rows.flush();
  }

 private:
  std::string how_;
};

class BoxSink : public Sink {
 public:
  static constexpr TemplateInfo info{.id = "box", .title = "Box"};
  static constexpr SinkInfo sink_info{.formats = "documents,tables"};
  explicit BoxSink(const Context& context) : lie_(context.config().boolean("lie", false)) {}
  std::optional<Json> open(const WriteRequest& request) override {
    if (request.checkpoint) return Json::object({{"checkpoint", *request.checkpoint}});
    return std::nullopt;
  }
  WriteResult write(const BatchView& batch, Rejects& rejects) override {
    WriteResult result;
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (batch.is_table() || !DocumentsView(batch).value(row).empty()) {
        ++result.written;
        continue;
      }
      rejects.reject(row, "E_EMPTY", "empty document");
      if (!lie_) ++result.rejected;
    }
    return result;
  }
  Reached commit(const CommitToken& token) override {
    if (token.token.at("slices").as_array().empty()) throw Error(ErrorClass::system, "E_TOKEN", "no slices");
    return token.final ? Reached::durable : Reached::deferred;
  }
  void abort() override { throw Error(ErrorClass::transient, "E_BUSY", "later"); }

 private:
  bool lie_;
};

std::string code_of(const std::function<void()>& call) {
  try {
    call();
    return "";
  } catch (const Error& error) {
    return error.code();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fake_host)

BOOST_AUTO_TEST_CASE(a_source_is_read_and_goes_on_where_it_was) {
  FakeHost host;
  SourceRun run = read_source<CountSource>(host, R"({"to":4})", {.limits = {.max_batch_records = 3}});
  BOOST_TEST(run.ok());
  BOOST_TEST((run.documents() == std::vector<std::string>{"0", "1", "2", "3"}));
  BOOST_TEST(run.frames().size() == 2u);
  BOOST_TEST(run.checkpoint() == R"({"at":4})");
  BOOST_TEST(run.filtered() == 2u);
  BOOST_TEST(run.writer->batch(0).header().filtered == 2u);
  BOOST_TEST(run.writer->batch(1).sequence() == 1u);
  BOOST_TEST(*run.writer->expected_bytes() == 10u);
  run = read_source<CountSource>(host, R"({"to":6})", {.checkpoint = run.checkpoint(), .tables = true});
  BOOST_TEST((run.rows() == std::vector<std::string>{R"({"n":4})", R"({"n":5})"}));
  BOOST_TEST(host.metric("reads") == 2);
  BOOST_TEST(host.logged("counting"));
  BOOST_TEST(host.lines()[1].fields == R"({"from":4})");
}

BOOST_AUTO_TEST_CASE(waiting_takes_no_time_and_moves_the_clock) {
  FakeHost host;
  host.set_now(std::chrono::sys_time<std::chrono::microseconds>(std::chrono::seconds(100)));
  BOOST_TEST(read_source<CountSource>(host, R"({"to":5})").ok());
  BOOST_TEST(host.waits().size() == 5u);
  BOOST_TEST((host.services().now().time_since_epoch() == std::chrono::milliseconds(100050)));
}

BOOST_AUTO_TEST_CASE(cancellation_comes_when_it_was_asked_for) {
  FakeHost host;
  host.cancel_at_question(6);
  SourceRun run = read_source<CountSource>(host, R"({"to":100})");
  BOOST_TEST(run.code() == "E_CANCELLED");
  BOOST_TEST((run.error->error_class() == ErrorClass::cancelled));
  FakeHost other;
  auto writer = std::make_unique<FakeWriter>(WriterLimits{.max_batch_records = 2});
  writer->cancel_claim(3);
  run = make_source<CountSource>(other, R"({"to":100})").read({}, std::move(writer));
  BOOST_TEST(run.code() == "E_CANCELLED");
  BOOST_TEST(run.documents().size() == 4u);
}

BOOST_AUTO_TEST_CASE(rejections_are_collected_and_can_be_too_many) {
  FakeHost host;
  SourceRun run = read_source<CountSource>(host, R"({"to":15})");
  BOOST_TEST(run.ok());
  BOOST_REQUIRE(run.rejections().size() == 1u);
  BOOST_TEST(run.rejections()[0].code == "E_UNLUCKY");
  BOOST_TEST(run.rejections()[0].where == "count:13");
  BOOST_TEST(run.rejections()[0].value == "13");
  run = read_source<CountSource>(host, R"({"to":15})", {.limits = {.max_rejected = 0}});
  BOOST_TEST(run.code() == "E_TOO_MANY_REJECTED");
}

BOOST_AUTO_TEST_CASE(limits_end_a_read_successfully) {
  FakeHost host;
  SourceRun run = read_source<CountSource>(host, R"({"to":100})", {.limits = {.max_records = 7}});
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents().size() == 7u);
}

BOOST_AUTO_TEST_CASE(units_plans_and_merges_go_through_the_tables) {
  FakeHost host;
  SourceUnderTest source = make_source<CountSource>(host);
  BOOST_TEST(source.units().size() == 2u);
  BOOST_TEST(source.unit("none").at("unitId").as_string() == "none");
  BOOST_TEST(code_of([&] { (void)source.unit("other"); }) == "E_UNIT_UNKNOWN");
  BOOST_TEST(code_of([&] { source.check(); }) == "");
  BOOST_TEST(source.plan(3).size() == 3u);
  BOOST_TEST(source.merge(nullptr, Json::parse(R"([{"slice":{},"checkpoint":{"at":1}}])")).dump() ==
             R"({"at":1})");
  BOOST_TEST(source.read({.slice = R"({"to":2})"}).documents().size() == 2u);
  BOOST_TEST(code_of([&] { (void)make_source<CountSource>(host, R"({"to":-1})"); }) == "E_COUNT");
}

BOOST_AUTO_TEST_CASE(what_the_real_host_refuses_is_refused) {
  FakeHost host;
  const auto run = [&](const std::string& how) {
    return read_source<BrokenSource>(host, Json::object({{"how", how}}).dump()).code();
  };
  BOOST_TEST(run("throw") == "E_PLUGIN_THREW");
  BOOST_TEST(run("twice") == "E_PLUGIN_BUG");
  BOOST_TEST(run("garbage") == "E_FRAME_MALFORMED");
  BOOST_TEST(run("too much") == "E_PLUGIN_BUG");
  BOOST_TEST(run("checkpoint") == "E_FRAME_MALFORMED");
  BOOST_TEST(run("names") == "E_FRAME_MALFORMED");
  BOOST_TEST(run("utf8") == "E_FRAME_MALFORMED");
}

BOOST_AUTO_TEST_CASE(secrets_are_what_the_test_says) {
  FakeHost host;
  host.set_secret("${env:TOKEN}", "s3cret");
  BOOST_TEST(host.services().secret("${env:TOKEN}") == "s3cret");
  BOOST_TEST(code_of([&] { (void)host.services().secret("${env:OTHER}"); }) == "E_SECRET");
}

BOOST_AUTO_TEST_CASE(a_sink_is_opened_written_and_committed) {
  FakeHost host;
  SinkRun sink = make_sink<BoxSink>(host);
  BOOST_TEST(!sink.open().has_value());
  BOOST_TEST(sink.write({"a", "", "b"}).written == 2u);
  BOOST_TEST(sink.write_rows({{"n", Type::int64}}, {"[1]", "[null]"}).written == 2u);
  BOOST_TEST((sink.commit(false) == Reached::deferred));
  BOOST_TEST((sink.commit() == Reached::durable));
  BOOST_TEST(code_of([&] { sink.abort(); }) == "E_BUSY");
  BOOST_REQUIRE(sink.rejections().size() == 1u);
  BOOST_TEST(sink.rejections()[0].record == 1u);
  BOOST_TEST(sink.rejections()[0].code == "E_EMPTY");
  BOOST_TEST(sink.totals().written == 4u);
  BOOST_TEST(make_sink<BoxSink>(host).open({.checkpoint = "{}"})->dump() == R"({"checkpoint":{}})");
}

BOOST_AUTO_TEST_CASE(a_sink_that_counts_wrong_or_rejects_too_much_fails) {
  FakeHost host;
  SinkRun liar = make_sink<BoxSink>(host, R"({"lie":true})");
  liar.open();
  BOOST_TEST(code_of([&] { liar.write({"a", ""}); }) == "E_PLUGIN_ANSWER");
  SinkRun strict = make_sink<BoxSink>(host);
  strict.set_max_rejected(0);
  strict.open();
  BOOST_TEST(code_of([&] { strict.write({"a", ""}); }) == "E_TOO_MANY_REJECTED");
}

BOOST_AUTO_TEST_CASE(a_host_that_knows_nothing_of_threads_grants_one) {
  sluice_read_request request{};
  request.threads = 9;
  request.size = offsetof(sluice_read_request, threads);
  BOOST_TEST(detail::SourceThunks::request(request).threads == 1u);
  request.size = sizeof request;
  BOOST_TEST(detail::SourceThunks::request(request).threads == 9u);
  request.threads = 0;
  BOOST_TEST(detail::SourceThunks::request(request).threads == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
