// Fills a message with seeded random values that its version can express.
#pragma once

#include "support/messages/field_visitor.hpp"

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace moldau::support {

class RandomFields : public FieldVisitor {
public:
    explicit RandomFields(std::uint64_t seed) : random_(seed) {}

    void leaf(const char* name, Leaf value, FieldTraits traits) override;
    bool enter(const char* name, FieldTraits traits) override;
    bool present(bool now, FieldTraits traits) override;
    std::optional<std::size_t> elements(std::optional<std::size_t> now,
                                        FieldTraits traits) override;
    void begin_struct() override {}
    void end_struct() override {}
    void leave() override { --depth_; }
    void unknown_tags(protocol::UnknownTags& tags) override;

private:
    friend struct Filler;
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    bool one_in(std::uint64_t chances) { return below(chances) == 0; }
    std::uint64_t number();
    std::string text();
    BytesView bytes();

    std::mt19937_64 random_;
    std::size_t depth_ = 0;
    std::deque<std::vector<std::byte>> kept_;  // what views in the message point to
};

}  // namespace moldau::support
