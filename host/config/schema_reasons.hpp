// Turns what the schema validator reports into reasons that a person can act on.
#pragma once

#include <boost/json/value.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/config/schema_forms.hpp"

namespace sluice::host {

// Collects the problems of one check. Reads schema and value to say what was expected; shows no value of the
// configuration, since any may be a secret. Both must outlive this.
class SchemaReasons {
 public:
  SchemaReasons(const boost::json::value& schema, const boost::json::value& value)
      : schema_(schema), value_(value) {}

  // A problem as the validator words it, at the place that the tokens name.
  void add(const std::vector<std::string>& tokens, std::string_view description);

  // At most eight errors, never none: the validator said that something is wrong.
  std::vector<Error> take() &&;

 private:
  struct Place {
    std::string pointer;
    SchemaForms forms;
    const boost::json::value* value;
  };

  Place place_of(const std::vector<std::string>& tokens) const;
  void reject(const std::string& pointer, const std::string& reason, std::string hint = {});
  void reject_type(const Place& place);
  void reject_choice(const Place& place);
  void reject_unknown_members(const Place& place, const std::string& reported);

  const boost::json::value& schema_;
  const boost::json::value& value_;
  std::vector<Error> errors_;
  std::set<std::pair<std::string, std::string>> seen_;  // pointer and reason
  std::set<std::string> open_alternatives_;  // places that are right in one alternative and wrong in another
  std::vector<std::string> parents_;         // places of which only "something below is wrong" is known
};

}  // namespace sluice::host
