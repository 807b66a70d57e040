#include "output_path.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "temp_folder.hpp"

namespace sluice::file {

BOOST_AUTO_TEST_SUITE(output_paths)

BOOST_AUTO_TEST_CASE(no_unit_id_leads_out_of_the_folder) {
  BOOST_TEST(safe_unit_path("a.txt") == "a.txt");
  BOOST_TEST(safe_unit_path("sub/a.txt") == "sub/a.txt");
  BOOST_TEST(safe_unit_path("../../etc/passwd") == "%2E./%2E./etc/passwd");
  BOOST_TEST(safe_unit_path("/etc/passwd") == "%/etc/passwd");
  BOOST_TEST(safe_unit_path("a//b") == "a/%/b");
  BOOST_TEST(safe_unit_path("") == "%");
  BOOST_TEST(safe_unit_path(".") == "%2E");
  BOOST_TEST(safe_unit_path(".a.sluice") == "%2Ea.sluice");
  BOOST_TEST(safe_unit_path(std::string_view("a\0b\n", 4)) == "a%00b%0A");
  const std::string longest = safe_unit_path(std::string(1000, 'x'));
  BOOST_TEST(longest.size() == 200u);
}

BOOST_AUTO_TEST_CASE(different_units_get_different_files) {
  std::set<std::string> paths;
  const std::vector<std::string> ids{
      "", "%", ".", "%2E", "..", "a", "a/", "/a", std::string(300, 'a'), std::string(301, 'a')};
  for (const std::string& id : ids) paths.insert(safe_unit_path(id));
  BOOST_TEST(paths.size() == ids.size());
}

BOOST_AUTO_TEST_CASE(a_folder_gets_a_file_per_unit_and_any_other_path_is_the_file) {
  TempFolder folder;
  BOOST_TEST(output_path(folder.path(), "auto", "x/u.txt").path == folder("x/u.txt"));
  BOOST_TEST(folder.has("x"));
  BOOST_TEST(output_path(folder.path() + "/", "auto", "u.txt").path == folder("u.txt"));
  BOOST_TEST(output_path(folder("out.txt"), "auto", "u.txt").path == folder("out.txt"));
}

BOOST_AUTO_TEST_CASE(compression_goes_by_extension_or_setting) {
  TempFolder folder;
  const auto out = [&](const char* setting, const char* unit) {
    return output_path(folder.path(), setting, unit);
  };
  BOOST_TEST((out("auto", "a.txt.gz").compression == Compression::gzip));
  BOOST_TEST((out("none", "a.txt.gz").compression == Compression::none));
  BOOST_TEST(out("none", "a.txt.gz").path == folder("a.txt"));
  BOOST_TEST(out("zstd", "a.txt.gz").path == folder("a.txt.zst"));
  BOOST_TEST((out("zstd", "a.txt").compression == Compression::zstd));
  BOOST_TEST((output_path(folder("o.zst"), "auto", "a").compression == Compression::zstd));
}

BOOST_AUTO_TEST_CASE(missing_folders_are_named_and_not_made) {
  TempFolder folder;
  for (const std::string& path : {folder("no/out.txt"), folder("no/")}) {
    try {
      output_path(path, "auto", "u");
      BOOST_TEST(false, path);
    } catch (const Error& error) {
      BOOST_TEST(error.code() == "E_FOLDER_MISSING");
      BOOST_TEST(error.message().find(folder("no")) != std::string::npos);
    }
    BOOST_CHECK_THROW(check_output(path), Error);
  }
  check_output(folder("out.txt"));
  BOOST_CHECK_THROW(output_path("/dev/null", "auto", "u"), Error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
