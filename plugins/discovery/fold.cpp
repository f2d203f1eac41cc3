// The folding table. data/make_cities.mjs folds the gazetteer's names in the same way.
#include "fold.hpp"

#include "streamwall/model/text.hpp"

namespace streamwall::discovery {
namespace {

// One character a code point: its base letter, ' ' for what is no letter, upper case for a pair.
constexpr std::string_view kFromC0 =  // U+00C0 to U+017F
    "aaaaaaEceeeeiiiidnooooo ouuuuyTSaaaaaaEceeeeiiiidnooooo "
    "ouuuuyTyaaaaaaccccccccddddeeeeeeeeeegggggggg"
    "hhhhiiiiiiiiii  jjkkkllllllllllnnnnnnnnnooooooOOrrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
constexpr std::string_view kFrom1E00 =  // U+1E00 to U+1EFF
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrr"
    "rr"
    "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy s  S "
    "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy      ";
constexpr std::string_view kFrom0218 = "sstt";  // U+0218 to U+021B
constexpr std::string_view kAscii = "0123456789abcdefghijklmnopqrstuvwxyz";
static_assert(kFromC0.size() == 0x180 - 0xC0 && kFrom1E00.size() == 0x100);

std::string_view letters(char base) {
    switch (base) {
        case 'E':
            return "ae";
        case 'O':
            return "oe";
        case 'S':
            return "ss";
        case 'T':
            return "th";
        default:
            return kAscii.substr(kAscii.find(base), 1);
    }
}

char base_letter(char32_t c) {
    if (c >= 0xC0 && c < 0x180) return kFromC0[c - 0xC0];
    if (c >= 0x1E00 && c < 0x1F00) return kFrom1E00[c - 0x1E00];
    if (c >= 0x218 && c <= 0x21B) return kFrom0218[c - 0x218];
    return c == 0x259 ? 'e' : ' ';
}

}  // namespace

Folding fold_code_point(char32_t c) {
    if (c < 0x80) {
        const char ascii = model::to_lower(static_cast<char>(c));
        if (ascii == '\'' || ascii == '`') return {"", true};
        if (!model::is_alnum(ascii)) return {};
        return {letters(ascii), true};
    }
    const bool mark = c >= 0x300 && c <= 0x36F;
    const bool apostrophe = c == 0x2019 || c == 0x2018 || c == 0x2BB;
    if (mark || apostrophe) return {"", true};
    const char base = base_letter(c);
    if (base == ' ') return {};
    return {letters(base), true};
}

std::string_view spell_out(std::string_view folded_word) {
    if (folded_word == "st") return "saint";
    if (folded_word == "ste") return "sainte";
    if (folded_word == "ft") return "fort";
    if (folded_word == "mt") return "mount";
    return folded_word;
}

}  // namespace streamwall::discovery
