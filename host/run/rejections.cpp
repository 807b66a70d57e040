#include "host/run/rejections.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/beast/core/detail/base64.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>

#include "host/config/text_check.hpp"

namespace sluice::host {

Rejections::Rejections(uint64_t tolerated, std::string dead_letter_path, std::string run_id,
                       std::string unit_id)
    : tolerated_(tolerated),
      path_(std::move(dead_letter_path)),
      run_id_(std::move(run_id)),
      unit_id_(std::move(unit_id)) {}

Rejections::~Rejections() {
  if (file_ >= 0) close(file_);
}

Status Rejections::add(const Rejection& rejection) {
  std::lock_guard lock(mutex_);
  ++count_;
  if (first_.empty()) first_ = std::string(rejection.where) + ": " + std::string(rejection.reason);
  if (!path_.empty())
    if (Status status = write_dead_letter(rejection); !status.ok()) return status;
  if (count_ <= tolerated_) return {};
  over_limit_ = true;
  return Error(ErrorClass::config, "E_REJECTED",
               std::to_string(count_) + (count_ == 1 ? " record is" : " records are") + " rejected and " +
                   std::to_string(tolerated_) + " tolerated: " + std::string(rejection.reason),
               std::string(rejection.where),
               "correct the record, or raise policy.errors.maxRejected; policy.errors.deadLetterPath keeps "
               "the rejected ones");
}

void Rejections::restart(uint64_t committed) {
  std::lock_guard lock(mutex_);
  count_ = committed;
}

bool Rejections::tolerates(uint64_t more) const {
  std::lock_guard lock(mutex_);
  return more <= tolerated_ && count_ <= tolerated_ - more;
}

bool Rejections::over_limit() const {
  std::lock_guard lock(mutex_);
  return over_limit_;
}

std::string Rejections::first() const {
  std::lock_guard lock(mutex_);
  return first_;
}

Status Rejections::write_dead_letter(const Rejection& rejection) {
  auto failed = [&](const char* what) {
    return Error(ErrorClass::system, "E_DEAD_LETTER",
                 "cannot " + std::string(what) + " " + path_ + ": " + strerror(errno), path_,
                 "make room or choose another policy.errors.deadLetterPath");
  };
  if (file_ < 0) file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) return failed("open");
  boost::json::object line{{"runId", run_id_},
                           {"unitId", unit_id_},
                           {"where", rejection.where},
                           {"code", rejection.code},
                           {"reason", rejection.reason}};
  if (is_utf8(rejection.value)) {
    line["value"] = rejection.value;
  } else {
    std::string encoded(boost::beast::detail::base64::encoded_size(rejection.value.size()), '\0');
    encoded.resize(
        boost::beast::detail::base64::encode(encoded.data(), rejection.value.data(), rejection.value.size()));
    line["valueBase64"] = encoded;
  }
  // One write of a whole line: what several runs append to one file does not mix.
  std::string text = boost::json::serialize(line) + "\n";
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t done = write(file_, rest.data(), rest.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failed("write");
    rest.remove_prefix(static_cast<size_t>(done));
  }
  return {};
}

}  // namespace sluice::host
