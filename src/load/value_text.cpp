#include "value_text.hpp"

#include <cstdint>
#include <random>
#include <string>

namespace moldau::load {

std::vector<char> value_text(std::size_t size) {
    constexpr std::size_t kWords = 1024;
    constexpr std::size_t kLettersLeast = 3;
    constexpr std::size_t kLettersMore = 8;
    std::mt19937_64 random(1);
    std::vector<std::string> words(kWords);
    for (std::string& word : words) {
        word.resize(kLettersLeast + random() % kLettersMore);
        for (char& letter : word) letter = static_cast<char>('a' + random() % 26);
        word += ' ';
    }
    std::vector<char> text;
    while (text.size() < size) {
        const std::string& word = words[random() % kWords];
        text.insert(text.end(), word.begin(), word.end());
    }
    return text;
}

}  // namespace moldau::load
