// Descriptors as compile-time constants, so that they can stand in the library's ELF note and be read without
// running any of its code.
#pragma once

#include <array>
#include <concepts>
#include <string_view>

#include "sluice/abi/plugin.h"
#include "sluice/sink.hpp"
#include "sluice/source.hpp"
#include "sluice/staging.hpp"

namespace sluice {

struct PluginInfo {
  std::string_view id;  // [a-z0-9][a-z0-9._-]*
  std::string_view version;
  std::string_view vendor = "";
  std::string_view license = "";
  std::string_view description = "";
};

// `static constexpr sluice::TemplateInfo info` of an endpoint class. `config_schema` is JSON Schema draft-07
// for an object; mark secrets with "x-secret": true.
struct TemplateInfo {
  std::string_view id;  // [a-z0-9][a-z0-9._-]*
  std::string_view title;
  std::string_view description = "";
  std::string_view config_schema = R"({"type":"object","additionalProperties":false})";
};

// `static constexpr sluice::SourceInfo source_info` of a source class. Lists are separated by commas.
struct SourceInfo {
  std::string_view formats = "documents";  // documents, tables
  std::string_view modes = "FULL";         // FULL, INCREMENTAL
  bool slices = false;                     // plan() can divide a unit
  std::string_view content_types = "";     // of its documents; empty: any
};

// `static constexpr sluice::SinkInfo sink_info` of a sink class.
struct SinkInfo {
  std::string_view formats = "documents";
  std::string_view delivery = "none";  // transactional, idempotent, append, none
  std::string_view slices =
      "ordered";  // parallel: an instance per slice; ordered: one slice after another; any: mixed
  std::string_view content_types = "";  // it accepts; empty: any
};

// A template that is both: Both<LinesSource, LinesSink>; the info is the source's.
template <class SourceClass, class SinkClass>
struct Both {
  static constexpr TemplateInfo info = SourceClass::info;
  using SourceType = SourceClass;
  using SinkType = SinkClass;
};

namespace detail {

struct None {};

template <class T>
struct SourceOf {
  using type = None;
};
template <class T>
requires std::derived_from<T, Source>
struct SourceOf<T> {
  using type = T;
};
template <class T>
requires requires {
  typename T::SourceType;
}
struct SourceOf<T> {
  using type = typename T::SourceType;
};

template <class T>
struct SinkOf {
  using type = None;
};
template <class T>
requires std::derived_from<T, Sink>
struct SinkOf<T> {
  using type = T;
};
template <class T>
requires requires {
  typename T::SinkType;
}
struct SinkOf<T> {
  using type = typename T::SinkType;
};

template <class T>
inline constexpr bool is_source = !std::same_as<typename SourceOf<T>::type, None>;
template <class T>
inline constexpr bool is_sink = !std::same_as<typename SinkOf<T>::type, None>;
template <class T>
inline constexpr bool is_staging = std::derived_from<T, StagingProvider>;

// Counts on the first pass, writes on the second.
struct TextOut {
  char* to = nullptr;
  size_t size = 0;

  constexpr void raw(std::string_view text) {
    for (char c : text) put(c);
  }
  constexpr void quoted(std::string_view text) {
    put('"');
    for (char c : text) {
      if (c == '"' || c == '\\') put('\\');
      if (c == '\n')
        raw("\\n");
      else if (c == '\t')
        raw("\\t");
      else
        put(c);
    }
    put('"');
  }
  constexpr void member(std::string_view key, std::string_view value) {
    quoted(key);
    put(':');
    quoted(value);
    put(',');
  }
  // "a,b" becomes ["a","b"].
  constexpr void list(std::string_view key, std::string_view names) {
    quoted(key);
    raw(":[");
    size_t begin = 0;
    while (begin < names.size()) {
      size_t end = names.find(',', begin);
      if (end == std::string_view::npos) end = names.size();
      if (begin) put(',');
      quoted(names.substr(begin, end - begin));
      begin = end + 1;
    }
    put(']');
  }
  constexpr void put(char c) {
    if (to) to[size] = c;
    ++size;
  }
};

template <class T>
constexpr void describe_template(TextOut& out) {
  static_assert(is_source<T> || is_sink<T> || is_staging<T>,
                "derive from Source, Sink or StagingProvider, or use Both");
  out.put('{');
  out.member("id", T::info.id);
  out.member("title", T::info.title);
  out.member("description", T::info.description);
  out.raw("\"roles\":[");
  if constexpr (is_source<T>) out.raw("\"source\"");
  if constexpr (is_source<T> && is_sink<T>) out.put(',');
  if constexpr (is_sink<T>) out.raw("\"sink\"");
  if constexpr (is_staging<T>) out.raw("\"staging\"");
  out.raw("],");
  if constexpr (is_source<T>) {
    constexpr SourceInfo source = SourceOf<T>::type::source_info;
    out.raw("\"source\":{");
    out.list("formats", source.formats);
    out.put(',');
    out.list("modes", source.modes);
    out.put(',');
    out.list("contentTypes", source.content_types);
    out.raw(source.slices ? ",\"slices\":true}," : ",\"slices\":false},");
  }
  if constexpr (is_sink<T>) {
    constexpr SinkInfo sink = SinkOf<T>::type::sink_info;
    out.raw("\"sink\":{");
    out.list("formats", sink.formats);
    out.put(',');
    out.member("delivery", sink.delivery);
    out.member("slices", sink.slices);
    out.list("contentTypes", sink.content_types);
    out.raw("},");
  }
  out.raw("\"configSchema\":");
  out.raw(T::info.config_schema);
  out.put('}');
}

template <class... Templates>
constexpr void describe_plugin(TextOut& out, const PluginInfo& plugin) {
  out.raw("{\"plugin\":{");
  out.member("id", plugin.id);
  out.member("version", plugin.version);
  out.member("vendor", plugin.vendor);
  out.member("license", plugin.license);
  out.quoted("description");
  out.put(':');
  out.quoted(plugin.description);
  out.raw("},\"templates\":[");
  bool first = true;
  ((first ? void(first = false) : out.put(','), describe_template<Templates>(out)), ...);
  out.raw("]}");
}

// The note as it stands in the library: ELF note header, name, ABI range, descriptor.
template <size_t Bytes>
struct alignas(4) Note {
  uint32_t name_size = 7, content_size = 0, type = SLUICE_NOTE_DESCRIPTOR;
  char name[8] = {'S', 'l', 'u', 'i', 'c', 'e', '\0', '\0'};
  sluice_note content{};
  char descriptor[(Bytes + 3) / 4 * 4]{};
};

template <const PluginInfo& Info, class... Templates>
constexpr auto make_note() {
  constexpr size_t size = [] {
    TextOut out;
    describe_plugin<Templates...>(out, Info);
    return out.size;
  }();
  static_assert(size <= SLUICE_DESCRIPTOR_MAX_BYTES, "the descriptor is too large");
  Note<size> note;
  note.content = {SLUICE_ABI_OLDEST, SLUICE_ABI_VERSION, static_cast<uint32_t>(size), 0};
  note.content_size = static_cast<uint32_t>(sizeof(sluice_note) + size);
  TextOut out{note.descriptor, 0};
  describe_plugin<Templates...>(out, Info);
  return note;
}

}  // namespace detail
}  // namespace sluice
