// Which functions of a table are there, as bits that cross to the host.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/abi/sink.h"
#include "sluice/abi/source.h"

namespace sluice::host {

// Within the table's size, and not null.
template <class Table, class Function>
bool has(const Table& table, Function Table::*member) {
  const auto end = reinterpret_cast<const char*>(&(table.*member)) - reinterpret_cast<const char*>(&table) +
                   static_cast<ptrdiff_t>(sizeof(Function));
  return static_cast<size_t>(end) <= table.size && table.*member != nullptr;
}

template <class Table, class... Function>
uint32_t bits_of(const Table& table, Function Table::*... members) {
  uint32_t bits = 0, bit = 1;
  ((bits |= has(table, members) ? bit : 0, bit <<= 1), ...);
  return bits;
}

inline uint32_t functions_of(const sluice_source_api& table) {
  using Api = sluice_source_api;
  return bits_of(table, &Api::destroy, &Api::units, &Api::read, &Api::check, &Api::unit, &Api::plan,
                 &Api::merge, &Api::cancel);
}

inline uint32_t functions_of(const sluice_sink_api& table) {
  using Api = sluice_sink_api;
  return bits_of(table, &Api::destroy, &Api::open, &Api::write, &Api::commit, &Api::abort, &Api::check,
                 &Api::cancel);
}

// Takes out of a full table what the bits say is not there.
template <class Table, class... Function>
void keep_only(uint32_t bits, Table& table, Function Table::*... members) {
  ((table.*members = bits & 1u ? table.*members : nullptr, bits >>= 1), ...);
}

inline void keep_functions(uint32_t bits, sluice_source_api& table) {
  using Api = sluice_source_api;
  keep_only(bits, table, &Api::destroy, &Api::units, &Api::read, &Api::check, &Api::unit, &Api::plan,
            &Api::merge, &Api::cancel);
}

inline void keep_functions(uint32_t bits, sluice_sink_api& table) {
  using Api = sluice_sink_api;
  keep_only(bits, table, &Api::destroy, &Api::open, &Api::write, &Api::commit, &Api::abort, &Api::check,
            &Api::cancel);
}

}  // namespace sluice::host
