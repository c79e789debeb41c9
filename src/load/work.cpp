#include "options.hpp"

#include <array>
#include <string_view>
#include <variant>

namespace moldau::load {
namespace {

struct Threads {
    std::size_t operator()(const MixOptions& of) const { return of.produce.threads; }
    std::size_t operator()(const CommitOptions& of) const { return of.group.threads; }
    std::size_t operator()(const JoinOptions& of) const { return of.group.threads; }
    template <class Options>
    std::size_t operator()(const Options& of) const {
        return of.threads;
    }
};

}  // namespace

std::size_t threads_of(const Work& what) {
    return std::visit(Threads{}, what);
}

std::string_view command_of(const Work& what) {
    if (const auto* mix = std::get_if<MixOptions>(&what))
        return mix->times_records ? "latency" : "mixed";
    constexpr std::array<std::string_view, std::variant_size_v<Work>> kNames{
        "produce", "consume", "mixed", "commits", "join", "topics", "connections"};
    return kNames.at(what.index());
}

}  // namespace moldau::load
