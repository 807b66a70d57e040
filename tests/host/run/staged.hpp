// An engine whose runs stage in mmap, with a source that tells what it was asked for, and ways to look at and
// tamper with what is staged.
#pragma once

#include <algorithm>
#include <atomic>
#include <fstream>

#include "engine.hpp"

namespace sluice::test {

struct Staged : Engine {
  Staged() {
    provider = "mmap";
    policy =
        R"({"retry":{"initialBackoff":"1ms","maxBackoff":"2ms","maxAttempts":3},
            "staging":{"maxBytes":"256KiB"},"batch":{"maxRecords":10,"maxBytes":"4KiB"}})";
    serve(100);
  }

  // The source gives {"n":0} .. {"n":count-1}. A batch of ten has a checkpoint when the policy of the test
  // says so; before record `fail_at` the source fails, in class `failure`, as often as `failures` says.
  void serve(int64_t count) {
    source->read = [this, count](const ReadRequest& request, SourceWriter& out,
                                 const HostServices& services) {
      int64_t next = request.checkpoint ? request.checkpoint->at("next").as_integer() : 0;
      {
        const std::lock_guard lock(mutex);
        began.push_back(next);
      }
      DocumentBuilder batch(out, [&] {
        return next % checkpoint_every == 0 ? Json::object({{"next", next}}) : Json();
      });
      for (; next < count && !services.cancelled(); ++next) {
        if (next == fail_at && failures-- > 0) {
          batch.flush();
          ++reads_ended;
          throw Error(failure, "E_LOST", "the source is gone");
        }
        batch.append("{\"n\":" + std::to_string(next) + "}" + std::string(padding, ' '));
        ++given;
      }
      batch.flush();
      ++reads_ended;
    };
  }
  void fail_source(int64_t at, ErrorClass as = ErrorClass::system, int times = 1) {
    fail_at = at;
    failure = as;
    failures = times;
  }
  // The sink fails from the write on that is counted `after`, but not before a read has ended; mend_sink()
  // ends it.
  void break_sink(int after = 0) {
    sink->on_write = [this, after, writes = std::make_shared<std::atomic<int>>(0)](
                         const BatchView&, Rejects&, const HostServices& services) {
      if ((*writes)++ < after) return;
      while (reads_ended == 0 && !services.wait(std::chrono::milliseconds(1))) {
      }
      throw Error(ErrorClass::system, "E_BROKEN", "the sink is broken");
    };
  }
  void mend_sink() { sink->on_write = nullptr; }

  std::vector<std::string> sessions() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "staging", none))
      if (const std::string name = entry.path().filename(); name.front() != '.') names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }

  // What a process that is killed now leaves: put back later in place of what the run left.
  void take_image() const {
    std::filesystem::remove_all(folder / "image");
    // The writer goes on meanwhile, and may take files away: that is tried again.
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::error_code error;
      std::filesystem::copy(
          folder / "staging", folder / "image",
          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing,
          error);
      if (!error) return;
      std::filesystem::remove_all(folder / "image");
    }
    BOOST_FAIL("no image of the staging folder can be taken");
  }
  void put_image_back() const {
    std::filesystem::remove_all(folder / "staging");
    std::filesystem::copy(folder / "image", folder / "staging", std::filesystem::copy_options::recursive);
  }

  // All bytes of all files below the staging folder, one after another.
  std::string staged_bytes() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "staging")) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }
  // Changes the record with this text where it lies in a segment.
  void damage(const std::string& record) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "staging")) {
      if (entry.path().extension() != ".segment") continue;
      std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      const size_t at = bytes.find(record);
      if (at == std::string::npos) continue;
      file.clear();
      file.seekp(static_cast<std::streamoff>(at + 1));
      file.put('X');
      return;
    }
    BOOST_FAIL(record << " is not staged");
  }

  std::vector<std::string> padded(int64_t count) const {
    std::vector<std::string> list = numbers(count);
    for (std::string& record : list) record.append(padding, ' ');
    return list;
  }
  int64_t next_of(const host::RunResult& result) const {
    return result.new_checkpoint.is_object() ? result.new_checkpoint.at("next").to_number<int64_t>() : -1;
  }

  std::mutex mutex;
  std::vector<int64_t> began;     // where each read began
  std::atomic<int64_t> given{0};  // records, of all reads
  std::atomic<int64_t> fail_at{-1};
  std::atomic<int> failures{0}, reads_ended{0};
  ErrorClass failure = ErrorClass::system;
  int64_t checkpoint_every = 1;
  size_t padding = 0;
};

// A checkpoint as a member of a request.
inline std::string from_checkpoint(const host::RunResult& result) {
  return R"({"checkpoint":)" + boost::json::serialize(result.new_checkpoint) + "}";
}
inline std::string list_of(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

}  // namespace sluice::test
