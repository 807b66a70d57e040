// The Arrow hand-over as C functions, for arrow_pyarrow_test.py to call. [one thread]
#include <atomic>
#include <string>

#include "sluice/batch/arrow.hpp"
#include "sluice/testing/frames.hpp"

namespace {

using namespace sluice;

std::atomic<int> frames_alive{0};
std::string answer;

// Keeps a frame and is counted while anything refers to it.
std::shared_ptr<const FrameBytes> keep(FrameBytes frame) {
  ++frames_alive;
  return {new FrameBytes(std::move(frame)), [](const FrameBytes* gone) {
            delete gone;
            --frames_alive;
          }};
}

FrameBytes sample(const std::string& name) {
  if (name == "documents")
    return testing::documents_frame(
        std::vector<Document>{{.value = "one", .key = "k", .event_time = 1500000, .headers = R"({"h":"1"})"},
                              {.value = "", .is_delete = true}});
  if (name == "values") return testing::documents_frame(std::vector<std::string>{"a", "", "ccc"});
  if (name == "delimited") return testing::chunk_frame("a\nb\n");
  const std::vector<Field> fields{{"b", Type::boolean},   {"i", Type::int64},  {"f", Type::float64},
                                  {"u", Type::utf8},      {"x", Type::binary}, {"d", Type::date32},
                                  {"t", Type::timestamp}, {"j", Type::json}};
  std::vector<std::string> rows;
  for (int row = 0; row < 100; ++row) {
    const std::string n = std::to_string(row);
    const std::string micros = std::to_string(row * 1000000 + 1);
    std::string cells = row % 2 ? "true" : "false";
    for (const std::string& cell :
         {n, n + ".5", "\"u" + n + "\"", "\"x" + n + "\"", n, micros, "[" + n + "]"})
      cells += "," + cell;
    rows.push_back("[" + (row % 3 == 1 ? "null,null,null,null,null,null,null,null" : cells) + "]");
  }
  if (name == "no_nulls") rows = {rows[0], rows[2], rows[3]};
  return testing::table_frame(fields, rows);
}

template <class Call>
const char* answering(Call&& call) {
  try {
    answer.clear();
    call();
  } catch (const Error& error) {
    answer = error.code() + ": " + error.message();
  } catch (const std::exception& error) {
    answer = error.what();
  }
  return answer.c_str();
}

}  // namespace

extern "C" {

// Exports one of the samples. An empty answer is success.
SLUICE_EXPORT const char* bridge_export(const char* name, ArrowSchema* schema, ArrowArray* array) {
  return answering([&] {
    auto frame = keep(sample(name));
    export_to_arrow(BatchView(*frame), frame, schema, array);
  });
}

// Imports, in batches of `batch_records`, and answers every row as JSON, then every rejection, a line each.
SLUICE_EXPORT const char* bridge_import(ArrowSchema* schema, ArrowArray* array, uint32_t batch_records) {
  std::string rows;
  answering([&] {
    testing::FakeWriter writer({.max_batch_records = batch_records});
    SourceWriter out(writer.abi());
    import_from_arrow(schema, array, out);
    for (const std::string& row : writer.rows()) rows += row + "\n";
    for (const auto& rejection : writer.rejections())
      rows += "rejected " + rejection.where + ": " + rejection.reason + "\n";
  });
  answer = rows + answer;
  return answer.c_str();
}

// Imports into one batch and exports that again.
SLUICE_EXPORT const char* bridge_round_trip(ArrowSchema* schema, ArrowArray* array, ArrowSchema* schema_out,
                                            ArrowArray* array_out) {
  return answering([&] {
    testing::FakeWriter writer;
    SourceWriter out(writer.abi());
    import_from_arrow(schema, array, out);
    auto frame = keep(writer.frames().at(0));
    export_to_arrow(BatchView(*frame), frame, schema_out, array_out);
  });
}

SLUICE_EXPORT int bridge_frames_alive() {
  return frames_alive;
}

}  // extern "C"
