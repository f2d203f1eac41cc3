// The embedded table and the search in it.
#include "gazetteer.hpp"

#include <gtest/gtest.h>

#include "fold.hpp"

namespace streamwall::discovery {
namespace {

constexpr std::string_view kCities =
    "a\t\tAL\tUS\tk\n"
    "saint x\tSt. X\tON\tCA\t\n"
    "springfield\t\tIL\tUS\tk\n"
    "springfield\t\tMO\tUS\tkw\n"
    "zed city\t\t\tFR\tkn\n";

TEST(Gazetteer, FindsEveryPlaceOfAName) {
    const Gazetteer gazetteer(kCities, "france\tFR\n");
    EXPECT_EQ(gazetteer.find("springfield").size(), 2u);
    EXPECT_EQ(gazetteer.find("springfield")[1].state, "MO");
    EXPECT_TRUE(gazetteer.find("springfield")[1].needs_capital);
    EXPECT_EQ(gazetteer.find("a").size(), 1u);
    EXPECT_EQ(gazetteer.find("saint x")[0].name(), "St. X");
    EXPECT_EQ(gazetteer.find("zed city")[0].name(), "Zed City");
    EXPECT_TRUE(gazetteer.find("zed city")[0].never_alone);
    for (const auto missing : {"", "b", "spring", "springfields", "zed", "zed city x", "zz"}) {
        EXPECT_TRUE(gazetteer.find(missing).empty()) << missing;
        EXPECT_FALSE(gazetteer.contains(missing)) << missing;
    }
    EXPECT_EQ(gazetteer.country_code("france"), "FR");
    EXPECT_EQ(gazetteer.country_code("fr"), "");
}

TEST(Gazetteer, IsEmptyWithoutATable) {
    EXPECT_TRUE(Gazetteer("", "").find("seattle").empty());
    EXPECT_EQ(Gazetteer("", "").country_code("france"), "");
}

TEST(Gazetteer, EmbedsTheWorld) {
    const Gazetteer gazetteer = Gazetteer::embedded();
    EXPECT_EQ(gazetteer.find("seattle").size(), 1u);
    EXPECT_GT(gazetteer.find("portland").size(), 5u);
    EXPECT_EQ(gazetteer.find("tokyo")[0].country, "JP");
    EXPECT_EQ(gazetteer.country_code("united kingdom"), "GB");
    EXPECT_EQ(gazetteer.country_code("turkiye"), "TR");
}

TEST(Folding, DropsCaseAccentsAndApostrophes) {
    const auto fold = [](std::u32string_view word) {
        std::string folded;
        for (const char32_t c : word)
            folded += fold_code_point(c).text;
        return folded;
    };
    EXPECT_EQ(fold(U"Montréal"), "montreal");
    EXPECT_EQ(fold(U"Montre\u0301al"), "montreal");
    EXPECT_EQ(fold(U"ŁÓDŹ"), "lodz");
    EXPECT_EQ(fold(U"Straße"), "strasse");
    EXPECT_EQ(fold(U"Tromsø"), "tromso");
    EXPECT_EQ(fold(U"d’Alene"), "dalene");
    EXPECT_EQ(fold(U"Đồng"), "dong");
    EXPECT_FALSE(fold_code_point(U' ').is_word);
    EXPECT_FALSE(fold_code_point(U'\U0001F525').is_word);
    EXPECT_EQ(spell_out("st"), "saint");
    EXPECT_EQ(spell_out("stx"), "stx");
}

}  // namespace
}  // namespace streamwall::discovery
