// What is exported of a process's figures, gathered part by part and written as one page.
#pragma once

#include "moldau/base/duration_histogram.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace moldau::metrics {

enum class Kind : std::uint8_t { counter, gauge, histogram };

/// What the samples of one name say. Names and sentences live for ever, or as long as the family
/// where that is counted; a counter's name ends in `_total`, and a unit stands before that.
struct Family {
    std::string_view name;
    Kind kind;
    std::string_view help;
    std::string_view labels{};  // the names of its labels, ", " between them
};

/// Name and value; a value may hold anything, and is cut where it is long.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

enum class PageFormat : std::uint8_t {
    prometheus,   // text format 0.0.4
    openmetrics,  // 1.0
};

/// One writer. Samples of one family with the same labels are added up: so what each shard has
/// counted for itself becomes one figure.
class Samples {
public:
    void add(const Family& family, const Labels& labels, double value);
    void add(const Family& family, const Labels& labels, const DurationHistogram& durations);
    /// A family that may be given up by whoever counts it: it lives as long as the samples do.
    void add(std::shared_ptr<const Family> family, const Labels& labels, double value);
    void add(const Samples& others);

    /// All families by name, in each its samples by labels.
    std::string page(PageFormat format) const;

private:
    using Value = std::variant<double, DurationHistogram>;
    struct Of {
        std::shared_ptr<const Family> family;    // counted only where add() got it so
        std::map<std::string, Value> by_labels;  // `a="1",b="2"`, escaped
    };
    void put(std::shared_ptr<const Family> family, std::string labels, const Value& value);

    std::map<std::string_view, Of> families_;
};

}  // namespace moldau::metrics
