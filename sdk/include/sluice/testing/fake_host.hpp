// A fake host for unit tests of plugins; header-only, needs nothing but the SDK.
//
//   #include <sluice/testing/fake_host.hpp>
//   using namespace sluice::testing;
//
//   FakeHost host;                                                // log lines, clock, secrets, cancellation
//   SourceRun run = read_source<LinesSource>(host, R"({"path":"a.txt"})");
//   CHECK(run.ok() && run.documents() == lines && run.checkpoint() == R"({"offset":12})");
//   SourceRun rest = read_source<LinesSource>(host, config, {.checkpoint = run.checkpoint()});
//   CHECK(rest.documents().empty());
//
//   SinkRun sink = make_sink<BoxSink>(host, R"({"path":"out"})");
//   sink.open();
//   sink.write({"one", "two"});
//   CHECK(sink.commit() == sluice::Reached::durable && sink.rejections().empty());
//
// Everything goes through the plugin's ABI tables, and frames that the real host would refuse fail here. Use
// make_source<T>() for units(), plan() and merge(), ReadOptions::limits for small batches, and
// FakeWriter::cancel_claim() or FakeHost::cancel_at_question() to stop a read on the way.
#pragma once

#include "sluice/testing/fake_services.hpp"
#include "sluice/testing/fake_writer.hpp"
#include "sluice/testing/frames.hpp"
#include "sluice/testing/sink_run.hpp"
#include "sluice/testing/source_run.hpp"
