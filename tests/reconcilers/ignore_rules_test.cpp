#include "reconcilers/ignore_rules.hpp"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace trainyard::reconcilers {
namespace {

namespace data = boost::unit_test::data;

struct Case {
  char const* rules;
  char const* path;
  bool folder, ignored;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.rules << " | " << c.path; }

// Each answer is git's own (git check-ignore).
Case const kCases[] = {
    {"*.log", "a.log", false, true},
    {"*.log", "deep/er/a.log", false, true},
    {"*.log", "a.log.txt", false, false},
    {"/a.log", "a.log", false, true},
    {"/a.log", "deep/a.log", false, false},
    {"deep/a.log", "deep/a.log", false, true},
    {"deep/a.log", "more/deep/a.log", false, false},
    {"build/", "build", true, true},
    {"build/", "build", false, false},
    {"build/", "deep/build", true, true},
    {"*.log\n!keep.log", "keep.log", false, false},
    {"!keep.log\n*.log", "keep.log", false, true},
    {"**/cache", "cache", false, true},
    {"**/cache", "a/b/cache", false, true},
    {"a/**", "a/b/c", false, true},
    {"a/**", "a", true, false},
    {"a/**/c", "a/c", false, true},
    {"a/**/c", "a/x/y/c", false, true},
    {"a/**/c", "a/xc", false, false},
    {"a/*", "a/b", false, true},
    {"a/*/c", "a/b/b/c", false, false},
    {"a**c", "a/c", false, false},
    {"?.py", "a.py", false, true},
    {"?.py", "ab.py", false, false},
    {"[a-c].py", "b.py", false, true},
    {"[!a-c].py", "b.py", false, false},
    {"[^a-c].py", "d.py", false, true},
    {"[]a].py", "].py", false, true},
    {"[[:digit:]].py", "7.py", false, true},
    {"[a", "[a", false, false},
    {"a[/]b", "a/b", false, false},
    {"\\#a", "#a", false, true},
    {"\\!a", "!a", false, true},
    {"#a", "#a", false, false},
    {"a\\*b", "a*b", false, true},
    {"a\\*b", "axb", false, false},
    {"a   ", "a", false, true},
    {"a\\ ", "a ", false, true},
    {"a\\", "a", false, false},
    {"a\r\nb", "a", false, true},
    {"\xEF\xBB\xBF"
     "a",
     "a", false, true},
    {"", "a", false, false},
};

BOOST_DATA_TEST_CASE(rules_as_git_reads_them, data::make(kCases), c) {
  IgnoreRules rules;
  rules.add(c.rules);
  BOOST_TEST(rules.ignores(c.path, c.folder) == c.ignored);
}

BOOST_AUTO_TEST_CASE(a_pattern_of_many_stars_takes_no_longer_than_it_must) {
  std::string pattern, path(1000, 'a');
  for (int i = 0; i < 200; ++i) pattern += "*a";
  IgnoreRules rules;
  rules.add(pattern + "b");
  BOOST_TEST(!rules.ignores(path, false));
}

}  // namespace
}  // namespace trainyard::reconcilers
