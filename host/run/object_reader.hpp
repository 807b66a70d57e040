// Reads the keys of one JSON object of a request: null means absent, a wrong type is an error that names the
// key, and keys that nobody asked for become warnings with the nearest known name.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

// Lives on the stack of one parse. The first error is kept; later reads then give nothing.
class ObjectReader {
 public:
  // `path` is where the object stands, "" for the request itself. Both outlive the reader.
  ObjectReader(const boost::json::object& object, std::string path)
      : object_(object), path_(std::move(path)) {}

  std::optional<std::string> text(std::string_view key);
  std::optional<std::string> one_of(std::string_view key, const std::vector<std::string_view>& words);
  std::optional<uint64_t> count(std::string_view key, uint64_t least, uint64_t most);
  std::optional<uint64_t> size(std::string_view key, uint64_t least);
  std::optional<std::chrono::nanoseconds> duration(std::string_view key);
  const boost::json::object* object(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  // For keys that take a word or an object; reads nothing.
  bool is_object(std::string_view key) const;

  // The key is known, and read elsewhere.
  void allow(std::string_view key) { known_.push_back(key); }

  // Call last: appends a warning per unknown key, and gives the first error.
  Status finish(std::vector<Error>& unknown_keys);
  std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

 private:
  const boost::json::value* take(std::string_view key);
  void fail(std::string_view key, const std::string& what);

  const boost::json::object& object_;
  std::string path_;
  std::vector<std::string_view> known_;
  Status failure_;
};

}  // namespace sluice::host
