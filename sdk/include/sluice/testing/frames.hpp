// Frames to feed a sink with, built by the SDK's own builders.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/batch/document_builder.hpp"
#include "sluice/batch/document_chunk.hpp"
#include "sluice/batch/table_builder.hpp"
#include "sluice/testing/fake_writer.hpp"

namespace sluice::testing {

namespace internal {

// `records` and `bytes` are what the frame must hold at least.
template <class Fill>
FrameBytes one_frame(size_t records, size_t bytes, Fill&& fill) {
  WriterLimits limits;
  limits.max_batch_records = static_cast<uint32_t>(records + 1);
  limits.max_batch_bytes = bytes + records * 64 + 65536;
  limits.max_frame_bytes = SLUICE_FRAME_MAX_BYTES;
  FakeWriter writer(limits);
  SourceWriter out(writer.abi());
  fill(out);
  if (writer.frames().size() != 1)
    throw Error(ErrorClass::config, "E_TEST", "these records do not make one frame");
  return writer.frames()[0];
}

}  // namespace internal

inline FrameBytes documents_frame(const std::vector<std::string>& values) {
  size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  return internal::one_frame(values.size(), bytes, [&](SourceWriter& out) {
    DocumentBuilder builder(
        out, values.empty() ? DocumentBuilder::Position([] { return Json::object(); }) : nullptr);
    for (const std::string& value : values) builder.append(value);
    builder.flush();
  });
}
inline FrameBytes documents_frame(const std::vector<Document>& documents) {
  size_t bytes = 0;
  for (const Document& document : documents)
    bytes += document.value.size() + document.key.value_or("").size() + document.headers.value_or("").size();
  return internal::one_frame(documents.size(), bytes, [&](SourceWriter& out) {
    DocumentBuilder builder(out);
    for (const Document& document : documents) builder.append(document);
    builder.flush();
  });
}
// Lines of text with their delimiter left in place; the last one may lack it.
inline FrameBytes chunk_frame(std::string_view text, char delimiter = '\n') {
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), delimiter)) + 1;
  return internal::one_frame(lines, text.size(), [&](SourceWriter& out) {
    DocumentChunk chunk(out, delimiter);
    std::span<char> room = chunk.open(text.size());
    std::copy(text.begin(), text.end(), room.begin());
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == delimiter) chunk.mark(static_cast<uint32_t>(i + 1));
    const bool undelimited = !text.empty() && text.back() != delimiter;
    if (undelimited) chunk.mark(static_cast<uint32_t>(text.size()));
    chunk.publish({}, text.size(), undelimited);
  });
}
// Rows as JSON text, one array of cells each: null, true, 7, 1.5, "text"; dates are days and timestamps
// microseconds since 1970-01-01, binary a string, json any value.
inline FrameBytes table_frame(const std::vector<Field>& fields, const std::vector<std::string>& rows) {
  size_t bytes = rows.size() * fields.size() * 32;
  for (const std::string& row : rows) bytes += row.size();
  return internal::one_frame(rows.size(), bytes, [&](SourceWriter& out) {
    TableBuilder builder(out, fields);
    for (const std::string& text : rows) {
      const Json row = Json::parse(text);
      builder.begin_row();
      for (size_t i = 0; i < row.as_array().size(); ++i) {
        const Json& cell = row.as_array()[i];
        if (cell.is_null()) continue;
        switch (fields.at(i).type) {
          case Type::boolean:
            builder.set_bool(i, cell.as_bool());
            break;
          case Type::int64:
            builder.set_int64(i, cell.as_integer());
            break;
          case Type::float64:
            builder.set_float64(i, cell.as_number());
            break;
          case Type::date32:
            builder.set_date32(i, static_cast<int32_t>(cell.as_integer()));
            break;
          case Type::timestamp:
            builder.set_timestamp(i, cell.as_integer());
            break;
          case Type::json:
            builder.set_text(i, cell.dump());
            break;
          default:
            builder.set_text(i, cell.as_string());
        }
      }
      builder.end_row();
    }
    builder.flush();
  });
}

}  // namespace sluice::testing
