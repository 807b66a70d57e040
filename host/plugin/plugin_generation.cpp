#include "host/plugin/plugin_generation.hpp"

#include <utility>

#include "host/plugin/plugin_companions.hpp"
#include "host/plugin/plugin_file.hpp"

namespace sluice::host {

RunUse::RunUse(std::shared_ptr<const PluginGeneration> plugin, std::string run_id)
    : plugin_(std::move(plugin)), run_id_(std::move(run_id)) {
  std::lock_guard lock(plugin_->runs_mutex_);
  plugin_->runs_.insert(run_id_);
}

RunUse::~RunUse() {
  if (!plugin_) return;
  std::lock_guard lock(plugin_->runs_mutex_);
  plugin_->runs_.erase(plugin_->runs_.find(run_id_));
}

PluginGeneration::PluginGeneration(PluginFacts facts, std::shared_ptr<const PluginImage> image)
    : path(std::move(facts.path)),
      descriptor(std::move(facts.descriptor)),
      descriptor_text(std::move(facts.note.descriptor_text)),
      abi_oldest(facts.note.abi_oldest),
      abi_version(facts.note.abi_version),
      digest(std::move(facts.digest)),
      number(facts.number),
      scanned_at(std::move(facts.scanned_at)),
      companions(std::move(facts.companions)),
      image_(std::move(image)) {}

PluginGeneration::PluginGeneration(PluginFacts facts, const sluice_plugin& entry)
    : PluginGeneration(std::move(facts), nullptr) {
  entry_ = &entry;
}

Result<std::shared_ptr<const PluginImage>> PluginGeneration::copy_file() const {
  if (digest.empty())
    return Error(ErrorClass::config, "E_PLUGIN_IN_PROGRAM",
                 "the plugin is part of the program and no file, so only the program can run it",
                 path.string(), "run the endpoint in the program's process");
  Result<PluginFile> file = PluginFile::open(path);
  if (!file) return std::move(file).error();
  Result<std::vector<uint8_t>> bytes = file->read();
  if (!bytes) return std::move(bytes).error();
  Result<std::shared_ptr<const PluginImage>> copy = PluginImage::make(*bytes, path);
  if (copy && (*copy)->digest() != digest)
    return refuse(Refusal::changed, path, "its digest is now " + (*copy)->digest() + ", it was " + digest);
  return copy;
}

Result<std::shared_ptr<const PluginImage>> PluginGeneration::image() const {
  if (Status trusted = check_companions(companions, path); !trusted) return std::move(trusted).take_error();
  std::lock_guard lock(image_mutex_);
  if (image_) return image_;
  Result<std::shared_ptr<const PluginImage>> copy = copy_file();
  if (copy) image_ = *copy;
  return copy;
}

Result<const sluice_plugin*> PluginGeneration::load(const std::shared_ptr<const PluginImage>& copy) const {
  Result<const sluice_plugin*> loaded = load_library(copy, path, companions);
  if (!loaded) return loaded;
  const PluginNote note{abi_oldest, abi_version, descriptor_text};
  if (Status same = check_entry(read_entry(**loaded), note, descriptor, path); !same)
    return std::move(same).take_error();
  return loaded;
}

Result<const sluice_plugin*> PluginGeneration::entry() const {
  std::lock_guard lock(entry_mutex_);
  if (entry_) return *entry_;
  // Not kept when it fails: the next time there may be memory, or the file as it was.
  Result<std::shared_ptr<const PluginImage>> copy = image();
  if (!copy) return std::move(copy).error();
  entry_ = load(*copy);
  return *entry_;
}

std::vector<std::string> PluginGeneration::runs() const {
  std::lock_guard lock(runs_mutex_);
  std::vector<std::string> ids;
  for (const std::string& id : runs_)
    if (ids.empty() || ids.back() != id) ids.push_back(id);
  return ids;
}

Result<std::shared_ptr<const PluginGeneration>> adopt_plugin(const sluice_plugin& entry,
                                                             const std::filesystem::path& name) {
  ScannedEntry said = read_entry(entry);
  if (Status shape = check_entry_shape(said, name); !shape) return std::move(shape).take_error();
  if (Status abi = check_abi_range(said.abi_oldest, said.abi_version, name); !abi)
    return std::move(abi).take_error();
  PluginFacts facts;
  facts.path = name;
  facts.note = {said.abi_oldest, said.abi_version, said.descriptor};
  Result<PluginDescriptor> descriptor = parse_descriptor(said.descriptor, name);
  if (!descriptor) return std::move(descriptor).error();
  facts.descriptor = *std::move(descriptor);
  if (Status complete = check_entry(said, facts.note, facts.descriptor, name); !complete)
    return std::move(complete).take_error();
  return std::make_shared<const PluginGeneration>(std::move(facts), entry);
}

}  // namespace sluice::host
