#include "moldau/log/files/clean_shutdown.hpp"

#include "checkpoint_lines.hpp"
#include "file_error.hpp"

namespace moldau::log {
namespace {

// Reads one object whose values are whole numbers: all that this file is.
class Scanner {
public:
    explicit Scanner(std::string_view text) : left_(text) {}

    bool take(char wanted) {
        skip_blanks();
        if (left_.empty() || left_.front() != wanted) return false;
        left_.remove_prefix(1);
        return true;
    }
    std::optional<std::string_view> name() {
        if (!take('"')) return std::nullopt;
        const std::size_t end = left_.find('"');
        if (end == std::string_view::npos) return std::nullopt;
        return take_until(left_, '"');
    }
    std::optional<std::int64_t> number() {
        skip_blanks();
        const std::size_t end = std::min(left_.find_first_not_of("-0123456789"), left_.size());
        const auto number = parse_number<std::int64_t>(left_.substr(0, end));
        left_.remove_prefix(end);
        return number;
    }
    bool at_end() {
        skip_blanks();
        return left_.empty();
    }

private:
    void skip_blanks() {
        left_.remove_prefix(std::min(left_.find_first_not_of(" \t\r\n"), left_.size()));
    }
    std::string_view left_;
};

}  // namespace

Result<CleanShutdown> parse_clean_shutdown(std::string_view file) {
    Scanner scanner(file);
    if (scanner.at_end()) return CleanShutdown{};
    std::optional<std::int64_t> version;
    std::optional<std::int64_t> broker_epoch;
    if (!scanner.take('{')) return file_error("not an object");
    do {
        const std::optional<std::string_view> name = scanner.name();
        if (!name || !scanner.take(':')) return file_error("not 'name: value'");
        const std::optional<std::int64_t> number = scanner.number();
        if (!number) return file_error("the value of '{}' is no number", name->substr(0, 64));
        if (*name == "version") version = number;
        if (*name == "brokerEpoch") broker_epoch = number;
    } while (scanner.take(','));
    if (!scanner.take('}') || !scanner.at_end()) return file_error("not one object");
    if (version != 0) return file_error("version {} instead of 0", version.value_or(-1));
    if (!broker_epoch) return file_error("brokerEpoch is missing");
    return CleanShutdown{*broker_epoch};
}

std::string write_clean_shutdown(const CleanShutdown& shutdown) {
    return fmt::format("{{\"version\":0,\"brokerEpoch\":{}}}", shutdown.broker_epoch);
}

}  // namespace moldau::log
