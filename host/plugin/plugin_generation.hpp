// One state of one plugin file that the host took up. When the operator replaces the file, the next state is
// the next generation: new runs use it, and those under way finish on this one.
//
// Immutable to see; its copy and its library come when they are first needed. Libraries are never unloaded:
// the entry and everything the plugin hands out stay valid until the process ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/loaded_library.hpp"
#include "host/plugin/plugin_entry.hpp"
#include "host/plugin/plugin_image.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/result.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host {

struct PluginFacts {
  std::filesystem::path path;  // the operator's file
  PluginNote note;
  PluginDescriptor descriptor;
  std::string digest;      // of the bytes that were scanned; empty for a part of the program
  uint32_t number = 1;     // of the generation, from 1 for each file
  std::string scanned_at;  // RFC 3339; empty for a part of the program
  std::vector<std::filesystem::path> companions;  // libraries to be loaded before it, in this order
};

class PluginGeneration;

// Says that a run uses a generation, from when it is made until it is gone. Keeps the generation.
class RunUse {
 public:
  RunUse(std::shared_ptr<const PluginGeneration> plugin, std::string run_id);
  RunUse(RunUse&&) noexcept = default;
  RunUse& operator=(RunUse&&) = delete;
  ~RunUse();

 private:
  std::shared_ptr<const PluginGeneration> plugin_;  // null after a move
  std::string run_id_;
};

// [any thread]
class PluginGeneration : public std::enable_shared_from_this<PluginGeneration> {
 public:
  // Of a file. `image` may be null when the file need not be read yet; what is read later must have the
  // digest.
  PluginGeneration(PluginFacts facts, std::shared_ptr<const PluginImage> image);
  // Part of the program.
  PluginGeneration(PluginFacts facts, const sluice_plugin& entry);

  const std::filesystem::path path;
  const PluginDescriptor descriptor;
  const std::string descriptor_text;
  const uint32_t abi_oldest, abi_version;
  const std::string digest;
  const uint32_t number;
  const std::string scanned_at;
  const std::vector<std::filesystem::path> companions;

  // The private copy: for this process or another to load, after the companions. Fails with the refusals of
  // reading a file, changed, and permissions of a companion.
  Result<std::shared_ptr<const PluginImage>> image() const;

  // Loads the library into this process, when it is not there yet, and compares it with the note. What the
  // loader said once stays said.
  Result<const sluice_plugin*> entry() const;

  // A run begins to use it.
  RunUse serve(std::string run_id) const { return RunUse(shared_from_this(), std::move(run_id)); }
  // The ids of the runs that use it now, each once.
  std::vector<std::string> runs() const;

 private:
  friend class RunUse;
  Result<std::shared_ptr<const PluginImage>> copy_file() const;
  Result<const sluice_plugin*> load(const std::shared_ptr<const PluginImage>& image) const;

  mutable std::mutex image_mutex_;
  mutable std::shared_ptr<const PluginImage> image_;  // guarded by image_mutex_
  mutable std::mutex entry_mutex_;
  mutable std::optional<Result<const sluice_plugin*>> entry_;  // guarded by entry_mutex_
  mutable std::mutex runs_mutex_;
  mutable std::multiset<std::string> runs_;  // guarded by runs_mutex_
};

// A plugin that is part of the program rather than a library, held to the same rules: for embedding programs
// and tests. `entry` must live as long as the process; `name` stands for the path.
Result<std::shared_ptr<const PluginGeneration>> adopt_plugin(const sluice_plugin& entry,
                                                             const std::filesystem::path& name);

}  // namespace sluice::host
