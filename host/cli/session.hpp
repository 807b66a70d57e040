// What a command works with: the console, the signals, and a host of its own.
#pragma once

#include <memory>

#include "host/cli/console.hpp"
#include "host/cli/options.hpp"
#include "host/cli/signals.hpp"

namespace sluice::host::cli {

struct Session {
  Console& console;
  SignalWatch& signals;
  LogChoice log;

  // The log of a command whose least severity is `usual` unless the user chose one.
  std::shared_ptr<LogSink> make_log(Severity usual) const {
    return make_stderr_log(log.least.value_or(usual), log.format,
                           console.terminal().err_color && log.format == LogFormat::text);
  }
};

// Opens the host that the options describe and hands it to `call`, which gives the exit code. A host that
// cannot be had is reported.
template <class Call>
int with_host(Session& session, std::shared_ptr<LogSink> log, Call call) {
  HostOptions options = host_options(session.console.options());
  options.log = std::move(log);
  const Host::Opened opened = Host::open(options);
  return opened.host ? call(*opened.host) : session.console.failed(opened.failure);
}

template <class Call>
int with_host(Session& session, Call call) {
  return with_host(session, session.make_log(Severity::warning), std::move(call));
}

}  // namespace sluice::host::cli
