#include <cstdio>
#include <fstream>
#include <iterator>
#include <sluice/testing/fake_host.hpp>

#include "lines_sink.hpp"
#include "stanza_source.hpp"

using namespace sluice::testing;

static int failures = 0;
#define CHECK(condition) \
  if (!(condition)) std::printf("line %d: %s\n", __LINE__, #condition), ++failures

static void put(const char* path, const char* text) {
  std::ofstream(path, std::ios::app) << text;
}

static std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

int main() {
  FakeHost host;
  std::remove("test.txt");
  std::remove("test.out");

  put("test.txt", "Name: one\nSize: 1\n\nno colon here\n\nName: two\n\nName: thr");
  SourceRun run = read_source<StanzaSource>(host, R"({"path": "test.txt"})");
  CHECK(run.ok());
  CHECK(run.documents() == (std::vector<std::string>{R"({"Name":"one","Size":"1"})", R"({"Name":"two"})"}));
  CHECK(run.rejections().size() == 1 && run.rejections()[0].code == "E_STANZA");

  put("test.txt", "ee\n\n");
  SourceRun rest =
      read_source<StanzaSource>(host, R"({"path": "test.txt"})", {.checkpoint = run.checkpoint()});
  CHECK(rest.documents() == std::vector<std::string>{R"({"Name":"three"})"});

  SinkRun first = make_sink<LinesSink>(host, R"({"path": "test.out"})");
  first.open();
  first.write({"one", "two"});
  CHECK(first.commit(false) == sluice::Reached::deferred && text_of("test.out").empty());
  CHECK(first.commit() == sluice::Reached::durable && text_of("test.out") == "one\ntwo\n");

  SinkRun next = make_sink<LinesSink>(host, R"({"path": "test.out"})");
  next.open({.checkpoint = "{}", .incremental = true});
  next.write({"three"});
  next.abort();
  CHECK(text_of("test.out") == "one\ntwo\n");

  std::puts(failures ? "failed" : "all is well");
  return failures ? 1 : 0;
}
