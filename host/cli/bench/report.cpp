#include "host/cli/bench/report.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <cstdio>

#include "host/cli/quantities.hpp"
#include "host/cli/table.hpp"

namespace sluice::bench {

namespace {

namespace json = boost::json;

constexpr std::array<const char*, 3> role_names{"product", "limit", "peer"};

json::object to_json(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

// Three significant digits, which is more than a noisy machine gives.
std::string number(double value) {
  std::array<char, 32> text{};
  const int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : value >= 0.1 ? 3 : 4;
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string fraction(double ratio) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", ratio);
  return text.data();
}

std::string ratios_of(const WayResult& way, const WorkloadResult& all) {
  std::string text;
  for (const Ratio& ratio : way.ratios) {
    std::string title = ratio.to;
    for (const WayResult& other : all.ways)
      if (other.name == ratio.to) title = other.title;
    text += (text.empty() ? "" : ", ") + fraction(ratio.value.median) + " of " + title;
  }
  return text;
}

}  // namespace

json::object to_json(const WorkloadResult& result) {
  json::array ways;
  for (const WayResult& way : result.ways) {
    json::object entry{{"name", way.name},
                       {"title", way.title},
                       {"role", role_names[static_cast<size_t>(way.role)]},
                       {"how", way.how},
                       {"absent", nullptr}};
    if (way.absent.empty()) {
      json::array ratios;
      for (const Ratio& ratio : way.ratios) {
        json::object item = to_json(ratio.value);
        item["to"] = ratio.to;
        ratios.push_back(std::move(item));
      }
      entry["figure"] = to_json(way.figure);
      entry["seconds"] = to_json(way.seconds);
      entry["peakBytes"] = way.peak_bytes > 0 ? json::value(way.peak_bytes) : json::value(nullptr);
      entry["ratios"] = std::move(ratios);
    } else {
      entry["absent"] = way.absent;
    }
    ways.push_back(std::move(entry));
  }
  return {{"name", result.name},      {"title", result.title},   {"unit", result.unit},
          {"isTime", result.is_time}, {"rounds", result.rounds}, {"meaning", result.meaning},
          {"ways", std::move(ways)}};
}

std::string to_text(const WorkloadResult& result, bool color) {
  host::cli::Table table({"WAY", result.unit, "MIN - MAX", "PEAK", "TIMES AS FAST"});
  table.align_right(1);
  table.align_right(2);
  table.align_right(3);
  for (const WayResult& way : result.ways) {
    if (!way.absent.empty()) {
      table.add({way.title, "", "", "", way.absent});
      continue;
    }
    table.add({way.title, number(way.figure.median), number(way.figure.min) + " - " + number(way.figure.max),
               way.peak_bytes > 0 ? host::cli::human_bytes(way.peak_bytes) : "", ratios_of(way, result)});
  }
  return result.title + "\n" + table.text(color) + result.meaning + "\n";
}

}  // namespace sluice::bench
