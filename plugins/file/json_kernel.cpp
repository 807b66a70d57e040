#include "json_kernel.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string_view>

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

// `bits` moved up by one; `before` are those of the step before.
inline uint64_t behind(uint64_t bits, uint64_t& before) {
  const uint64_t moved = bits << 1 | before >> 63;
  before = bits;
  return moved;
}

// A register full of `c`, which the compiler would make anew at each use.
SLUICE_WIDE SLUICE_INLINE __m512i full_of(int c) {
  __m512i all = _mm512_set1_epi8(static_cast<char>(c));
  asm("" : "+v"(all));
  return all;
}

// Kept in a general register: GCC would go on in mask registers, which are slow to reach and to leave.
SLUICE_WIDE SLUICE_INLINE uint64_t bits(__mmask64 mask) {
  uint64_t out = mask;
  asm("" : "+r"(out));
  return out;
}

// Writes `at` and the place of each bit to `to`, and returns what is behind them. Most steps have one or
// none, and which is anybody's guess: the first is written in any case, and counts when it is there.
SLUICE_WIDE SLUICE_INLINE uint32_t* put_down(uint64_t bits, uint32_t at, uint32_t* to) {
  const auto count = static_cast<uint32_t>(__builtin_popcountll(bits));
  *to = at + static_cast<uint32_t>(_tzcnt_u64(bits));
  for (uint32_t i = 1; i < count; ++i) {
    bits &= bits - 1;
    to[i] = at + static_cast<uint32_t>(_tzcnt_u64(bits));
  }
  return to + count;
}

// What a byte is, 64 at once. Bytes beyond ASCII are like the last byte of it: they begin no token.
class Classes {
 public:
  SLUICE_WIDE SLUICE_INLINE Classes()
      : low_(_mm512_load_si512(classes.of)), high_(_mm512_load_si512(classes.of + 64)), last_(full_of(127)) {}
  SLUICE_WIDE SLUICE_INLINE __m512i of(__m512i bytes) const {
    return _mm512_permutex2var_epi8(low_, _mm512_min_epu8(bytes, last_), high_);
  }

 private:
  const __m512i low_, high_, last_;
};

// The first pass: strings are looked at, tokens and the ends of lines are written down, and what numbers and
// words consist of is put together.
class Tokens {
 public:
  // `place`: of the text, for the ends of lines. `tokens` and `scalars` have room for `size` bytes and two
  // steps.
  SLUICE_WIDE SLUICE_INLINE Tokens(const char* text, uint32_t size, uint32_t place, uint8_t* tokens,
                                   uint32_t* ends, char* scalars)
      : text_(text),
        size_(size),
        place_(place),
        tokens_(tokens),
        first_end_(ends),
        ends_(ends),
        scalars_(scalars) {}

  // False: in doubt.
  SLUICE_WIDE SLUICE_INLINE bool find() {
    uint32_t at = 0;
    for (; size_ - at >= step; at += step) take(_mm512_loadu_si512(text_ + at), at);
    if (at < size_) take(_mm512_mask_loadu_epi8(blank_, _bzhi_u64(~uint64_t{0}, size_ - at), text_ + at), at);
    return bad_ == 0 && in_string_ == 0 &&
           (_mm512_movepi8_mask(all_bytes_) == 0 || simdjson::validate_utf8(text_, size_));
  }
  // Behind the last one.
  uint8_t* tokens() const { return tokens_; }
  char* scalars() const { return scalars_; }
  size_t lines() const { return static_cast<size_t>(ends_ - first_end_); }

 private:
  SLUICE_WIDE SLUICE_INLINE void take(__m512i bytes, uint32_t at) {
    const uint64_t escapes = bits(_mm512_cmpeq_epi8_mask(bytes, backslash_));
    uint64_t quotes = bits(_mm512_cmpeq_epi8_mask(bytes, quote_));
    if (__builtin_expect((escapes | escaped_) != 0, 0)) {
      const Escapes found = look_at_escapes(text_ + at, escapes, escaped_);
      quotes &= ~found.escaped;
      escaped_ = found.next_step;
      bad_ |= found.bad;
    }

    const uint64_t in_string = parity_up_to(quotes) ^ in_string_;  // from a string's first quote to its last
    in_string_ = static_cast<uint64_t>(static_cast<int64_t>(in_string) >> 63);
    const uint64_t outside = ~(in_string | quotes);
    bad_ |= in_string & bits(_mm512_cmplt_epu8_mask(bytes, blank_));
    all_bytes_ = _mm512_or_si512(all_bytes_, bytes);

    const __m512i kinds_of_bytes = classes_.of(bytes);
    const uint64_t operators = outside & bits(_mm512_test_epi8_mask(kinds_of_bytes, operator_flags_));
    const uint64_t scalars = outside & ~bits(_mm512_test_epi8_mask(kinds_of_bytes, no_scalar_flags_));
    const uint64_t behind_scalars = behind(scalars, scalar_bytes_);
    const uint64_t tokens = operators | (quotes & in_string) | (scalars & ~behind_scalars);
    _mm512_storeu_si512(tokens_, _mm512_maskz_compress_epi8(tokens, kinds_of_bytes));
    tokens_ += __builtin_popcountll(tokens);
    // With one byte behind each, that keeps it from the next.
    const uint64_t apart = scalars | behind_scalars;
    _mm512_storeu_si512(scalars_, _mm512_maskz_compress_epi8(apart, bytes));
    scalars_ += __builtin_popcountll(apart);
    ends_ = put_down(bits(_mm512_cmpeq_epi8_mask(bytes, newline_)), place_ + at + 1, ends_);
  }

  // A step's: which bytes are escaped, and whether the next step's first one is. Bad: one is none, or half of
  // a surrogate pair. By value, since a member whose address is taken lives in no register.
  struct Escapes {
    uint64_t escaped, next_step, bad;
  };
  SLUICE_WIDE static Escapes look_at_escapes(const char* text, uint64_t escapes, uint64_t escaped) {
    Escapes out{escaped, 0, 0};
    for (uint64_t left = escapes & ~escaped; left != 0;) {
      const auto bit = static_cast<uint32_t>(_tzcnt_u64(left));
      if (json_escape_length(text + bit) == 0) out.bad = 1;
      if (bit == 63)
        out.next_step = 1;
      else
        out.escaped |= uint64_t{2} << bit;
      left &= ~(uint64_t{3} << bit);
    }
    return out;
  }

  const char* const text_;
  const uint32_t size_, place_;
  uint8_t* tokens_;
  uint32_t* const first_end_;
  uint32_t* ends_;
  char* scalars_;
  const Classes classes_;
  const __m512i backslash_ = full_of('\\'), quote_ = full_of('"'), blank_ = full_of(' '),
                newline_ = full_of('\n'), operator_flags_ = full_of(operator_flag),
                no_scalar_flags_ = full_of(operator_flag | blank_flag);
  __m512i all_bytes_ = _mm512_setzero_si512();  // or'ed
  uint64_t bad_ = 0;
  // Of the step before: whether its last byte is in a string (all bits or none) and escapes the next one.
  uint64_t in_string_ = 0, escaped_ = 0;
  uint64_t scalar_bytes_ = 0;
};

// Without a branch on which word it is: that is anybody's guess.
bool is_word(const char* at) {
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
bool is_number_around(const char* at, const char* text) {
  static constexpr std::string_view of_numbers = "0123456789+-.eE";
  while (at > text && of_numbers.find(at[-1]) != std::string_view::npos) --at;
  return is_json_number_of_any_length(at);
}

// `at`: where words begin in `text`, and what is no digit, point or first sign in a number.
bool are_words(const char* text, const uint32_t* at, const uint32_t* end) {
  bool good = true;
  for (; at != end; ++at) {
    const char* const other = text + *at;
    const bool first = *at == 0 || (classes.of[other[-1] & 127] & (operator_flag | blank_flag)) != 0;
    good &= first ? is_word(other) : is_number_around(other, text);
  }
  return good;
}

// The second pass: numbers and words, with a byte behind each that is part of none, and a step of blanks
// behind all. Numbers of digits, points and a sign before them by what stands beside what; words, and numbers
// with anything else in them (an exponent), one by one. `words` has room for half as many as there are bytes.
SLUICE_WIDE bool are_scalars(const char* text, size_t size, uint32_t* words) {
  const Classes classes_of_bytes;
  const __m512i no_scalar_flags = full_of(operator_flag | blank_flag), digit_flags = full_of(digit_flag),
                minus = full_of('-'), point = full_of('.'), zero = full_of('0');
  uint32_t* word = words;
  uint64_t bad = 0;
  // Of the step before.
  uint64_t scalars_before = 0, others_before = 0, digits_before = 0, points_before = 0, signs_before = 0,
           leading_zeros_before = 0;
  unsigned char fraction = 0;
  for (uint32_t at = 0; at < size; at += step) {
    const __m512i bytes = _mm512_loadu_si512(text + at), kinds_of_bytes = classes_of_bytes.of(bytes);
    const uint64_t scalars = ~bits(_mm512_test_epi8_mask(kinds_of_bytes, no_scalar_flags));
    const uint64_t digits = bits(_mm512_test_epi8_mask(kinds_of_bytes, digit_flags));
    const uint64_t points = bits(_mm512_cmpeq_epi8_mask(bytes, point));
    const uint64_t starts = scalars & ~behind(scalars, scalars_before);
    const uint64_t signs = starts & bits(_mm512_cmpeq_epi8_mask(bytes, minus));
    const uint64_t others = scalars & ~(digits | points | signs);
    word = put_down(others & ~behind(others, others_before), at, word);

    const uint64_t behind_points = behind(points, points_before), behind_signs = behind(signs, signs_before);
    bad |= points & ~behind(digits, digits_before);
    bad |= (behind_points | behind_signs) & ~digits;
    // A carry runs through the digits behind a point: no second point may stand where it comes out.
    unsigned long long fractions = 0;
    fraction = _addcarry_u64(fraction, digits, behind_points, &fractions);
    bad |= fractions & points;
    const uint64_t leading_zeros = (starts | behind_signs) & bits(_mm512_cmpeq_epi8_mask(bytes, zero));
    bad |= behind(leading_zeros, leading_zeros_before) & digits;
  }
  return bad == 0 && are_words(text, words, word);
}

// The third pass: whether what follows a token may follow it, brackets match, keys stand where keys must,
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
    : tokens_(usable() ? std::make_unique_for_overwrite<uint8_t[]>(largest_block + 4 * step) : nullptr),
      scalars_(usable() ? std::make_unique_for_overwrite<char[]>(largest_block + 4 * step) : nullptr),
      words_(usable() ? std::make_unique_for_overwrite<uint32_t[]>(largest_block / 2 + 2 * step) : nullptr) {}
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
  const size_t lines = size < ends.size() ? lines_of(text, size, begin, ends.data()) : 0;
  constexpr uint32_t most = 64;
  passed_over_ = pass_over_ = lines > 0 ? 0 : std::min(most, pass_over_ * 2 + 1);
  return lines;
}

SLUICE_WIDE size_t JsonKernel::lines_of(const char* text, uint32_t size, uint32_t begin, uint32_t* ends) {
  tokens_[0] = line;
  Tokens found(text, size, begin, &tokens_[1], ends, scalars_.get());
  if (!found.find()) return 0;
  _mm512_storeu_si512(found.scalars(), _mm512_set1_epi8(' '));
  const auto scalars = static_cast<size_t>(found.scalars() - scalars_.get());
  const auto tokens = static_cast<size_t>(found.tokens() - tokens_.get());
  return are_scalars(scalars_.get(), scalars, words_.get()) &&
                 are_documents(tokens_.get(), tokens, found.lines())
             ? found.lines()
             : 0;
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
