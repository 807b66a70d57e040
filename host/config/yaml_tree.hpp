// YAML text as a tree that knows its lines: what the configuration file reader walks. The parser library
// stays behind this header.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/result.hpp"

namespace sluice::host {

struct YamlNode {
  enum class Kind { scalar, sequence, map };
  struct Member;

  Kind kind = Kind::scalar;
  boost::json::value scalar;  // by the YAML 1.2 core schema: a quoted text stays a string
  std::vector<YamlNode> items;
  std::vector<Member> members;  // in file order, keys as written, no key twice
  int line = 0;                 // counts from 1

  bool is_null() const { return kind == Kind::scalar && scalar.is_null(); }
  // The member's value, or null.
  const YamlNode* find(std::string_view key) const;
  // `object`, `list`, `text`, `number`, `boolean` or `null`, for messages.
  std::string_view type_name() const;
  // The same tree without lines. Bounded, because parse_yaml bounds the tree.
  boost::json::value to_json() const;
};

struct YamlNode::Member {
  std::string key;
  int line;
  YamlNode value;
};

// Parses one document; JSON is accepted as the same tree. `${env:X}` and `${file:X}` may stand unquoted
// anywhere. `name` is the file's name for errors. Errors: E_CONFIG_SYNTAX, class config, at name:line: broken
// YAML, a key twice, several documents, unknown tags, bytes that are not UTF-8, more than 64 levels, or more
// than 100,000 nodes or 16 MiB of text after aliases are expanded.
Result<YamlNode> parse_yaml(std::string_view text, const std::string& name);

}  // namespace sluice::host
