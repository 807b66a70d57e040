#include "host/config/interpolation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>

#include "host/config/json_pointer.hpp"
#include "host/config/nearest_name.hpp"
#include "host/config/text_check.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr std::size_t max_secret_file = 1u << 20;
constexpr std::size_t min_scrubbed = 4;
constexpr std::string_view opening = "${";

struct Reference {
  std::string_view scheme, name;
  std::size_t end;  // offset just past the closing brace
};

// The reference that begins at `at` (where `${` stands), if it has the form `${word:`.
// A missing closing brace gives `end == npos`.
std::optional<Reference> reference_at(std::string_view text, std::size_t at) {
  std::size_t begin = at + opening.size(), colon = begin;
  while (colon < text.size() && text[colon] >= 'a' && text[colon] <= 'z') ++colon;
  if (colon == begin || colon >= text.size() || text[colon] != ':') return std::nullopt;
  std::string_view scheme = text.substr(begin, colon - begin);
  std::size_t close = text.find('}', colon);
  if (close == std::string_view::npos)
    return Reference{scheme, text.substr(colon + 1), std::string_view::npos};
  return Reference{scheme, text.substr(colon + 1, close - colon - 1), close + 1};
}

std::string shown(const Reference& reference) {
  return "${" + std::string(reference.scheme) + ":" + std::string(reference.name) + "}";
}

Error missing(const Reference& reference, const std::string& where, const std::string& reason,
              std::string hint) {
  return Error(ErrorClass::config, "E_SECRET_MISSING", shown(reference) + ": " + reason, where,
               std::move(hint));
}

Result<std::string> read_environment(const Reference& reference, const std::string& where) {
  std::string name(reference.name);
  const char* value = std::getenv(name.c_str());
  if (!value)
    return missing(reference, where, "the environment variable is not set",
                   "set " + name + " before starting");
  if (!is_utf8(value)) {
    return Error(ErrorClass::config, "E_SECRET_INVALID",
                 shown(reference) + ": the variable's content is not UTF-8 text", where);
  }
  return std::string(value);
}

Result<std::string> read_secret_file(const Reference& reference, const std::string& where,
                                     const std::filesystem::path& base_dir) {
  std::filesystem::path path(reference.name);
  if (path.is_relative() && !base_dir.empty()) path = base_dir / path;
  const std::string hint = "it was looked for at " + path.string();
  std::error_code failure;
  auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status))
    return missing(reference, where, failure ? failure.message() : "there is no such file", hint);
  // A pipe or a device could block or never end.
  if (!std::filesystem::is_regular_file(status))
    return missing(reference, where, "it is not a regular file", hint);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return missing(reference, where, errno ? std::strerror(errno) : "it cannot be read", hint);
  std::string content(max_secret_file + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return missing(reference, where, "reading it failed", hint);
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > max_secret_file) {
    return Error(ErrorClass::config, "E_SECRET_INVALID", shown(reference) + ": the file is larger than 1 MiB",
                 where, hint);
  }
  if (content.find('\0') != std::string::npos || !is_utf8(content)) {
    return Error(ErrorClass::config, "E_SECRET_INVALID", shown(reference) + ": the file is not UTF-8 text",
                 where, hint);
  }
  if (content.ends_with("\r\n")) {
    content.resize(content.size() - 2);
  } else if (content.ends_with('\n')) {
    content.pop_back();
  }
  return content;
}

class Resolver {
 public:
  explicit Resolver(const std::filesystem::path& base_dir) : base_dir_(base_dir) {}

  // The trees come from parsers that bound their depth, so recursion is bounded too.
  Status resolve(json::value& value, const std::string& where) {
    if (auto* text = value.if_string()) {
      if (std::string_view(*text).find(opening) == std::string_view::npos) return {};
      auto replaced = resolve_text(*text, where);
      if (!replaced) return replaced.error();
      *text = *replaced;
    } else if (auto* array = value.if_array()) {
      for (std::size_t i = 0; i < array->size(); ++i)
        if (Status status = resolve((*array)[i], where + "/" + std::to_string(i)); !status) return status;
    } else if (auto* object = value.if_object()) {
      for (auto& member : *object)
        if (Status status = resolve(member.value(), pointer_join(where, member.key())); !status)
          return status;
    }
    return {};
  }

  std::vector<std::string> take_secrets() && { return std::move(secrets_); }

 private:
  Result<std::string> resolve_text(std::string_view text, const std::string& where) {
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = text.find(opening); at != std::string_view::npos; at = text.find(opening, done)) {
      if (at > done && text[at - 1] == '$') {
        out += text.substr(done, at - 1 - done);
        out += opening;
        done = at + opening.size();
        continue;
      }
      out += text.substr(done, at - done);
      auto reference = reference_at(text, at);
      if (!reference || !known(*reference)) {
        if (reference)
          if (auto near = did_you_mean(reference->scheme, {"env", "file"}); !near.empty())
            return broken("${" + std::string(reference->scheme) + ":...} is an unknown reference", where,
                          near);
        out += opening;
        done = at + opening.size();
        continue;
      }
      if (reference->end == std::string_view::npos)
        return broken("the reference ${" + std::string(reference->scheme) + ":... has no closing brace",
                      where, "write $${ for a plain ${");
      if (reference->name.empty() || reference->name.find('\0') != std::string_view::npos)
        return broken("the reference " + shown(*reference) + " names nothing", where,
                      "write $${ for a plain ${");
      auto content = reference->scheme == "env" ? read_environment(*reference, where)
                                                : read_secret_file(*reference, where, base_dir_);
      if (!content) return content.error();
      out += *content;
      if (!content->empty()) secrets_.push_back(*content);
      done = reference->end;
    }
    out += text.substr(done);
    return out;
  }

  static bool known(const Reference& reference) {
    return reference.scheme == "env" || reference.scheme == "file";
  }

  static Error broken(std::string message, const std::string& where, std::string hint) {
    return Error(ErrorClass::config, "E_CONFIG_INVALID", std::move(message), where, std::move(hint));
  }

  const std::filesystem::path& base_dir_;
  std::vector<std::string> secrets_;
};

}  // namespace

Result<Resolved> resolve_references(const json::value& value, const std::filesystem::path& base_dir) {
  Resolved resolved{value, {}};
  Resolver resolver(base_dir);
  if (Status status = resolver.resolve(resolved.value, ""); !status) return std::move(status).take_error();
  resolved.secrets = std::move(resolver).take_secrets();
  return resolved;
}

bool is_reference(std::string_view text) {
  if (!text.starts_with(opening)) return false;
  auto reference = reference_at(text, 0);
  return reference && (reference->scheme == "env" || reference->scheme == "file") &&
         reference->end == text.size();
}

Scrubber::Scrubber(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
  std::erase_if(secrets_, [](const std::string& secret) { return secret.size() < min_scrubbed; });
  for (std::size_t i = 0, plain = secrets_.size(); i < plain; ++i) {
    std::string quoted = json::serialize(json::string(secrets_[i]));
    quoted = quoted.substr(1, quoted.size() - 2);
    if (quoted != secrets_[i]) secrets_.push_back(std::move(quoted));
  }
  std::sort(secrets_.begin(), secrets_.end());
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

std::string Scrubber::scrub(std::string_view text) const {
  // Marked first and replaced after, so that of two overlapping secrets no end is left over.
  std::vector<bool> covered;
  for (const std::string& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1)) {
      covered.resize(text.size());
      std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(at), secret.size(), true);
    }
  }
  if (covered.empty()) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!covered[i]) {
      out += text[i];
    } else if (i == 0 || !covered[i - 1]) {
      out += "***";
    }
  }
  return out;
}

Error Scrubber::scrub(const Error& error) const {
  return Error(error.error_class(), error.code(), scrub(error.message()), scrub(error.where()),
               scrub(error.hint()));
}

json::value Scrubber::scrub_json(const json::value& value) const {
  if (secrets_.empty()) return value;
  if (const auto* text = value.if_string()) return json::value(scrub(std::string_view(*text)));
  if (const auto* array = value.if_array()) {
    json::array out;
    out.reserve(array->size());
    for (const auto& item : *array) out.push_back(scrub_json(item));
    return out;
  }
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& member : *object)
      out[scrub(std::string_view(member.key()))] = scrub_json(member.value());
    return out;
  }
  return value;
}

}  // namespace sluice::host
