// The sentences for what a plugin needs and does not find.
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "host/plugin/plugin_needs.hpp"

namespace sluice::host {
namespace {

constexpr size_t named_in_sentence = 3;
constexpr size_t max_shown = 300;
// A short mangled name can stand for an endless one: each step of about eleven bytes can triple it. What this
// length allows is a few megabytes.
constexpr size_t max_demangled = 160;

std::string shown(std::string_view text) {
  return text.size() <= max_shown ? std::string(text) : std::string(text.substr(0, max_shown)) + "...";
}

// name or name@version
std::string shown_symbol(const std::string& symbol) {
  const size_t name_end = std::min(symbol.find('@'), symbol.size());
  const std::string name = symbol.substr(0, name_end);
  if (!name.starts_with("_Z") || name.size() > max_demangled) return shown(symbol);
  int failure = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failure), std::free);
  return failure == 0 && plain ? shown(plain.get() + symbol.substr(name_end)) : shown(symbol);
}

// "it", or the library in between.
std::string who(const std::string& needed_by) {
  return needed_by.empty() ? "it" : shown(needed_by);
}

std::string listed(const std::vector<std::string>& items, size_t count) {
  std::string out;
  for (size_t i = 0; i < std::min(items.size(), named_in_sentence); ++i)
    out.append(i == 0 ? "" : ", ").append(items[i]);
  if (count > named_in_sentence) out += " and " + std::to_string(count - named_in_sentence) + " more";
  return out;
}

std::string missing_library(const NeededLibrary& library) {
  std::string out = shown(library.name) + " is not found";
  if (!library.needed_by.empty()) out += " (" + who(library.needed_by) + " needs it)";
  const bool is_path = library.name.find('/') != std::string::npos;
  return is_path ? out : out + "; looked in " + shown(library.searched);
}

std::string missing_version(const NeededLibrary& library, const MissingVersion& missing) {
  std::string out =
      who(missing.needed_by) + " needs " + shown(missing.version) + " of " + shown(library.name) + ", ";
  return missing.here.empty() ? out + library.path.native() + " does not have it"
                              : out + "this system has " + shown(missing.here);
}

}  // namespace

Status judge_needs(const PluginNeeds& needs, const std::filesystem::path& file) {
  std::vector<std::string> texts;
  for (const NeededLibrary& library : needs.libraries)
    if (library.missing) texts.push_back(missing_library(library));
  if (!texts.empty()) return refuse(Refusal::library_missing, file, listed(texts, texts.size()));

  for (const NeededLibrary& library : needs.libraries)
    for (const MissingVersion& missing : library.missing_versions)
      texts.push_back(missing_version(library, missing));
  if (!texts.empty()) return refuse(Refusal::library_version, file, listed(texts, texts.size()));

  if (needs.missing_symbol_count == 0) return {};
  for (size_t i = 0; i < std::min(needs.missing_symbols.size(), named_in_sentence); ++i)
    texts.push_back(shown_symbol(needs.missing_symbols[i]));
  return refuse(
      Refusal::symbol_missing, file,
      "it needs " + listed(texts, needs.missing_symbol_count) + ", which no library it links exports");
}

}  // namespace sluice::host
