// Handing a batch to any Arrow consumer, without copying a buffer.
//
// A batch becomes a struct array, a child for each column: bool, int64, double, utf8, binary, date32[day],
// timestamp[us, UTC]; json is utf8 with the canonical extension arrow.json. Documents have the children
// `value` (binary) and, where the batch has them, `key` (binary), `op` (int64: 0 upsert, 1 delete),
// `event_time` (timestamp) and `headers` (json). Values of delimited batches have their delimiter inside
// their range, which Arrow cannot leave out without a copy, so such batches are refused rather than changed.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/abi/arrow.h"
#include "sluice/batch/batch_view.hpp"

namespace sluice {

namespace detail {

// What a node of a schema or array owns. A consumer may move a child away and release it later than its
// parent, so every node keeps what it needs alive by itself.
struct ArrowSchemaNode {
  std::string format, name, metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;

  static void release(ArrowSchema* schema) {
    auto* node = static_cast<ArrowSchemaNode*>(schema->private_data);
    for (ArrowSchema& child : node->children)
      if (child.release) child.release(&child);
    delete node;
    schema->release = nullptr;
  }
  // Makes `schema` own a new node with so many released children.
  static ArrowSchemaNode& create(ArrowSchema& schema, std::string format, std::string_view name,
                                 std::string metadata, bool nullable, size_t children) {
    auto node = std::make_unique<ArrowSchemaNode>();
    node->format = std::move(format);
    node->name = name;
    node->metadata = std::move(metadata);
    node->children.resize(children);
    for (ArrowSchema& child : node->children) node->pointers.push_back(&child);
    schema = {};
    schema.format = node->format.c_str();
    schema.name = node->name.c_str();
    schema.metadata = node->metadata.empty() ? nullptr : node->metadata.data();
    schema.flags = nullable ? ARROW_FLAG_NULLABLE : 0;
    schema.n_children = static_cast<int64_t>(children);
    schema.children = children ? node->pointers.data() : nullptr;
    schema.release = release;
    schema.private_data = node.get();
    return *node.release();
  }
};

struct ArrowArrayNode {
  std::shared_ptr<const void> owner;
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;

  static void release(ArrowArray* array) {
    auto* node = static_cast<ArrowArrayNode*>(array->private_data);
    for (ArrowArray& child : node->children)
      if (child.release) child.release(&child);
    delete node;
    array->release = nullptr;
  }
  static ArrowArrayNode& create(ArrowArray& array, std::shared_ptr<const void> owner, int64_t length,
                                int64_t null_count, int64_t buffers, size_t children) {
    auto node = std::make_unique<ArrowArrayNode>();
    node->owner = std::move(owner);
    node->children.resize(children);
    for (ArrowArray& child : node->children) node->pointers.push_back(&child);
    array = {};
    array.length = length;
    array.null_count = null_count;
    array.n_buffers = buffers;
    array.buffers = node->buffers.data();
    array.n_children = static_cast<int64_t>(children);
    array.children = children ? node->pointers.data() : nullptr;
    array.release = release;
    array.private_data = node.get();
    return *node.release();
  }
};

inline const char* arrow_format(Type type) {
  switch (type) {
    case Type::boolean:
      return "b";
    case Type::int64:
      return "l";
    case Type::float64:
      return "g";
    case Type::binary:
      return "z";
    case Type::date32:
      return "tdD";
    case Type::timestamp:
      return "tsu:UTC";
    case Type::utf8:
    case Type::json:
      break;
  }
  return "u";
}

// One pair of the interface's metadata encoding: native 32-bit count and lengths.
inline void put_arrow_text(std::string& out, std::string_view text) {
  const auto size = static_cast<int32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += text;
}
inline std::string arrow_json_metadata() {
  const int32_t pairs = 2;
  std::string out(reinterpret_cast<const char*>(&pairs), sizeof pairs);
  put_arrow_text(out, "ARROW:extension:name");
  put_arrow_text(out, "arrow.json");
  put_arrow_text(out, "ARROW:extension:metadata");
  put_arrow_text(out, "");
  return out;
}

inline void export_column(const BatchView& batch, const ColumnView& column, std::shared_ptr<const void> owner,
                          ArrowSchema& schema, ArrowArray& array) {
  static constexpr std::string_view roles[] = {"", "value", "key", "op", "event_time", "headers"};
  static constexpr int32_t no_offsets[1] = {0};
  const bool field = column.role() == SLUICE_COLUMN_FIELD;
  const bool nullable = column.role() != SLUICE_COLUMN_VALUE && column.role() != SLUICE_COLUMN_OP;
  ArrowSchemaNode::create(schema, arrow_format(column.type()), field ? column.name() : roles[column.role()],
                          column.type() == Type::json ? arrow_json_metadata() : std::string(), nullable, 0);
  const bool variable = variable_width(column.type());
  ArrowArrayNode& node =
      ArrowArrayNode::create(array, std::move(owner), batch.size(), column.null_count(), variable ? 3 : 2, 0);
  const std::byte* frame = batch.bytes().data();
  const sluice_frame_column& entry = column.entry();
  if (column.null_count()) node.buffers[0] = frame + entry.validity.offset;
  const std::byte* data = frame + entry.data.offset;
  if (variable) {
    node.buffers[1] = batch.size() ? static_cast<const void*>(frame + entry.offsets.offset) : no_offsets;
    node.buffers[2] = data;
  } else {
    node.buffers[1] = data;
  }
}

}  // namespace detail

// Fills both structs; the caller (or whoever takes them) releases them. `owner` keeps the frame's bytes alive
// and in place until then: they are not copied. Throws E_ARROW_DELIMITED, and leaves the structs released.
inline void export_to_arrow(const BatchView& batch, std::shared_ptr<const void> owner, ArrowSchema* schema,
                            ArrowArray* array) {
  *schema = {};
  *array = {};
  if (batch.header().flags & SLUICE_FRAME_DELIMITED)
    throw Error(ErrorClass::config, "E_ARROW_DELIMITED",
                "batch " + std::to_string(batch.sequence()) +
                    " has delimiters between its values, which Arrow cannot leave out without a copy")
        .try_this("read it through DocumentsView, or take a source that publishes values without delimiters");
  try {
    const uint32_t columns = batch.column_count();
    detail::ArrowSchemaNode::create(*schema, "+s", "", {}, false, columns);
    detail::ArrowArrayNode::create(*array, owner, batch.size(), 0, 1, columns);
    for (uint32_t i = 0; i < columns; ++i)
      detail::export_column(batch, batch.column(i), owner, *schema->children[i], *array->children[i]);
  } catch (...) {
    if (schema->release) schema->release(schema);
    if (array->release) array->release(array);
    throw;
  }
}

}  // namespace sluice
