#include "settings.hpp"

#include <array>
#include <charconv>

namespace sluice::sqlite {

namespace {

// "500ms", "5s", "2m".
std::chrono::milliseconds duration(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  const std::string_view name(unit, static_cast<size_t>(end - unit));
  if (error == std::errc() && number >= 0 && number <= 86'400'000) {
    if (name == "ms") return std::chrono::milliseconds(number);
    if (name == "s") return std::chrono::seconds(number);
    if (name == "m") return std::chrono::minutes(number);
  }
  throw Error(ErrorClass::config, "E_CONFIG", "busyTimeout \"" + text + "\" is no duration")
      .try_this("write it as 500ms, 5s or 2m");
}

}  // namespace

Settings::Settings(const Context& context)
    : path(context.config().at("path").as_string()),
      table(context.config().string("table", "")),
      cursor(context.config().string("cursor", "")),
      password(context.config().string("password", "")),
      document_layout(context.config().string("layout", "columns") == "document"),
      busy_timeout(duration(context.config().string("busyTimeout", "5s"))) {
  if (const Json* columns = context.config().find("key"); columns && columns->is_array())
    for (const Json& column : columns->as_array()) key.push_back(column.as_string());
  if (document_layout && key.size() > 1)
    throw Error(ErrorClass::config, "E_CONFIG", "layout document has one key column, the record's key")
        .try_this("name one column in \"key\", or none");
}

std::string table_for_unit(std::string_view unit_id) {
  static constexpr std::array<std::string_view, 4> packed{".gz", ".zst", ".bz2", ".xz"};
  static constexpr std::array<std::string_view, 11> data{
      ".ndjson", ".jsonl", ".json", ".csv", ".tsv", ".txt", ".log", ".lines", ".xml", ".avro", ".parquet"};
  std::string_view name = unit_id.substr(unit_id.rfind('/') + 1);
  const auto strip = [&](const auto& extensions) {
    for (std::string_view extension : extensions)
      if (name.size() > extension.size() && name.ends_with(extension)) {
        name.remove_suffix(extension.size());
        return;
      }
  };
  strip(packed);
  strip(data);
  return std::string(name.empty() ? unit_id : name);
}

}  // namespace sluice::sqlite
