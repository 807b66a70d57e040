// make_stderr_log: the only file that sees Boost.Log.
//
// An embedding program may use Boost.Log too, with sinks and global attributes of its own, in the same core.
// So each of our logs marks its records with its own number and its sink takes only records with that number.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/log/attributes/attribute_set.hpp>
#include <boost/log/attributes/attribute_value_impl.hpp>
#include <boost/log/attributes/attribute_value_set.hpp>
#include <boost/log/attributes/constant.hpp>
#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/sync_frontend.hpp>
#include <boost/smart_ptr/make_shared_object.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "host/log/line_format.hpp"
#include "sluice/host/log.hpp"

namespace sluice::host {
namespace {

namespace logging = boost::log;

constexpr const char* instance_name = "SluiceLog";
constexpr const char* severity_name = "Severity";

// One write(2) per line: lines of other writers to the same pipe or file do not get into the middle of ours.
// A standard error that cannot be written to is no reason to fail: the line is lost.
void write_line(std::string_view line) noexcept {
  while (!line.empty()) {
    const ssize_t done = ::write(STDERR_FILENO, line.data(), line.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(done));
  }
}

// The frontend serialises consume(): lines of one log come out whole and one after the other.
class StderrBackend
    : public logging::sinks::basic_formatted_sink_backend<char, logging::sinks::synchronized_feeding> {
 public:
  void consume(const logging::record_view&, const string_type& line) { write_line(line); }
};
using StderrFrontend = logging::sinks::synchronous_sink<StderrBackend>;

// systemd says in the environment which device and inode the journal's stream has.
bool stderr_is_the_journal() {
  const char* named = std::getenv("JOURNAL_STREAM");
  uintmax_t device = 0, inode = 0;
  struct stat mine {};
  return named && std::sscanf(named, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
         ::fstat(STDERR_FILENO, &mine) == 0 && mine.st_dev == device && mine.st_ino == inode;
}

class StderrLog final : public LogSink {
 public:
  StderrLog(Severity least, LogFormat format, TextStyle style)
      : least_(least), format_(format), style_(style), core_(logging::core::get()) {
    static std::atomic<uint64_t> instances{0};
    const uint64_t number = ++instances;
    attributes_.insert(instance_name, logging::attributes::constant<uint64_t>(number));
    frontend_ = boost::make_shared<StderrFrontend>(boost::make_shared<StderrBackend>());
    frontend_->set_filter([number](const logging::attribute_value_set& values) {
      const auto value = logging::extract<uint64_t>(instance_name, values);
      return value && *value == number;
    });
    // Our records carry their line already formatted.
    frontend_->set_formatter([](const logging::record_view& record, logging::formatting_ostream& out) {
      if (auto message = logging::extract<std::string>("Message", record)) out << *message;
    });
    core_->add_sink(frontend_);
  }
  ~StderrLog() override { core_->remove_sink(frontend_); }
  StderrLog(const StderrLog&) = delete;
  StderrLog& operator=(const StderrLog&) = delete;

  void write(const LogLine& line) noexcept override {
    if (line.severity < least_) return;
    try {
      logging::record record = core_->open_record(attributes_);
      if (!record) return;
      add(record, severity_name, line.severity);
      add(record, "Message", format_ == LogFormat::json ? format_json(line) : format_text(line, style_));
      core_->push_record(std::move(record));
    } catch (...) {
      // Out of memory, or a sink of the embedding program threw: a log line is not worth a run.
    }
  }

 private:
  template <class T>
  static void add(logging::record& record, const char* name, T value) {
    record.attribute_values().insert(name, logging::attributes::make_attribute_value(std::move(value)));
  }

  const Severity least_;
  const LogFormat format_;
  const TextStyle style_;
  // Held, so that the core is there for remove_sink whenever this ends.
  const boost::shared_ptr<logging::core> core_;
  logging::attribute_set attributes_;  // unchanged after the constructor: read by all threads
  boost::shared_ptr<StderrFrontend> frontend_;
};

}  // namespace

std::shared_ptr<LogSink> make_stderr_log(Severity least, LogFormat format, bool color) {
  return std::make_shared<StderrLog>(least, format, TextStyle{color, stderr_is_the_journal()});
}

}  // namespace sluice::host
