// The suite that every provider runs, on mmap staging with each durability, natively and through the C ABI.
#include "tests/staging/conformance.hpp"
#include "sluice/detail/staging_thunks.hpp"
#include "staging/abi/abi_provider.hpp"
#include "tests/staging/mmap/scratch.hpp"

namespace sluice::staging {

namespace {

using Thunks = sluice::detail::StagingThunks;

// Keeps its folder as long as it lives.
class ScratchProvider final : public StagingProvider {
 public:
  static constexpr Durability strongest = Durability::disk;

  Durability strongest_durability() const override { return strongest; }
  uint64_t max_frame_bytes(const StagingRequest& request) const override {
    return provider_.max_frame_bytes(request);
  }
  Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) override {
    return provider_.open(request, out);
  }

 private:
  Scratch scratch_;
  MmapProvider provider_{scratch_.settings(), posix_files()};
};

std::unique_ptr<StagingProvider> through_abi() {
  const sluice_staging_provider provider{sizeof(sluice_staging_provider), 0,
                                         static_cast<StagingProvider*>(new ScratchProvider),
                                         &Thunks::provider_api<ScratchProvider::strongest>};
  std::shared_ptr<const void> owner(static_cast<const void*>(nullptr),
                                    [provider](const void*) { provider.api->destroy(provider.self); });
  return std::make_unique<AbiProvider>(provider, "staging provider \"mmap\"", std::move(owner));
}

[[maybe_unused]] const bool os = add_conformance({.name = "mmap_os",
                                                  .make = [] { return std::make_unique<ScratchProvider>(); },
                                                  .durability = Durability::os});
[[maybe_unused]] const bool disk =
    add_conformance({.name = "mmap_disk",
                     .make = [] { return std::make_unique<ScratchProvider>(); },
                     .durability = Durability::disk});
[[maybe_unused]] const bool wrapped =
    add_conformance({.name = "mmap_through_abi", .make = through_abi, .durability = Durability::os});

}  // namespace

}  // namespace sluice::staging
