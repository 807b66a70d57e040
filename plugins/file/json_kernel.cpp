#include "json_kernel.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "json_scalar.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice::file {

#if defined(__x86_64__)

namespace {

#define SLUICE_WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt")))
// Only what is inlined keeps its state in registers: bytes that are stored could else be that state.
#define SLUICE_INLINE __attribute__((always_inline)) inline

// Tokens, four bits each. Brackets alone have bracket_bit.
enum Token : uint8_t {
  nothing,  // what begins no token: the rules let nothing follow or precede it
  string,
  scalar,  // number or word
  colon,
  comma,
  line,  // the end of one
  open_object = 8,
  open_array,
  close_object,
  close_array
};
constexpr uint8_t array_bit = 1, close_bit = 2, bracket_bit = 8, token_bits = 15;
// What a byte outside strings is, beside the token that it begins.
constexpr uint8_t operator_flag = 0x10, blank_flag = 0x20, digit_flag = 0x40;

constexpr unsigned deepest = 64;  // one bit a level
constexpr uint32_t step = 64;

struct Table {
  alignas(64) uint8_t of[128] = {};
};

constexpr Table make_classes() {
  Table table;
  const auto set = [&table](char c, int what) {
    table.of[static_cast<unsigned char>(c)] = static_cast<uint8_t>(what);
  };
  for (char c = '0'; c <= '9'; ++c) set(c, scalar | digit_flag);
  for (char c : {'-', 't', 'f', 'n'}) set(c, scalar);
  for (char c : {' ', '\t', '\r'}) set(c, blank_flag);
  set('"', string);
  set(':', colon | operator_flag);
  set(',', comma | operator_flag);
  set('\n', line | operator_flag);
  set('{', open_object | operator_flag);
  set('[', open_array | operator_flag);
  set('}', close_object | operator_flag);
  set(']', close_array | operator_flag);
  return table;
}
constexpr Table classes = make_classes();

// What may follow a token, one bit a kind; `kind_of` has the bit of each token.
constexpr uint8_t a_string = 1, a_scalar = 2, an_end_of_object = 4, an_end_of_array = 8, a_colon = 16,
                  a_comma = 32, a_line = 64, an_opening = 128, an_end = an_end_of_object | an_end_of_array,
                  a_value = a_string | a_scalar | an_opening;

// By token, four times over: as the instruction that looks it up wants it.
struct ByToken {
  alignas(64) uint8_t of[64] = {};

  constexpr ByToken repeated() const {
    ByToken out;
    for (size_t i = 0; i < 64; ++i) out.of[i] = of[i % 16];
    return out;
  }
};

constexpr ByToken make_followers() {
  ByToken table;
  table.of[string] = a_colon | a_comma | an_end;
  table.of[scalar] = a_comma | an_end;
  table.of[colon] = table.of[comma] = a_value;
  table.of[line] = an_opening;
  table.of[open_object] = a_string | an_end_of_object;
  table.of[open_array] = a_value | an_end_of_array;
  table.of[close_object] = table.of[close_array] = a_comma | an_end | a_line;
  return table.repeated();
}
constexpr ByToken followers = make_followers();

constexpr ByToken make_kinds() {
  ByToken table;
  table.of[string] = a_string;
  table.of[scalar] = a_scalar;
  table.of[colon] = a_colon;
  table.of[comma] = a_comma;
  table.of[line] = a_line;
  table.of[open_object] = table.of[open_array] = an_opening;
  table.of[close_object] = an_end_of_object;
  table.of[close_array] = an_end_of_array;
  return table.repeated();
}
constexpr ByToken kinds = make_kinds();

// Bit i of the result: whether an odd number of bits of `bits` is set up to i.
SLUICE_WIDE inline uint64_t parity_up_to(uint64_t bits) {
  const __m128i all = _mm_set1_epi8(static_cast<char>(0xff));
  return static_cast<uint64_t>(
      _mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<int64_t>(bits)), all, 0)));
}

// `bits` moved up by one; what falls off comes in at the next step.
inline uint64_t behind(uint64_t bits, uint64_t& carried) {
  const uint64_t moved = bits << 1 | carried;
  carried = bits >> 63;
  return moved;
}

// The first pass: strings, numbers and words are looked at, tokens and the ends of lines are written down.
class Tokens {
 public:
  Tokens(const char* text, uint32_t size, uint8_t* out, uint32_t* ends)
      : text_(text), size_(size), out_(out), ends_(ends) {}

  // False: in doubt.
  SLUICE_WIDE SLUICE_INLINE bool find() {
    for (uint32_t at = 0; at < size_; at += step)
      if (!take(at)) return false;
    return bad_ == 0 && in_string_ == 0 && (!beyond_ascii_ || simdjson::validate_utf8(text_, size_));
  }
  uint8_t* out() const { return out_; }
  size_t lines() const { return lines_; }

 private:
  SLUICE_WIDE SLUICE_INLINE bool take(uint32_t at) {
    const uint32_t left = size_ - at;
    const __m512i bytes = left >= step ? _mm512_loadu_si512(text_ + at)
                                       : _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '),
                                                                _bzhi_u64(~uint64_t{0}, left), text_ + at);
    const uint64_t escapes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
    uint64_t escaped = std::exchange(escaped_, 0);
    if (escapes && !take_escapes(at, escapes, escaped)) return false;

    const uint64_t quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) & ~escaped;
    const uint64_t in_string = parity_up_to(quotes) ^ in_string_;  // from a string's first quote to its last
    in_string_ = static_cast<uint64_t>(static_cast<int64_t>(in_string) >> 63);
    const uint64_t outside = ~(in_string | quotes);
    bad_ |= in_string & _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(' '));
    const uint64_t beyond_ascii = _mm512_movepi8_mask(bytes);
    beyond_ascii_ |= beyond_ascii;
    bad_ |= beyond_ascii & outside;

    const __m512i kinds_of_bytes =
        _mm512_permutex2var_epi8(_mm512_load_si512(classes.of), bytes, _mm512_load_si512(classes.of + 64));
    const auto flagged = [&](uint8_t flag) SLUICE_WIDE {
      return _mm512_test_epi8_mask(kinds_of_bytes, _mm512_set1_epi8(static_cast<char>(flag)));
    };
    const uint64_t operators = flagged(operator_flag) & outside;
    const uint64_t scalars = outside & ~(operators | flagged(blank_flag));
    const uint64_t starts = scalars & ~behind(scalars, scalar_);
    const uint64_t tokens = operators | (quotes & in_string) | starts;
    _mm512_storeu_si512(out_, _mm512_maskz_compress_epi8(tokens, kinds_of_bytes));
    out_ += __builtin_popcountll(tokens);

    // Most steps have no line's end or one: the first is written in any case, and counts when it is there.
    uint64_t newlines = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    const auto count = static_cast<size_t>(__builtin_popcountll(newlines));
    ends_[lines_] = at + static_cast<uint32_t>(_tzcnt_u64(newlines)) + 1;
    for (size_t i = 1; i < count; ++i) {
      newlines &= newlines - 1;
      ends_[lines_ + i] = at + static_cast<uint32_t>(_tzcnt_u64(newlines)) + 1;
    }
    lines_ += count;

    const auto found = [&](char c) SLUICE_WIDE {
      return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)) & outside;
    };
    return take_scalars(at, scalars, starts, flagged(digit_flag) & outside, found('-'), found('.'),
                        found('0'));
  }

  // Where bytes are escaped. False when an escape is none, or half of a surrogate pair.
  SLUICE_WIDE SLUICE_INLINE bool take_escapes(uint32_t at, uint64_t escapes, uint64_t& escaped) {
    for (uint64_t left = escapes & ~escaped; left != 0;) {
      const auto bit = static_cast<uint32_t>(_tzcnt_u64(left));
      if (json_escape_length(text_ + at + bit) == 0) return false;
      if (bit == 63)
        escaped_ = 1;
      else
        escaped |= uint64_t{2} << bit;
      left &= ~(uint64_t{3} << bit);
    }
    return true;
  }

  // Numbers of digits, points and signs by what stands beside what; those with an exponent, and words, one by
  // one.
  SLUICE_WIDE SLUICE_INLINE bool take_scalars(uint32_t at, uint64_t scalars, uint64_t starts, uint64_t digits,
                                              uint64_t signs, uint64_t points, uint64_t zeros) {
    const uint64_t others = scalars & ~(digits | signs | points);
    const uint64_t behind_digits = behind(digits, digit_), behind_points = behind(points, point_),
                   behind_signs = behind(signs, sign_), behind_others = behind(others, other_);
    bad_ |= points & ~behind_digits;
    bad_ |= (behind_points | behind_signs) & ~digits;
    bad_ |= signs & ~(starts | behind_others);
    // A carry runs through the digits behind a point: no second point may stand where it comes out.
    unsigned long long fractions = 0;
    fraction_ = _addcarry_u64(fraction_, digits, behind_points, &fractions);
    bad_ |= fractions & ~digits & points;
    const uint64_t leading = zeros & (starts | behind(signs & starts, first_sign_));
    bad_ |= behind(leading, leading_) & digits;

    for (uint64_t left = others & ~behind_others; left != 0; left &= left - 1) {
      const auto bit = static_cast<uint32_t>(_tzcnt_u64(left));
      const char* scalar = text_ + at + bit;
      if (starts >> bit & 1u ? !is_word(scalar) : !is_number_around(scalar, text_)) return false;
    }
    return true;
  }

  // Without a branch on which word it is: that is anybody's guess.
  static bool is_word(const char* at) {
    const auto begins = [at](const char* word) {
      uint32_t there = 0, wanted = 0;
      std::memcpy(&there, at, 4);
      std::memcpy(&wanted, word, 4);
      return unsigned{there == wanted};
    };
    const unsigned four = begins("true") | begins("null"), five = begins("fals") & unsigned{at[4] == 'e'};
    return ((four | five) & unsigned{ends_scalar(at[4 + five])}) != 0;
  }

  // `at` stands behind the first byte of a number, which lies in `text`.
  static bool is_number_around(const char* at, const char* text) {
    static constexpr std::string_view of_numbers = "0123456789+-.eE";
    while (at > text && of_numbers.find(at[-1]) != std::string_view::npos) --at;
    return is_json_number_of_any_length(at);
  }

  const char* const text_;
  const uint32_t size_;
  uint8_t* out_;
  uint32_t* const ends_;
  size_t lines_ = 0;
  uint64_t bad_ = 0, beyond_ascii_ = 0;
  // Of the step before: whether its last byte was inside a string (all bits), escapes the next, and so on.
  uint64_t in_string_ = 0, escaped_ = 0, scalar_ = 0, digit_ = 0, point_ = 0, sign_ = 0, first_sign_ = 0,
           other_ = 0, leading_ = 0;
  unsigned char fraction_ = 0;
};

// The second pass: whether what follows a token may follow it, brackets match, keys stand where keys must,
// and each of `lines` lines is one document. tokens[0] and tokens[count - 1] are ends of lines; 64 bytes and
// two behind are readable.
SLUICE_WIDE bool are_documents(const uint8_t* tokens, size_t count, size_t lines) {
  const __m512i may_follow = _mm512_load_si512(followers.of), kind_of = _mm512_load_si512(kinds.of);
  const auto at_token = [tokens](size_t at) SLUICE_WIDE {
    return _mm512_and_si512(_mm512_loadu_si512(tokens + at), _mm512_set1_epi8(token_bits));
  };
  const auto is = [](__m512i those, Token what) SLUICE_WIDE {
    return _mm512_cmpeq_epi8_mask(those, _mm512_set1_epi8(static_cast<char>(what)));
  };
  uint64_t objects = 0;  // open brackets, the innermost in the lowest bit; 1: an object
  unsigned depth = 0;
  size_t documents = 0;
  uint64_t was_in_object = 0;  // all bits
  for (size_t at = 0; at + 1 < count; at += step) {
    const size_t pairs = count - 1 - at;
    const uint64_t looked_at = pairs >= step ? ~uint64_t{0} : (uint64_t{1} << pairs) - 1;
    const __m512i these = at_token(at), next = at_token(at + 1), third = at_token(at + 2);
    uint64_t bad =
        _mm512_testn_epi8_mask(_mm512_shuffle_epi8(may_follow, these), _mm512_shuffle_epi8(kind_of, next));

    uint64_t changes = 0;  // where an object begins to be the innermost bracket, or ends to be
    uint64_t innermost = was_in_object & 1u;
    for (uint64_t left = _mm512_test_epi8_mask(these, _mm512_set1_epi8(bracket_bit)) & looked_at; left != 0;
         left &= left - 1) {
      const auto bit = static_cast<uint32_t>(_tzcnt_u64(left));
      const uint8_t bracket = tokens[at + bit];
      const uint64_t object = (bracket & array_bit) == 0 ? 1 : 0;
      if (bracket & close_bit) {
        if (depth == 0 || (objects & 1u) != object) return false;
        objects >>= 1;
        if (--depth == 0) {
          if ((tokens[at + bit + 1] & token_bits) != line) return false;
          ++documents;
        }
      } else {
        if (depth == deepest) return false;
        ++depth;
        objects = objects << 1 | object;
      }
      changes |= ((objects & 1u) ^ innermost) << bit;
      innermost = objects & 1u;
    }
    const uint64_t in_object = parity_up_to(changes) ^ was_in_object;
    was_in_object = static_cast<uint64_t>(static_cast<int64_t>(in_object) >> 63);

    // A string with a colon behind it is a key: it stands behind an object's opening or one of its commas,
    // and nothing else does.
    const uint64_t strings_next = is(next, string), keys_next = strings_next & is(third, colon);
    const uint64_t openings = is(these, open_object), commas = is(these, comma);
    bad |= keys_next & ~(openings | commas);
    bad |= openings & strings_next & ~keys_next;
    bad |= commas & (keys_next ^ in_object);
    if (bad & looked_at) return false;
  }
  // A line's end within a document would be one too many.
  return documents == lines;
}

}  // namespace

JsonKernel::JsonKernel()
    : tokens_(usable() ? std::make_unique_for_overwrite<uint8_t[]>(largest_block + 4 * step) : nullptr) {}
JsonKernel::~JsonKernel() = default;

bool JsonKernel::usable() {
  static const bool usable = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
                             __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi2");
  return usable;
}

SLUICE_WIDE size_t JsonKernel::vouch(const char* data, uint32_t begin, uint32_t end,
                                     std::span<uint32_t> ends) {
  if (passed_over_ > 0) {
    --passed_over_;
    return 0;
  }
  const char* const text = data + begin;
  const void* last = memrchr(text, '\n', end - begin);
  if (!last) return 0;
  const auto size = static_cast<uint32_t>(static_cast<const char*>(last) - text) + 1;
  tokens_[0] = line;
  Tokens found(text, size, &tokens_[1], ends.data());
  if (size >= ends.size() || !found.find() ||
      !are_documents(tokens_.get(), static_cast<size_t>(found.out() - tokens_.get()), found.lines())) {
    constexpr uint32_t most = 64;
    passed_over_ = pass_over_ = std::min(most, pass_over_ * 2 + 1);
    return 0;
  }
  pass_over_ = 0;
  if (begin > 0)
    for (uint32_t& at : ends.first(found.lines())) at += begin;
  return found.lines();
}

#else

JsonKernel::JsonKernel() = default;
JsonKernel::~JsonKernel() = default;
bool JsonKernel::usable() {
  return false;
}
size_t JsonKernel::vouch(const char*, uint32_t, uint32_t, std::span<uint32_t>) {
  return 0;
}

#endif

}  // namespace sluice::file
