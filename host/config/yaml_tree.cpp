#include "host/config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_set>

#include "host/config/text_check.hpp"
#include "host/config/yaml_scalar.hpp"
#include "host/config/yaml_source.hpp"

namespace sluice::host {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 64;
constexpr std::size_t max_nodes = 100'000;
constexpr std::size_t max_text = 16u << 20;

// Thrown through the parser to end it early; never leaves this file.
struct Stop {
  int line;
  std::string reason, hint;
};

// Nodes and text that a subtree stands for, and its height, aliases expanded.
struct Extent {
  std::size_t nodes = 1, text = 0, height = 1;
};

// Builds the tree from the parser's events, checking the bounds at every event: an alias is charged for all
// that it copies before it is copied.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlSource& source) : source_(source) {}

  std::optional<YamlNode> take_root() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) throw Stop{line_of(mark), "a second document begins here", "keep one document per file"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, nullptr); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto target = anchors_.find(anchor);
    if (target == anchors_.end())
      throw Stop{line_of(mark), "an alias refers to a key or to the node that it stands in",
                 "write the value out"};
    if (awaiting_key()) throw Stop{line_of(mark), "an alias cannot be a key", "write the key out"};
    const auto& [node, extent] = target->second;
    charge(extent, line_of(mark));
    YamlNode copy = node;
    copy.line = line_of(mark);
    attach(std::move(copy), extent);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    std::string text = source_.restore(value);
    if (awaiting_key()) {
      take_key(std::move(text), line_of(mark));
      return;
    }
    leaf(mark, anchor, typed(tag, std::move(text), line_of(mark)));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    Extent extent;
    YAML::anchor_t anchor;
    std::optional<std::pair<std::string, int>> key;  // read, and waiting for its value
    std::unordered_set<std::string> keys;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }

  bool awaiting_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().key;
  }

  void take_key(std::string key, int line) {
    if (key == "<<") throw Stop{line, "merge keys (<<) are not supported", "write the members out"};
    if (!open_.back().keys.insert(key).second)
      throw Stop{line, "the key \"" + key + "\" stands here twice", "remove one of them"};
    charge(Extent{1, key.size(), 0}, line);
    open_.back().key.emplace(std::move(key), line);
  }

  json::value typed(const std::string& tag, std::string text, int line) const {
    constexpr std::string_view core = "tag:yaml.org,2002:";
    if (tag == "?" || tag.empty()) return core_schema_value(text);
    if (tag == "!" || tag == std::string(core) + "str") return json::value(json::string(text));
    if (tag.starts_with(core)) {
      std::string_view type = std::string_view(tag).substr(core.size());
      json::value value = core_schema_value(text);
      if (type == "int" && (value.is_int64() || value.is_uint64())) return value;
      if (type == "float" && value.is_number()) return value.to_number<double>();
      if (type == "bool" && value.is_bool()) return value;
      if (type == "null" && value.is_null()) return value;
      if (type == "int" || type == "float" || type == "bool" || type == "null")
        throw Stop{line, "the value does not fit its tag !!" + std::string(type), "remove the tag"};
    }
    throw Stop{line, "the tag " + tag + " is unknown", "remove the tag"};
  }

  void charge(const Extent& extent, int line) {
    nodes_ += extent.nodes;
    text_ += extent.text;
    if (nodes_ > max_nodes || text_ > max_text)
      throw Stop{line, "the file is too large once its aliases are expanded",
                 "the limits are 100,000 nodes and 16 MiB of text"};
    if (open_.size() + extent.height > max_depth)
      throw Stop{line, "the file is nested too deeply", "the limit is 64 levels"};
  }

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value) {
    if (awaiting_key()) {
      take_key("null", line_of(mark));
      return;
    }
    const auto* text = value.if_string();
    Extent extent{1, text ? text->size() : 0, 1};
    charge(extent, line_of(mark));
    YamlNode node;
    node.scalar = std::move(value);
    node.line = line_of(mark);
    remember(anchor, node, extent);
    attach(std::move(node), extent);
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    int line = line_of(mark);
    if (awaiting_key()) throw Stop{line, "a key must be a text", "write a plain or quoted key"};
    if (!tag.empty() && tag != "?" && tag != "!" &&
        tag != (kind == YamlNode::Kind::map ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq"))
      throw Stop{line, "the tag " + tag + " is unknown", "remove the tag"};
    charge(Extent{}, line);
    Open entry;
    entry.node.kind = kind;
    entry.node.line = line;
    entry.anchor = anchor;
    open_.push_back(std::move(entry));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    remember(done.anchor, done.node, done.extent);
    attach(std::move(done.node), done.extent);
  }

  void remember(YAML::anchor_t anchor, const YamlNode& node, const Extent& extent) {
    if (anchor == YAML::NullAnchor) return;
    // The copy kept for aliases counts as well: nested anchors would otherwise grow it with the square.
    charge(Extent{extent.nodes, extent.text, 0}, node.line);
    anchors_.insert_or_assign(anchor, std::make_pair(node, extent));
  }

  void attach(YamlNode node, const Extent& extent) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.extent.nodes += extent.nodes;
    parent.extent.text += extent.text;
    parent.extent.height = std::max(parent.extent.height, extent.height + 1);
    if (parent.node.kind == YamlNode::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else {
      parent.extent.text += parent.key->first.size();
      parent.node.members.push_back({std::move(parent.key->first), parent.key->second, std::move(node)});
      parent.key.reset();
    }
  }

  const YamlSource& source_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<YamlNode, Extent>> anchors_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0, text_ = 0;
};

Error syntax_error(const std::string& name, int line, std::string reason, std::string hint) {
  std::string where = name + ":" + std::to_string(line);
  return Error(ErrorClass::config, "E_CONFIG_SYNTAX", where + ": " + std::move(reason), where,
               std::move(hint));
}

// The parser's message, except where it speaks of its own workings.
std::string reason_of(const YAML::Exception& failure) {
  if (failure.msg == YAML::ErrorMsg::EOF_IN_SCALAR || failure.msg == YAML::ErrorMsg::DOC_IN_SCALAR)
    return "a quote is opened before this line and never closed";
  return failure.msg;
}

int line_at(std::string_view text, std::size_t offset) {
  return 1 +
         static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::string_view YamlNode::type_name() const {
  if (kind == Kind::map) return "object";
  if (kind == Kind::sequence) return "list";
  if (scalar.is_null()) return "null";
  if (scalar.is_bool()) return "boolean";
  return scalar.is_string() ? "text" : "number";
}

json::value YamlNode::to_json() const {
  if (kind == Kind::scalar) return scalar;
  if (kind == Kind::sequence) {
    json::array array;
    array.reserve(items.size());
    for (const YamlNode& item : items) array.push_back(item.to_json());
    return array;
  }
  json::object object;
  object.reserve(members.size());
  for (const Member& member : members) object.emplace(member.key, member.value.to_json());
  return object;
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& name) {
  if (std::size_t bad = std::min(first_bad_utf8(text), text.find('\0')); bad < text.size())
    return syntax_error(name, line_at(text, bad), "the file is not UTF-8 text", "save it as UTF-8");
  try {
    YamlSource source(text);
    std::istringstream stream(source.text());
    YAML::Parser parser(stream);
    TreeBuilder builder(source);
    while (parser.HandleNextDocument(builder)) {
    }
    auto root = std::move(builder).take_root();
    if (root) return std::move(*root);
    YamlNode empty;
    empty.line = 1;
    return empty;
  } catch (const Stop& stop) {
    return syntax_error(name, stop.line, stop.reason, stop.hint);
  } catch (const YAML::Exception& failure) {
    return syntax_error(name, std::max(failure.mark.line, 0) + 1, reason_of(failure),
                        "check indentation, quotes and brackets here");
  } catch (const std::exception& failure) {
    return syntax_error(name, 1, failure.what(), "");
  }
}

}  // namespace sluice::host
