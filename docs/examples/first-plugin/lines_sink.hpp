// Writes documents to a file, one a line.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sluice/sdk.hpp>

class LinesSink : public sluice::Sink {
 public:
  static constexpr sluice::TemplateInfo info{
      .id = "first.lines",
      .title = "Lines of a text file",
      .config_schema = R"({"type": "object", "required": ["path"], "additionalProperties": false,
        "properties": {"path": {"type": "string", "description": "The file to write"}}})"};
  static constexpr sluice::SinkInfo sink_info{.delivery = "append"};

  explicit LinesSink(const sluice::Context& context) : path_(context.config().at("path").as_string()) {}
  ~LinesSink() override {
    if (file_ >= 0) close(file_);
    if (replace_) unlink((path_ + ".new").c_str());
  }

  std::optional<sluice::Json> open(const sluice::WriteRequest& request) override {
    // From the beginning: a new file, which takes the place of the old one when it is complete.
    replace_ = !request.incremental || !request.checkpoint;
    to_disk_ = request.to_disk;
    const std::string name = replace_ ? path_ + ".new" : path_;
    file_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (replace_ ? O_TRUNC : O_APPEND), 0666);
    if (file_ < 0) fail("E_FILE_OPEN", "open");
    committed_ = lseek(file_, 0, SEEK_END);
    return std::nullopt;
  }

  sluice::WriteResult write(const sluice::BatchView& batch, sluice::Rejects&) override {
    const sluice::DocumentsView documents(batch);
    text_.clear();
    for (uint32_t i = 0; i < documents.size(); ++i) text_.append(documents.value(i)).push_back('\n');
    for (std::string_view rest = text_; !rest.empty();) {
      const ssize_t written = ::write(file_, rest.data(), rest.size());
      if (written < 0 && errno != EINTR) fail("E_FILE_WRITE", "write");
      if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
    }
    return {.written = batch.size(), .bytes = text_.size()};
  }

  sluice::Reached commit(const sluice::CommitToken& token) override {
    if (replace_ && !token.final) return sluice::Reached::deferred;
    if (to_disk_ && fdatasync(file_) != 0) fail("E_FILE_WRITE", "sync");
    if (replace_ && std::rename((path_ + ".new").c_str(), path_.c_str()) != 0) fail("E_FILE_WRITE", "rename");
    committed_ = lseek(file_, 0, SEEK_END);
    return sluice::Reached::durable;
  }

  void abort() override {
    if (!replace_ && ftruncate(file_, committed_) != 0) fail("E_FILE_WRITE", "truncate");
  }

 private:
  // A new name is on disk only when its folder is.
  void sync_folder() const {
    const size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) close(file);
    if (!synced) fail("E_FILE_WRITE", "sync the folder of");
  }
  [[noreturn]] void fail(const char* code, const std::string& what) const {
    throw sluice::Error(sluice::ErrorClass::system, code,
                        "cannot " + what + " " + path_ + ": " + strerror(errno), path_,
                        "check permissions and free space");
  }

  std::string path_, text_;
  int file_ = -1;
  bool replace_ = false;  // writes to path.new until the final commit
  bool to_disk_ = false;
  off_t committed_ = 0;  // the file's size at the last commit
};
