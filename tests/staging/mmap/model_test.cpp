// Random lives of a session against a model in memory. SLUICE_SEED=n runs that one alone, SLUICE_LONG=1 many.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

const FrameScript script;

// One stream as it should be. Both ends are used by one thread, so claims fail instead of waiting.
class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed) {
    bench_.request.fail_when_full = true;
    bench_.request.max_bytes = (3 + below(6)) * small_segment;
    ends_ = StagingEnds::both;
    session_ = bench_.create();
  }

  // What went wrong; "" when nothing did.
  std::string run(int steps) {
    for (int i = 0; i < steps && wrong_.empty(); ++i) step();
    if (wrong_.empty()) reopen();
    if (wrong_.empty()) read(UINT64_MAX);
    if (wrong_.empty() && next_given_ != frames_.size()) wrong_ = "frames are missing at the end";
    if (session_) session_->keep();
    return wrong_.empty() ? "" : wrong_ + " after" + trace_;
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool has_writer() const { return ends_ != StagingEnds::reader; }
  bool has_reader() const { return ends_ != StagingEnds::writer; }
  void check(const Status& status) {
    if (!status.ok()) wrong_ = text_of(status);
  }
  void expect(bool holds, const char* what) {
    if (!holds && wrong_.empty()) wrong_ = what;
  }
  void note(const char* operation, uint64_t number = 0) {
    trace_ += std::string(" ") + operation + "(" + std::to_string(number) + ")";
    if (trace_.size() > 1500) trace_ = " ..." + trace_.substr(trace_.size() - 1000);
  }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        if (has_writer()) write(1 + below(4));
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        if (has_reader()) read(1 + below(5));
        break;
      case 10:
      case 11:
      case 12:
        if (has_reader()) acknowledge();
        break;
      case 13:
        if (has_reader()) forget();
        break;
      case 14:
        if (has_writer() && !sealed_) abandon();
        break;
      case 15:
        if (below(4) == 0) annotate();
        break;
      case 16:
        if (has_reader()) release(held_.size());
        break;
      case 17:
        if (has_writer() && below(12) == 0) seal();
        break;
      default:
        reopen();
        break;
    }
    if (wrong_.empty()) look();
  }

  void write(uint64_t count) {
    note("write", count);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t sequence = frames_.size();
      const Status status = script.write(*session_, 0, sequence, attempt_);
      if (sealed_) return expect(code_of(status) == "E_STAGING_ORDER", "a sealed stream takes a frame");
      if (code_of(status) == "E_STAGING_FULL") return;
      check(status);
      if (!status.ok()) return;
      frames_.push_back(attempt_);
    }
  }
  void abandon() {
    note("abandon");
    std::span<std::byte> room;
    const Status status = session_->writer(0).claim(script.largest, room);
    if (code_of(status) == "E_STAGING_FULL") return;
    check(status);
    if (!status.ok()) return;
    script.fill(room, 0, frames_.size(), 77);
    if (below(2) == 0) return reopen();  // in the middle of a claim
    session_->writer(0).abandon();
  }
  void seal() {
    note("seal");
    check(session_->writer(0).seal(SealedAs::finished));
    sealed_ = true;
  }

  void read(uint64_t count) {
    note("read", std::min<uint64_t>(count, 999));
    for (uint64_t i = 0; i < count && wrong_.empty(); ++i) {
      Next kind{};
      std::span<const std::byte> frame;
      check(session_->reader(0).next(std::chrono::milliseconds(0), kind, frame));
      if (!wrong_.empty()) return;
      if (kind != Next::frame) {
        expect(next_given_ == frames_.size(), "a frame is not given");
        const bool over = sealed_ || !has_writer();
        return expect((kind == Next::end) == over, over ? "no end" : "an end that is none");
      }
      if (next_given_ >= frames_.size()) return expect(false, "a frame too many");
      if (!script.matches(frame, 0, next_given_, frames_[next_given_])) return expect(false, "another frame");
      held_.emplace_back(next_given_++, frame);
      if (count == UINT64_MAX || below(2) == 0) release(1);
    }
  }
  void release(size_t count) {
    for (; count > 0 && !held_.empty(); --count) {
      const auto [sequence, frame] = held_.front();
      if (!script.matches(frame, 0, sequence, frames_[sequence]))
        return expect(false, "a frame changes while it is held");
      session_->reader(0).release();
      held_.erase(held_.begin());
    }
  }
  void acknowledge() {
    if (next_given_ == begun_ || next_given_ <= acknowledged_) return;
    const uint64_t sequence = acknowledged_ + below(next_given_ - acknowledged_);
    note("acknowledge", sequence);
    const std::string checkpoint = below(2) == 0 ? checkpoint_of(0, sequence) : "";
    check(session_->reader(0).acknowledge(sequence, checkpoint));
    acknowledged_ = sequence + 1;
    kept_from_ = std::max(kept_from_, acknowledged_);
    if (!checkpoint.empty()) committed_ = checkpoint;
  }
  void forget() {
    if (next_given_ == begun_) return;
    const uint64_t sequence = begun_ + below(next_given_ - begun_);
    note("forget", sequence);
    check(session_->reader(0).forget(sequence));
    const uint64_t kept = held_.empty() ? sequence + 1 : std::min(sequence + 1, held_.front().first);
    kept_from_ = std::max(kept_from_, kept);
  }
  void annotate() {
    text_ = "{\"note\":" + std::to_string(below(1000)) + "}";
    note("annotate");
    check(session_->annotate(text_));
  }

  void reopen() {
    session_->keep();
    session_.reset();
    held_.clear();
    const uint64_t which = below(6);
    ends_ = which == 0 ? StagingEnds::reader : which == 1 ? StagingEnds::writer : StagingEnds::both;
    note("reopen", which);
    check(bench_.open(session_, false, ends_));
    if (!wrong_.empty()) return;
    begun_ = next_given_ = kept_from_;
    if (ends_ == StagingEnds::both || ends_ == StagingEnds::writer)
      if (below(3) == 0) rewind();
    if (has_reader() && wrong_.empty() && below(4) == 0 && frames_.size() > kept_from_) {
      const uint64_t from = kept_from_ + below(frames_.size() - kept_from_ + 1);
      note("read_from", from);
      check(session_->rewind(0, from, StagingSession::as_it_is));
      begun_ = next_given_ = from;
    }
  }
  void rewind() {
    if (frames_.size() <= kept_from_) return;
    const uint64_t to = kept_from_ + below(frames_.size() - kept_from_ + 1);
    note("write_from", to);
    check(session_->rewind(0, StagingSession::as_it_is, to));
    if (to == frames_.size()) return;
    frames_.resize(to);
    sealed_ = false;
    ++attempt_;
  }

  void look() {
    StagingStreamState state;
    check(session_->state(0, state));
    if (!wrong_.empty()) return;
    expect(state.lost_frames == 0, "state tells of losses");
    expect(state.next == frames_.size(), "state().next");
    expect(state.sealed == sealed_, "state().sealed");
    expect(state.forgotten == (kept_from_ > acknowledged_), "state().forgotten");
    expect(state.first == kept_from_, "state().first");
    expect(state.committed == committed_, "state().committed");
    expect(session_->note() == text_, "note()");
    const StagingStats stats = session_->stats();
    expect(stats.used_bytes <= stats.capacity_bytes + small_segment, "more is used than there is");
  }

  std::mt19937 random_;
  StageBench bench_;
  std::unique_ptr<StagingSession> session_;
  StagingEnds ends_ = StagingEnds::both;
  std::string wrong_, trace_;

  std::vector<uint32_t> frames_;  // by sequence: the attempt that wrote it
  uint32_t attempt_ = 0;
  bool sealed_ = false;
  uint64_t acknowledged_ = 0, kept_from_ = 0;
  std::string committed_, text_;
  uint64_t begun_ = 0, next_given_ = 0;
  std::vector<std::pair<uint64_t, std::span<const std::byte>>> held_;
};

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(any_order_of_operations_agrees_with_the_model) {
  const char* asked = std::getenv("SLUICE_SEED");
  const char* longer = std::getenv("SLUICE_LONG");
  const uint32_t first = asked ? static_cast<uint32_t>(std::strtoul(asked, nullptr, 10)) : 1;
  const uint32_t count = asked ? 1 : longer && std::string_view(longer) == "1" ? 2000 : 40;
  for (uint32_t seed = first; seed < first + count; ++seed) {
    const std::string wrong = Model(seed).run(200);
    BOOST_CHECK_MESSAGE(wrong.empty(), "SLUICE_SEED=" << seed << ": " << wrong);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
