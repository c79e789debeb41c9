// A value that is never printed: passwords, keys, what may hold them.
#pragma once

#include <string>
#include <utility>

namespace moldau::config {

/// Neither fmt nor a stream can format it: what prints it must say reveal(), which is easy to find.
class Secret {
public:
    explicit Secret(std::string text) : text_(std::move(text)) {}
    const std::string& reveal() const { return text_; }
    friend bool operator==(const Secret&, const Secret&) = default;

private:
    std::string text_;
};

}  // namespace moldau::config
