// Runs one ingestion inside this program: embed CONFIG REQUEST. Ctrl-C ends it at the next durable point.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sluice/host/host.hpp>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: embed CONFIG REQUEST\n", stderr), 2;

  // The host installs no signal handlers. Here a thread waits for the signal and asks the run to end.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before the host starts threads, so that they inherit it
  sluice::host::RunOptions options;
  std::thread([signals, cancellation = options.cancellation]() mutable {
    int signal = 0;
    sigwait(&signals, &signal);
    cancellation.drain();
  }).detach();

  sluice::host::HostOptions host_options;
  host_options.config_file = argv[1];
  host_options.log =
      sluice::host::make_stderr_log(sluice::host::Severity::warning, sluice::host::LogFormat::text, false);
  auto [host, failure] = sluice::host::Host::open(host_options);
  if (!host) return std::printf("%s\n", failure.json.c_str()), failure.exit_code;

  options.on_progress = [](const sluice::host::Progress& now) {
    std::fprintf(stderr, "%llu records read, checkpoint %s\n",
                 static_cast<unsigned long long>(now.records_read), now.checkpoint.c_str());
  };
  std::ifstream file(argv[2]);
  const std::string request{std::istreambuf_iterator<char>(file), {}};
  const sluice::host::Reply reply = host->run(request, options);
  std::printf("%s\n", reply.json.c_str());
  return reply.exit_code;
}
