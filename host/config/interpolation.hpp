// References to secrets in configuration values: `${env:NAME}` and `${file:PATH}`. They are resolved when an
// endpoint is opened, so that listings and receipts only ever see the reference.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

struct Resolved {
  boost::json::value value;
  std::vector<std::string> secrets;  // what each reference stood for; feed them to a Scrubber
};

// Replaces the references in every string value of `value`, at any depth; keys stay as they are. A value may
// hold several references between other text; `$${` stands for a plain `${`. Other `${...}` texts are left
// alone. A relative file is looked up in `base_dir`. A file gives its content (UTF-8, at most 1 MiB) without
// one trailing newline. Errors, class config, naming the reference and the place but never the content:
// E_SECRET_MISSING (variable not set, file not readable), E_SECRET_INVALID (content too large or not text),
// E_CONFIG_INVALID (broken reference). Reads the environment: no other thread may change it meanwhile.
Result<Resolved> resolve_references(const boost::json::value& value, const std::filesystem::path& base_dir);

// True when the text is one reference and nothing else: it tells where a secret is, and is not one itself.
bool is_reference(std::string_view text);

// Replaces known secrets in texts by `***`. Constant after construction, so threads may share it.
class Scrubber {
 public:
  Scrubber() = default;
  // Secrets shorter than four bytes are not scrubbed: they would blot out innocent text.
  explicit Scrubber(std::vector<std::string> secrets);

  // One that knows the secrets of both.
  static Scrubber joined(const Scrubber& one, const Scrubber& other) {
    std::vector<std::string> all = one.secrets_;
    all.insert(all.end(), other.secrets_.begin(), other.secrets_.end());
    return Scrubber(std::move(all));
  }

  bool empty() const { return secrets_.empty(); }
  // Also finds a secret in the form in which JSON text shows it.
  std::string scrub(std::string_view text) const;
  Error scrub(const Error& error) const;
  // Every string value, and every key, of a JSON tree.
  boost::json::value scrub_json(const boost::json::value& value) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace sluice::host
