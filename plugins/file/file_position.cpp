#include "file_position.hpp"

#include <algorithm>
#include <vector>

#include "content_hash.hpp"

namespace sluice::file {

namespace {

constexpr size_t prefix_limit = 4096, tail_limit = 64;

uint64_t natural(const Json& from, std::string_view key) {
  const int64_t value = from.at(key).as_integer();
  if (value < 0) throw Error(ErrorClass::config, "E_JSON_TYPE", std::string(key) + " is negative");
  return static_cast<uint64_t>(value);
}

}  // namespace

void FilePosition::advance(std::string_view bytes, uint64_t lines) {
  if (prefix_.size() < prefix_limit) prefix_ += bytes.substr(0, prefix_limit - prefix_.size());
  if (bytes.size() >= tail_limit) {
    tail_ = bytes.substr(bytes.size() - tail_limit);
  } else {
    tail_ += bytes;
    if (tail_.size() > tail_limit) tail_.erase(0, tail_.size() - tail_limit);
  }
  offset_ += bytes.size();
  lines_ += lines;
}

Json FilePosition::to_json() const {
  if (prefix_hash_.empty() && prefix_.size() == prefix_limit) prefix_hash_ = content_hash(prefix_);
  return Json::object(
      {{"file", Json::object({{"prefixBytes", uint64_t{prefix_.size()}},
                              {"prefix", prefix_hash_.empty() ? content_hash(prefix_) : prefix_hash_},
                              {"tail", content_hash(tail_)}})},
       {"offset", offset_},
       {"line", lines_}});
}

FilePosition FilePosition::at(ByteInput& input, uint64_t offset, uint64_t lines) {
  FilePosition out;
  out.prefix_.resize(std::min<uint64_t>(offset, prefix_limit));
  input.seek(0);
  out.prefix_.resize(read_fully(input, out.prefix_.data(), out.prefix_.size()));
  out.tail_.resize(std::min<uint64_t>(offset, tail_limit));
  input.seek(offset - out.tail_.size());
  out.tail_.resize(read_fully(input, out.tail_.data(), out.tail_.size()));
  input.seek(offset);
  out.offset_ = offset;
  out.lines_ = lines;
  return out;
}

Checkpoint::Checkpoint(const Json& json) try
    : prefix_bytes(natural(json.at("file"), "prefixBytes")),
      offset(natural(json, "offset")),
      lines(natural(json, "line")),
      prefix(json.at("file").at("prefix").as_string()),
      tail(json.at("file").at("tail").as_string()) {
} catch (const Error& error) {
  throw Error(ErrorClass::config, "E_CHECKPOINT",
              "the checkpoint is not one that a file source made: " + error.message(), "checkpoint",
              "give the newCheckpoint of an earlier run of this unit, or null");
}

Resumed resume(ByteInput& input, const Checkpoint& checkpoint, const HostServices& host) {
  Resumed out;
  const auto compare = [&] {
    const Json now = out.position.to_json().at("file");
    if (static_cast<uint64_t>(now.at("prefixBytes").as_integer()) != checkpoint.prefix_bytes ||
        now.at("prefix").as_string() != checkpoint.prefix)
      out.refusal = "its first bytes are others: the file was replaced";
    else if (now.at("tail").as_string() != checkpoint.tail)
      out.refusal = "the bytes before the checkpoint are others: the file was rewritten";
  };
  const auto too_short = [&](uint64_t bytes) {
    out.refusal = "it has " + std::to_string(bytes) + " bytes and the checkpoint is at byte " +
                  std::to_string(checkpoint.offset) + ": the file was cut or replaced";
  };
  if (input.seekable()) {
    if (input.file_bytes() < checkpoint.offset) {
      too_short(input.file_bytes());
      return out;
    }
    out.position = FilePosition::at(input, checkpoint.offset, checkpoint.lines);
    compare();
    return out;
  }
  std::vector<char> skipped(size_t{256} << 10);
  while (out.position.offset() < checkpoint.offset) {
    host.throw_if_cancelled();
    const size_t wanted = std::min<uint64_t>(skipped.size(), checkpoint.offset - out.position.offset());
    const size_t got = input.read(skipped.data(), wanted);
    if (got == 0) {
      too_short(out.position.offset());
      return out;
    }
    out.position.advance({skipped.data(), got}, 0);
  }
  out.position.advance({}, checkpoint.lines);
  compare();
  return out;
}

size_t read_fully(ByteInput& input, char* to, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    const size_t got = input.read(to + filled, size - filled);
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

}  // namespace sluice::file
