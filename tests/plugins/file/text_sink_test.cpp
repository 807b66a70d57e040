#include "text_sink.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "file_error.hpp"
#include "temp_folder.hpp"
#include "text_source.hpp"

namespace sluice::file {

using testing::FakeHost, testing::make_sink, testing::SinkRun, testing::WriteOptions, testing::chunk_frame;
using Lines = Both<LinesSource, LinesSink>;
using Ndjson = Both<NdjsonSource, NdjsonSink>;

namespace {

const WriteOptions from_start{.incremental = true},
    go_on{.checkpoint = R"({"offset":1})", .incremental = true};

struct Fixture {
  FakeHost host;
  TempFolder folder;

  template <class T = Lines>
  SinkRun sink(const std::string& name = "out.txt", const std::string& more = "") {
    return make_sink<T>(host, config_with_path(folder(name), more));
  }
  WriteOptions unit(WriteOptions options, const std::string& key) {
    options.unit_key = key;
    return options;
  }
  // One run that writes and commits.
  void run(const WriteOptions& options, std::string_view text) {
    SinkRun out = sink();
    out.open(options);
    if (!text.empty()) out.write_frame(chunk_frame(text));
    out.commit();
  }
  // One run that commits, writes on, and dies: the file is as a killed process leaves it.
  void run_and_die(const WriteOptions& options, std::string_view committed, std::string_view lost) {
    {
      SinkRun out = sink();
      out.open(options);
      out.write_frame(chunk_frame(committed));
      out.commit(false);
      out.write_frame(chunk_frame(lost));
      std::filesystem::copy(folder("out.txt"), folder("dead"));
      marker = folder.read(".out.txt.sluice");
    }
    // Same inode as before: written in place.
    std::ofstream(folder("out.txt"), std::ios::trunc) << folder.read("dead");
    folder.write(".out.txt.sluice", marker);
    std::filesystem::remove(folder("dead"));
    BOOST_TEST(folder.read("out.txt").ends_with(lost));
  }
  std::string marker;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(text_sinks, Fixture)

BOOST_AUTO_TEST_CASE(a_full_run_leaves_the_old_file_in_sight_until_the_final_commit) {
  folder.write("out.txt", "old\n");
  {
    SinkRun out = sink();
    out.open();
    out.write_frame(chunk_frame("a\nb\n"));
    BOOST_TEST((out.commit(false) == Reached::deferred));
    out.write_frame(chunk_frame("c"));
    BOOST_TEST(folder.read("out.txt") == "old\n");
    BOOST_TEST((out.commit() == Reached::durable));
  }
  BOOST_TEST(folder.read("out.txt") == "a\nb\nc");
  BOOST_TEST(folder.names() == (std::vector<std::string>{".out.txt.sluice", "out.txt"}));
}

BOOST_AUTO_TEST_CASE(a_full_run_that_is_given_up_leaves_nothing) {
  folder.write("out.txt", "old\n");
  for (bool abort : {true, false}) {
    SinkRun out = sink();
    out.open();
    out.write_frame(chunk_frame("a\n"));
    if (abort) out.abort();
  }
  BOOST_TEST(folder.read("out.txt") == "old\n");
  BOOST_TEST(folder.names() == std::vector<std::string>{"out.txt"});
}

BOOST_AUTO_TEST_CASE(replacements_of_dead_runs_are_removed_and_those_of_living_ones_kept) {
  folder.write(".out.txt.sluice-tmp-0123456789abcdef", "dead");
  SinkRun living = sink();
  living.open();
  const size_t names = folder.names().size();
  SinkRun later = sink();
  later.open();
  BOOST_TEST(!folder.has(".out.txt.sluice-tmp-0123456789abcdef"));
  BOOST_TEST(folder.names().size() == names + 1);
}

// The code with which a call fails; "" when it does not.
template <class Call>
std::string failure_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

BOOST_AUTO_TEST_CASE(a_full_run_cannot_commit_once_a_later_attempt_has_opened_the_file) {
  for (const WriteOptions& options : {WriteOptions{}, from_start}) {
    SinkRun zombie = sink();
    zombie.open();
    zombie.write_frame(chunk_frame("old\n"));
    SinkRun later = sink();
    later.open(options);
    BOOST_TEST(failure_of([&] { zombie.commit(); }) == "E_FENCED");
    later.write_frame(chunk_frame("new\n"));
    later.commit();
    BOOST_TEST(failure_of([&] { zombie.commit(); }) == "E_FENCED");
    BOOST_TEST(folder.read("out.txt") == "new\n");
  }
}

BOOST_AUTO_TEST_CASE(an_attempt_with_a_lower_number_comes_too_late) {
  for (const bool incremental : {false, true}) {
    run({.incremental = incremental, .epoch = 7}, "a\n");
    BOOST_TEST(failure_of([&] { sink().open({.incremental = incremental, .epoch = 6}); }) == "E_FENCED");
    run({.incremental = incremental, .epoch = 7}, "b\n");
    run({.unit_key = "another/unit", .incremental = true, .epoch = 1}, "c\n");
  }
}

BOOST_AUTO_TEST_CASE(incremental_runs_append) {
  run(from_start, "a\n");
  run(go_on, "b\n");
  run(go_on, "");
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
}

BOOST_AUTO_TEST_CASE(what_a_dead_run_left_behind_its_last_commit_is_cut_off) {
  run(from_start, "a\n");
  run_and_die(go_on, "b\n", "half");
  SinkRun out = sink();
  const std::optional<Json> token = out.open(go_on);
  BOOST_TEST_REQUIRE(token.has_value());
  BOOST_TEST(token->string("runId", "") == "test-run");
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
  out.write_frame(chunk_frame("c\n"));
  out.commit();
  BOOST_TEST(folder.read("out.txt") == "a\nb\nc\n");
}

BOOST_AUTO_TEST_CASE(from_the_beginning_the_unit_s_own_data_is_replaced) {
  folder.write("out.txt", "foreign\n");
  run(from_start, "a\nb\n");
  run(from_start, "A\n");
  BOOST_TEST(folder.read("out.txt") == "foreign\nA\n");
  run_and_die(go_on, "B\n", "half");
  run(from_start, "x\n");
  BOOST_TEST(folder.read("out.txt") == "foreign\nx\n");
}

BOOST_AUTO_TEST_CASE(another_unit_appends_behind_the_committed_data) {
  run(from_start, "a\n");
  run(unit(from_start, "other"), "b\n");
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
  run(unit(from_start, "other"), "c\n");
  BOOST_TEST(folder.read("out.txt") == "a\nc\n");
  run_and_die(unit(go_on, "other"), "d\n", "half");
  run(go_on, "e\n");
  BOOST_TEST(folder.read("out.txt") == "a\nc\nd\ne\n");
}

BOOST_AUTO_TEST_CASE(what_others_append_is_kept) {
  run(from_start, "a\n");
  folder.append("out.txt", "by hand\n");
  run(go_on, "b\n");
  BOOST_TEST(folder.read("out.txt") == "a\nby hand\nb\n");
  folder.append("out.txt", "again\n");
  run(from_start, "c\n");
  BOOST_TEST(folder.read("out.txt") == "a\nby hand\nb\nagain\nc\n");
}

BOOST_AUTO_TEST_CASE(a_file_put_in_the_place_of_the_old_one_is_kept) {
  run(from_start, "aaaaaa\n");
  folder.write("new", "new content\n");
  std::filesystem::rename(folder("new"), folder("out.txt"));
  run(from_start, "b\n");
  BOOST_TEST(folder.read("out.txt") == "new content\nb\n");
  BOOST_TEST(host.logged("is not the file that its marker speaks of"));
  folder.write(".out.txt.sluice", "garbage");
  run(go_on, "c\n");
  BOOST_TEST(folder.read("out.txt") == "new content\nb\nc\n");
}

BOOST_AUTO_TEST_CASE(an_incremental_run_goes_on_from_a_full_one) {
  run({}, "a\n");
  run(go_on, "b\n");
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
  run({}, "c\n");
  run(from_start, "d\n");
  BOOST_TEST(folder.read("out.txt") == "d\n");
}

BOOST_AUTO_TEST_CASE(an_aborted_run_takes_its_uncommitted_data_back) {
  run(from_start, "a\n");
  SinkRun out = sink();
  out.open(go_on);
  out.write_frame(chunk_frame("b\n"));
  out.commit(false);
  out.write_frame(chunk_frame("c\n"));
  out.abort();
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
  BOOST_TEST(Json::parse(folder.read(".out.txt.sluice")).at("open").as_bool() == false);
}

BOOST_AUTO_TEST_CASE(two_runs_into_one_file_at_once_are_refused) {
  SinkRun first = sink(), second = sink();
  first.open(from_start);
  try {
    second.open(unit(from_start, "other"));
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_OUTPUT_BUSY");
    BOOST_TEST(error.transient());
  }
}

BOOST_AUTO_TEST_CASE(to_disk_gives_the_same_files) {
  WriteOptions full{.to_disk = true}, append = go_on;
  append.to_disk = true;
  run(full, "a\n");
  run(append, "b\n");
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
}

BOOST_AUTO_TEST_CASE(a_newline_stands_between_an_undelimited_record_and_the_next) {
  {
    SinkRun out = sink();
    out.open(from_start);
    out.write_frame(chunk_frame("a\nb"));
    out.write_frame(chunk_frame("c\n"));
    out.write({"d"});
    out.write_frame(chunk_frame("e"));
    out.commit();
  }
  BOOST_TEST(folder.read("out.txt") == "a\nb\nc\nd\ne");
  // The rest of the last line comes with the next run: bytes stay exact.
  run(go_on, "f\n");
  BOOST_TEST(folder.read("out.txt") == "a\nb\nc\nd\nef\n");
}

BOOST_AUTO_TEST_CASE(values_without_delimiters_become_lines_and_newlines_inside_are_refused) {
  SinkRun out = sink();
  out.open();
  out.write({"a", "b\nc", "", "d\n"});
  out.commit();
  BOOST_TEST(folder.read("out.txt") == "a\n\n");
  BOOST_TEST_REQUIRE(out.rejections().size() == 2u);
  BOOST_TEST(out.rejections()[0].code == "E_NEWLINE_IN_RECORD");
  BOOST_TEST(out.rejections()[0].record == 1u);
  BOOST_TEST(out.totals().written == 2u);
  BOOST_TEST(out.totals().rejected == 2u);
}

BOOST_AUTO_TEST_CASE(ndjson_may_have_newlines_at_its_ends_only) {
  SinkRun out = sink<Ndjson>();
  out.open();
  out.write({"{}", "\n[1] \n", "{\n}", " \n"});
  out.commit();
  BOOST_TEST(folder.read("out.txt") == "{}\n\n[1] \n\n");
  BOOST_TEST(out.rejections().size() == 2u);
}

BOOST_AUTO_TEST_CASE(records_that_delete_are_refused) {
  SinkRun out = sink();
  out.open();
  out.write_frame(testing::documents_frame(
      std::vector<Document>{{.value = "a"}, {.value = "b", .is_delete = true}, {.value = "c"}}));
  out.commit();
  BOOST_TEST(folder.read("out.txt") == "a\nc\n");
  BOOST_TEST(out.rejections().at(0).code == "E_OP_UNSUPPORTED");
}

BOOST_AUTO_TEST_CASE(compressed_output_is_cut_at_commits_and_reads_back) {
  for (const char* name : {"out.gz", "out.zst"}) {
    std::string content;
    for (int i = 0; i < 300000; ++i) content += "line " + std::to_string(i * 31) + "\n";
    {
      SinkRun out = sink(name);
      out.open(from_start);
      for (size_t at = 0; at < content.size(); at += 1000000) {
        out.write_frame(chunk_frame(std::string_view(content).substr(at, 1000000)));
        out.commit(false);
      }
      out.write_frame(chunk_frame("given up\n"));
    }
    {
      SinkRun out = sink(name);
      out.open(go_on);
      out.write_frame(chunk_frame("last\n"));
      out.commit();
    }
    const testing::SourceRun back = testing::read_source<LinesSource>(host, config_with_path(folder(name)));
    BOOST_TEST(back.ok());
    // A batch that began in the middle of a line got a newline before it.
    std::string wanted;
    for (size_t at = 0; at < content.size(); at += 1000000) {
      if (at > 0 && content[at - 1] != '\n') wanted += "\n";
      wanted += content.substr(at, 1000000);
    }
    BOOST_TEST((all_bytes(back) == wanted + "last\n"));
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow_fails_and_takes_nothing) {
  run(from_start, "a\n");
  SinkRun out = sink();
  out.open(go_on);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string code;
  try {
    out.write_frame(chunk_frame(std::string(5000, 'x') + "\n"));
  } catch (const Error& error) {
    code = error.code();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  (void)std::signal(SIGXFSZ, handler);
  BOOST_TEST(code == "E_FILE_WRITE");
  BOOST_TEST(folder.read("out.txt") == "a\n");
  out.write_frame(chunk_frame("b\n"));
  out.commit();
  BOOST_TEST(folder.read("out.txt") == "a\nb\n");
}

BOOST_AUTO_TEST_CASE(a_full_device_is_a_transient_error) {
  const Error error = write_error("/full", ENOSPC, 77);
  BOOST_TEST(error.transient());
  BOOST_TEST(error.code() == "E_DISK_FULL");
  BOOST_TEST(error.message().find("77 more bytes in /full") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_source_reads_a_sink_writes) {
  std::mt19937 random(21);
  for (int round = 0; round < 30; ++round) {
    const std::string content = random_text(random, random() % 20000);
    folder.write("in.txt", content);
    testing::ReadOptions options;
    options.limits.max_batch_bytes = 500;
    const testing::SourceRun read =
        testing::read_source<LinesSource>(host, config_with_path(folder("in.txt")), options);
    SinkRun out = sink();
    out.open();
    for (const auto& frame : read.frames()) out.write_frame(frame);
    out.commit();
    BOOST_REQUIRE(folder.read("out.txt") == content);
  }
}

BOOST_FIXTURE_TEST_CASE(a_batch_of_many_writes_comes_whole_and_in_order, Fixture) {
  std::string content;
  for (int i = 0; content.size() < (size_t{5} << 20) + 77; ++i) content += std::to_string(i) + "\n";
  SinkRun out = sink();
  out.open(from_start);
  out.write_frame(chunk_frame(content));
  out.write_frame(chunk_frame("behind it\n"));
  out.commit();
  BOOST_TEST((folder.read("out.txt") == content + "behind it\n"));
}

uint64_t bytes_of_blocks(const std::string& path) {
  struct stat is {};
  BOOST_REQUIRE(::stat(path.c_str(), &is) == 0);
  return static_cast<uint64_t>(is.st_blocks) * 512;
}

bool on_ext4(const std::string& path) {
  struct statfs on {};
  return ::statfs(path.c_str(), &on) == 0 && on.f_type == EXT4_SUPER_MAGIC;
}

BOOST_FIXTURE_TEST_CASE(room_that_was_taken_ahead_is_given_back_at_the_end, Fixture) {
  const std::string mebibyte = std::string((1 << 20) - 1, 'x') + "\n";
  const uint64_t slack = 256 << 10;  // the file system's own blocks
  for (const char* end : {"commit", "abort", "die"}) {
    std::filesystem::remove(folder("out.txt"));
    std::filesystem::remove(folder(".out.txt.sluice"));
    {
      SinkRun out = sink();
      out.open(from_start);
      for (int i = 0; i < 16; ++i) out.write_frame(chunk_frame(mebibyte));
      BOOST_TEST(bytes_of_blocks(folder("out.txt")) <= (16 << 20) + slack);
      out.write_frame(chunk_frame(mebibyte));
      if (on_ext4(folder.path())) BOOST_TEST(bytes_of_blocks(folder("out.txt")) >= 32u << 20);
      BOOST_TEST(std::filesystem::file_size(folder("out.txt")) == 17u << 20);
      if (end == std::string_view("commit")) out.commit();
      if (end == std::string_view("abort")) out.abort();
    }
    if (end == std::string_view("die")) {
      // A process that was killed: its file has blocks behind its end, and the next run cuts them.
      const int file = ::open(folder("out.txt").c_str(), O_RDWR);
      (void)::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 32 << 20);
      ::close(file);
      run(from_start, "one\n");
    }
    BOOST_TEST(bytes_of_blocks(folder("out.txt")) <= std::filesystem::file_size(folder("out.txt")) + slack,
               end);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
