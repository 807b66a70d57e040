#include "host/run/object_reader.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "host/config/nearest_name.hpp"
#include "host/config/quantity.hpp"

namespace sluice::host {

namespace {

// What the caller wrote, short enough for an error.
std::string shown(const boost::json::value& value) {
  std::string text = boost::json::serialize(value);
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

}  // namespace

const boost::json::value* ObjectReader::take(std::string_view key) {
  known_.push_back(key);
  const boost::json::value* value = object_.if_contains(key);
  return !value || value->is_null() || !failure_.ok() ? nullptr : value;
}

void ObjectReader::fail(std::string_view key, const std::string& what) {
  if (failure_.ok())
    failure_ = Error(ErrorClass::config, "E_REQUEST_INVALID", path_of(key) + " " + what, path_of(key));
}

std::optional<std::string> ObjectReader::text(std::string_view key) {
  const boost::json::value* value = take(key);
  if (!value) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  fail(key, "must be a string, not " + shown(*value));
  return std::nullopt;
}

std::optional<std::string> ObjectReader::one_of(std::string_view key,
                                                const std::vector<std::string_view>& words) {
  std::optional<std::string> word = text(key);
  if (!word || std::find(words.begin(), words.end(), *word) != words.end()) return word;
  std::string list;
  for (std::string_view known : words) list.append(list.empty() ? "" : ", ").append(known);
  std::string near = did_you_mean(*word, words);
  fail(key, "must be one of " + list + ", not \"" + *word + "\"" + (near.empty() ? "" : "; " + near));
  return std::nullopt;
}

std::optional<uint64_t> ObjectReader::count(std::string_view key, uint64_t least, uint64_t most) {
  const boost::json::value* value = take(key);
  if (!value) return std::nullopt;
  boost::system::error_code not_a_count;
  auto number = value->is_number() ? value->to_number<uint64_t>(not_a_count) : 0;
  if (value->is_number() && !not_a_count && number >= least && number <= most) return number;
  fail(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                ", not " + shown(*value));
  return std::nullopt;
}

std::optional<uint64_t> ObjectReader::size(std::string_view key, uint64_t least) {
  const boost::json::value* value = take(key);
  if (!value) return std::nullopt;
  Result<uint64_t> bytes = size_from(*value, path_of(key));
  if (!bytes) {
    failure_ = std::move(bytes).error();
    return std::nullopt;
  }
  if (*bytes >= least) return *bytes;
  fail(key, "must be at least " + format_size(least));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> ObjectReader::duration(std::string_view key) {
  const boost::json::value* value = take(key);
  if (!value) return std::nullopt;
  Result<std::chrono::nanoseconds> time = duration_from(*value, path_of(key));
  if (time) return *time;
  failure_ = std::move(time).error();
  return std::nullopt;
}

const boost::json::object* ObjectReader::object(std::string_view key) {
  const boost::json::value* value = take(key);
  if (!value) return nullptr;
  if (value->is_object()) return &value->get_object();
  fail(key, "must be an object, not " + shown(*value));
  return nullptr;
}

std::optional<bool> ObjectReader::flag(std::string_view key) {
  const boost::json::value* value = take(key);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  fail(key, "must be true or false, not " + shown(*value));
  return std::nullopt;
}

bool ObjectReader::is_object(std::string_view key) const {
  const boost::json::value* value = object_.if_contains(key);
  return value && value->is_object();
}

Status ObjectReader::finish(std::vector<Error>& unknown_keys) {
  for (const auto& member : object_) {
    std::string_view key = member.key();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    unknown_keys.push_back(Error(ErrorClass::config, "E_KEY_UNKNOWN", "unknown key \"" + path_of(key) + "\"",
                                 path_of(key), did_you_mean(key, known_)));
  }
  return std::move(failure_);
}

}  // namespace sluice::host
