// Other programs that move lines from file to file, where they are installed.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

extern char** environ;  // NOLINT: the environment has no header

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A service does not end by itself: it is over when its output has all bytes. Ten minutes are too long.
double run_until_complete(const std::vector<std::string>& words, const std::string& output, uint64_t bytes) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const auto begin = Clock::now();
  pid_t child = -1;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  require(failed == 0, "cannot run " + words[0]);
  double seconds = 0;
  bool complete = false, ended = false;
  while (!complete && !ended && seconds < 600) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::error_code none_yet;
    complete = fs::file_size(output, none_yet) >= bytes && !none_yet;
    ended = waitpid(child, nullptr, WNOHANG) == child;
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  if (!ended) {
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
  require(complete, words[0] + " did not write everything");
  return seconds;
}

struct Peer {
  std::string name, title, program, how, configuration;
  std::vector<std::string> words;  // of the command; @ stands for the peer's folder
};

std::vector<Peer> peers(const std::string& input, const std::string& output, const std::string& folder) {
  return {
      {"rsyslog",
       "rsyslog",
       "rsyslogd",
       "imfile to omfile, lines of up to 64 KiB, 256 KiB of output at once, one worker to keep the order",
       "global(workDirectory=\"" + folder +
           "\" maxMessageSize=\"64k\")\nmain_queue(queue.workerThreads=\"1\")\nmodule(load=\"imfile\")\n" +
           "template(name=\"line\" type=\"string\" string=\"%msg%\\n\")\n" + "input(type=\"imfile\" file=\"" +
           input + "\" tag=\"bench\" ruleset=\"copy\")\n" +
           "ruleset(name=\"copy\") { action(type=\"omfile\" file=\"" + output +
           "\" template=\"line\" ioBufferSize=\"256k\" asyncWriting=\"off\") }\n",
       {"rsyslogd", "-n", "-f", folder + "/configuration", "-i", folder + "/pid"}},
      {"syslog-ng",
       "syslog-ng",
       "syslog-ng",
       "file to file, no parsing, flow control, windows and fetches of 10,000 lines",
       "@version: 3.38\noptions { log-msg-size(65536); stats-freq(0); };\nsource s { file(\"" + input +
           "\" flags(no-parse) follow-freq(0.1) log-iw-size(100000) log-fetch-limit(10000)); };\n" +
           "destination d { file(\"" + output +
           "\" template(\"$MSG\\n\") flush-lines(10000)); };\n"
           "log { source(s); destination(d); flags(flow-control); };\n",
       {"syslog-ng", "-F", "--no-caps", "-f", folder + "/configuration", "-R", folder + "/persist", "-c",
        folder + "/control", "-p", folder + "/pid"}},
      {"gstreamer",
       "GStreamer (moves bytes, knows no records)",
       "gst-launch-1.0",
       "filesrc of 256 KiB, queue, filesink",
       "",
       {"gst-launch-1.0", "-q", "filesrc", "location=" + input, "blocksize=262144", "!", "queue", "!",
        "filesink", "location=" + output}}};
}

}  // namespace

void add_file_peers(Workload& work, const Setting& setting, const InputFile& input) {
  const std::string output = setting.folder() + "/output", folder = setting.folder() + "/peer";
  for (const Peer& peer : peers(input.path, output, folder)) {
    Way way{peer.name,
            peer.title,
            Role::peer,
            static_cast<double>(input.bytes) / 1e9,
            {"cp"},
            timed([=] {
              fs::remove_all(folder);
              fs::create_directory(folder);
              fs::remove(output);  // another one's would be taken for complete
              std::ofstream(folder + "/configuration") << peer.configuration;
              const double seconds = run_until_complete(peer.words, output, input.bytes);
              require(expect_same_bytes(input.path, output));
              fs::remove(output);
              return seconds;
            }),
            peer.how};
    // Services stand in sbin, which is not in everybody's PATH.
    if (!has_program(peer.program) && !fs::exists("/usr/sbin/" + peer.program)) way.absent = "not installed";
    work.ways.push_back(std::move(way));
  }
}

}  // namespace sluice::bench
