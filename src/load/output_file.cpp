#include "output_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace moldau::load {
namespace {

Error cannot_write(const std::string& path) {
    return {ErrorCode::invalid_request,
            fmt::format("cannot write '{}': {}", path, std::strerror(errno))};
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
    std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "we"));
    if (file == nullptr) return cannot_write(path);
    return OutputFile(path, std::move(file));
}

Result<> OutputFile::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() &&
        std::fflush(file_.get()) == 0)
        return {};
    return cannot_write(path_);
}

}  // namespace moldau::load
