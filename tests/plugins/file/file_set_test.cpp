#include "file_set.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "path_pattern.hpp"
#include "temp_folder.hpp"

namespace sluice::file {

namespace {

std::string ids(const std::string& path) {
  std::string out;
  FileSet(path).list([&](const FileEntry& entry) {
    BOOST_TEST(std::filesystem::is_regular_file(entry.path));
    out += entry.id + " ";
    return true;
  });
  return out;
}

std::string code_of(const std::string& path) {
  try {
    ids(path);
  } catch (const Error& error) {
    BOOST_TEST((error.error_class() == ErrorClass::system));
    return error.code() + " " + error.where();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_sets)

BOOST_AUTO_TEST_CASE(a_single_file_is_a_unit_by_its_name) {
  TempFolder folder;
  folder.write("a.txt", "x");
  BOOST_TEST(ids(folder("a.txt")) == "a.txt ");
  BOOST_TEST(FileSet(folder("a.txt")).find("a.txt")->bytes == 1u);
  BOOST_TEST(!FileSet(folder("a.txt")).find("b.txt"));
}

BOOST_AUTO_TEST_CASE(a_folder_gives_all_files_below_it_sorted_without_dot_files) {
  TempFolder folder;
  for (const char* name : {"b.txt", "a.txt", "sub/deep/c.txt", ".hidden", ".git/config", "sub/.x"})
    folder.write(name, "");
  BOOST_TEST(ids(folder.path()) == "a.txt b.txt sub/deep/c.txt ");
  BOOST_TEST(ids(folder.path() + "/") == "a.txt b.txt sub/deep/c.txt ");
  BOOST_TEST(FileSet(folder.path()).find("sub/deep/c.txt").has_value());
}

BOOST_AUTO_TEST_CASE(globs_name_units_relative_to_their_fixed_folder) {
  TempFolder folder;
  for (const char* name : {"x/1/a.log", "x/1/b.txt", "x/2/a.log", "x/a.log", "x/2/3/a.log"})
    folder.write(name, "");
  BOOST_TEST(ids(folder("x/*.log")) == "a.log ");
  BOOST_TEST(ids(folder("x/*/a.log")) == "1/a.log 2/a.log ");
  BOOST_TEST(ids(folder("*/1/?.*")) == "x/1/a.log x/1/b.txt ");
  BOOST_TEST(ids(folder("x/**/a.log")) == "1/a.log 2/3/a.log 2/a.log a.log ");
  BOOST_TEST(ids(folder("x/2/**")) == "3/a.log a.log ");
  BOOST_TEST(ids(folder("x/[1]/[!b]*")) == "1/a.log ");
  BOOST_TEST(ids(folder("x/*.none")) == "");
}

BOOST_AUTO_TEST_CASE(a_file_whose_name_looks_like_a_glob_is_that_file) {
  TempFolder folder;
  folder.write("a[1].txt", "x");
  folder.write("a1.txt", "y");
  BOOST_TEST(ids(folder("a[1].txt")) == "a[1].txt ");
}

BOOST_AUTO_TEST_CASE(links_are_followed_and_loops_end) {
  TempFolder folder, elsewhere;
  elsewhere.write("far.txt", "x");
  folder.write("sub/a.txt", "x");
  std::filesystem::create_directory_symlink(folder.path(), folder("sub/loop"));
  std::filesystem::create_directory_symlink(elsewhere.path(), folder("link"));
  std::filesystem::create_symlink(folder("sub/a.txt"), folder("alias.txt"));
  std::filesystem::create_symlink(folder("nowhere"), folder("dangling.txt"));
  BOOST_TEST(ids(folder.path()) == "alias.txt link/far.txt sub/a.txt ");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  TempFolder folder;
  BOOST_TEST(code_of(folder("no.txt")) == "E_FILE_OPEN " + folder("no.txt"));
  BOOST_TEST(code_of(folder("no/a.txt")) == "E_FOLDER_MISSING " + folder("no"));
  BOOST_TEST(code_of(folder("no/")) == "E_FOLDER_MISSING " + folder("no/"));
  BOOST_TEST(code_of(folder("no/*.txt")) == "E_FOLDER_MISSING " + folder("no"));
  folder.write("file", "");
  BOOST_TEST(code_of(folder("file/*.txt")) == "E_FOLDER_MISSING " + folder("file"));
  BOOST_TEST(code_of("/dev/null") == "E_FILE_OPEN /dev/null");
}

BOOST_AUTO_TEST_CASE(an_id_never_leads_out_of_the_folder) {
  TempFolder folder;
  folder.write("secret.txt", "x");
  folder.write("in/a.txt", "x");
  folder.write("in/.dot", "x");
  const FileSet files(folder("in"));
  for (const char* id :
       {"../secret.txt", "", "/etc/passwd", "a.txt/", "./a.txt", ".dot", "b.txt", "a//b", ".."})
    BOOST_TEST(!files.find(id), id);
  BOOST_TEST(files.find("a.txt").has_value());
}

BOOST_AUTO_TEST_CASE(patterns_with_two_stars_fit_any_depth) {
  const auto fits = [](const char* pattern, const char* path) {
    return path_fits(path_segments(pattern), path_segments(path));
  };
  BOOST_TEST(fits("**/*", "a"));
  BOOST_TEST(fits("**/*", "a/b/c"));
  BOOST_TEST(fits("**/x/**/y", "x/y"));
  BOOST_TEST(fits("**/x/**/y", "a/x/b/c/y"));
  BOOST_TEST(!fits("**/x/**/y", "a/b/y"));
  BOOST_TEST(!fits("**/*", "a/.b/c"));
  BOOST_TEST(!fits("*", "a/b"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
