#include "moldau/metrics/samples.hpp"

#include "moldau/base/check.hpp"
#include "moldau/metrics/log_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <utility>

namespace moldau::metrics {
namespace {

constexpr std::size_t kLabelBytesMax = 256;

std::string_view name(Kind kind) {
    switch (kind) {
        case Kind::counter:
            return "counter";
        case Kind::gauge:
            return "gauge";
        case Kind::histogram:
            return "histogram";
    }
    return {};
}

std::string written(const Labels& labels) {
    std::string text;
    for (const auto& [label, value] : labels) {
        if (!text.empty()) text += ',';
        text += label;
        text += "=\"";
        // No end of a line is left in what is printable.
        for (const char each : printable(value, kLabelBytesMax)) {
            if (each == '"' || each == '\\') text += '\\';
            text += each;
        }
        text += '"';
    }
    return text;
}

std::shared_ptr<const Family> that_lives_for_ever(const Family& family) {
    return {std::shared_ptr<const Family>(), &family};
}

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

class Page {
public:
    explicit Page(PageFormat format) : format_(format) {}

    void head(const Family& family) {
        std::string_view named = family.name;
        constexpr std::string_view kTotal = "_total";
        if (format_ == PageFormat::openmetrics && family.kind == Kind::counter)
            named.remove_suffix(kTotal.size());
        fmt::format_to(out(), "# HELP {} {}\n# TYPE {} {}\n", named, family.help, named,
                       name(family.kind));
    }
    void sample(std::string_view named, std::string_view suffix, std::string_view labels,
                double value) {
        if (labels.empty())
            fmt::format_to(out(), "{}{} {}\n", named, suffix, value);
        else
            fmt::format_to(out(), "{}{}{{{}}} {}\n", named, suffix, labels, value);
    }
    void histogram(std::string_view named, const std::string& labels,
                   const DurationHistogram& durations) {
        const std::string before = labels.empty() ? "" : labels + ",";
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < DurationHistogram::kBounds; ++i) {
            below += durations.counts()[i];
            sample(named, "_bucket",
                   fmt::format("{}le=\"{}\"", before, seconds(DurationHistogram::bound_of(i))),
                   static_cast<double>(below));
        }
        const auto all = static_cast<double>(durations.count());
        sample(named, "_bucket", before + "le=\"+Inf\"", all);
        sample(named, "_sum", labels, seconds(durations.sum()));
        sample(named, "_count", labels, all);
    }
    std::string end() && {
        if (format_ == PageFormat::openmetrics) text_ += "# EOF\n";
        return std::move(text_);
    }

private:
    std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

    PageFormat format_;
    std::string text_;
};

}  // namespace

void Samples::put(std::shared_ptr<const Family> family, std::string labels, const Value& value) {
    const std::string_view named = family->name;
    Of& of = families_.try_emplace(named, Of{std::move(family), {}}).first->second;
    const auto [at, is_new] = of.by_labels.try_emplace(std::move(labels), value);
    if (is_new) return;
    if (auto* number = std::get_if<double>(&at->second)) {
        *number += std::get<double>(value);
    } else {
        std::get<DurationHistogram>(at->second).add(std::get<DurationHistogram>(value));
    }
}

void Samples::add(const Family& family, const Labels& labels, double value) {
    add(that_lives_for_ever(family), labels, value);
}

void Samples::add(const Family& family, const Labels& labels, const DurationHistogram& durations) {
    MOLDAU_CHECK(family.kind == Kind::histogram, "family={}", family.name);
    put(that_lives_for_ever(family), written(labels), Value(durations));
}

void Samples::add(std::shared_ptr<const Family> family, const Labels& labels, double value) {
    MOLDAU_CHECK(family->kind != Kind::histogram, "family={}", family->name);
    put(std::move(family), written(labels), Value(value));
}

void Samples::add(const Samples& others) {
    for (const auto& [named, of] : others.families_)
        for (const auto& [labels, value] : of.by_labels) put(of.family, labels, value);
}

std::string Samples::page(PageFormat format) const {
    Page page(format);
    for (const auto& [named, of] : families_) {
        page.head(*of.family);
        for (const auto& [labels, value] : of.by_labels) {
            if (const auto* number = std::get_if<double>(&value))
                page.sample(named, "", labels, *number);
            else
                page.histogram(named, labels, std::get<DurationHistogram>(value));
        }
    }
    return std::move(page).end();
}

}  // namespace moldau::metrics
