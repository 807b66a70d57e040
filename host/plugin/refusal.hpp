// Why a plugin file is refused: one kind per reason, each with a stable code, the sentence the host says and
// the way out. docs/plugin-refusals.md is the same list for people; a test keeps the two equal.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "sluice/error.hpp"

namespace sluice::host {

enum class Refusal : uint8_t {
  folder,
  folder_permissions,
  not_regular,
  unreadable,
  permissions,
  too_large,
  not_elf,
  machine,
  not_library,
  damaged,
  no_note,
  bad_note,
  no_entry,
  abi,
  descriptor,
  duplicate_template,
  library_missing,
  symbol_missing,
  library_version,
  load_failed,
  entry,
  note_mismatch,
  copy_failed,
  not_allowed,
  scan_crashed,
  scan_exited,
  scan_hung,
  scan_failed,
  changed,
};

struct RefusalKind {
  Refusal kind;
  std::string_view code;
  std::string_view sentence;
  std::string_view hint;
};

// In the order of `Refusal`.
inline constexpr std::array refusal_kinds{
    RefusalKind{Refusal::folder, "E_PLUGIN_FOLDER", "the plugin folder cannot be listed",
                "name a folder that exists and that this user may read"},
    RefusalKind{
        Refusal::folder_permissions, "E_PLUGIN_FOLDER_PERMISSIONS", "the plugin folder is not trustworthy",
        "give the folder to root or to the host's user, and take write permission from others (chmod o-w)"},
    RefusalKind{Refusal::not_regular, "E_PLUGIN_NOT_REGULAR",
                "the name ends in .so, but it is not a regular file",
                "put the library itself there, not a link, folder or device"},
    RefusalKind{Refusal::unreadable, "E_PLUGIN_UNREADABLE", "the file cannot be read",
                "let the host's user read the file"},
    RefusalKind{
        Refusal::permissions, "E_PLUGIN_PERMISSIONS", "the file is not trustworthy",
        "give the file to root or to the host's user, and take write permission from others (chmod o-w)"},
    RefusalKind{Refusal::too_large, "E_PLUGIN_TOO_LARGE", "the file is larger than a plugin may be",
                "strip debug information from the library"},
    RefusalKind{Refusal::not_elf, "E_PLUGIN_NOT_ELF", "the file is not an ELF library",
                "remove the file, or build it as a shared library"},
    RefusalKind{Refusal::machine, "E_PLUGIN_MACHINE", "the library is built for another machine",
                "use the build of the plugin for this machine"},
    RefusalKind{Refusal::not_library, "E_PLUGIN_NOT_LIBRARY", "the ELF file is not a shared library",
                "link the plugin with -shared"},
    RefusalKind{Refusal::damaged, "E_PLUGIN_DAMAGED", "the library is damaged or cut off",
                "copy the file again, under another name first, and rename it when it is complete"},
    RefusalKind{Refusal::no_note, "E_PLUGIN_NO_NOTE", "the library has no Sluice note",
                "export the plugin with the SDK's macro; if this is not a plugin, keep it in another folder"},
    RefusalKind{Refusal::bad_note, "E_PLUGIN_NOTE", "the library's Sluice note is malformed",
                "build the plugin with the SDK's macro"},
    RefusalKind{
        Refusal::no_entry, "E_PLUGIN_NO_ENTRY", "the library does not export sluice_plugin_entry",
        "export the plugin with the SDK's macro, and keep the symbol out of linker scripts' local names"},
    RefusalKind{Refusal::abi, "E_PLUGIN_ABI", "the plugin and this host share no ABI version",
                "build the plugin with this host's SDK, or use a host that speaks the plugin's ABI"},
    RefusalKind{Refusal::descriptor, "E_PLUGIN_DESCRIPTOR", "the plugin's descriptor is not valid",
                "correct the descriptor that the plugin exports, and build it again"},
    RefusalKind{Refusal::duplicate_template, "E_PLUGIN_DUPLICATE_TEMPLATE",
                "another plugin provides a template of the same id", "remove one of the two files"},
    RefusalKind{Refusal::library_missing, "E_PLUGIN_LIBRARY_MISSING",
                "a library that the plugin needs is missing",
                "install the library, or put it where the loader looks"},
    RefusalKind{Refusal::symbol_missing, "E_PLUGIN_SYMBOL_MISSING",
                "a symbol that the plugin needs is missing",
                "link the plugin with -Wl,-z,defs to see what it lacks, and link the library that has it"},
    RefusalKind{Refusal::library_version, "E_PLUGIN_LIBRARY_VERSION",
                "the plugin needs a newer version of a library than this system has",
                "build the plugin on a system no newer than this one"},
    RefusalKind{Refusal::load_failed, "E_PLUGIN_LOAD", "the system's loader refuses the library",
                "the loader's own words stand above; ldd on the file may tell more"},
    RefusalKind{Refusal::entry, "E_PLUGIN_ENTRY", "the plugin's entry is not valid",
                "export the plugin with the SDK's macro"},
    RefusalKind{Refusal::note_mismatch, "E_PLUGIN_NOTE_MISMATCH",
                "the plugin's entry says something else than its note",
                "export the plugin with the SDK's macro, and do not change the file after linking"},
    RefusalKind{Refusal::copy_failed, "E_PLUGIN_COPY", "no private copy of the file can be made in memory",
                "leave the host more memory and file descriptors (ulimit -n)"},
    RefusalKind{Refusal::not_allowed, "E_PLUGIN_NOT_ALLOWED", "the plugin's digest is not in plugins.allow",
                "when the file is the one that was meant, add the digest to plugins.allow"},
    RefusalKind{Refusal::scan_crashed, "E_PLUGIN_SCAN_CRASHED", "the library crashes when it is loaded",
                "report this to the plugin's vendor; `sluice plugins retry` tries it again"},
    RefusalKind{Refusal::scan_exited, "E_PLUGIN_SCAN_EXITED",
                "the library ends the process when it is loaded",
                "report this to the plugin's vendor; `sluice plugins retry` tries it again"},
    RefusalKind{Refusal::scan_hung, "E_PLUGIN_SCAN_HUNG", "loading the library does not end",
                "report this to the plugin's vendor; `sluice plugins retry` tries it again"},
    RefusalKind{Refusal::scan_failed, "E_PLUGIN_SCAN", "the library cannot be scanned",
                "see that sluice-worker is installed beside the host and can be started"},
    RefusalKind{Refusal::changed, "E_PLUGIN_CHANGED", "the file changed after it was scanned",
                "scan it again with `sluice plugins retry`, or wait for the host to see the change"},
};

constexpr const RefusalKind& kind_of(Refusal refusal) {
  return refusal_kinds[static_cast<size_t>(refusal)];
}

// The refusal as an Error: where is the file, the message is
// the kind's sentence and what is particular to this file.
inline Error refuse(Refusal refusal, const std::filesystem::path& file, std::string_view detail = {}) {
  const RefusalKind& kind = kind_of(refusal);
  std::string message(kind.sentence);
  if (!detail.empty()) message.append(": ").append(detail);
  return Error(ErrorClass::system, std::string(kind.code), std::move(message), file.string(),
               std::string(kind.hint));
}

}  // namespace sluice::host
