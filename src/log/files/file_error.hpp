// How the file codecs say what is wrong.
#pragma once

#include "moldau/base/result.hpp"

#include <fmt/core.h>

#include <utility>

namespace moldau::log {

template <class... Args>
Error file_error(fmt::format_string<Args...> text, Args&&... args) {
    return {ErrorCode::kafka_storage_error, fmt::format(text, std::forward<Args>(args)...)};
}

}  // namespace moldau::log
