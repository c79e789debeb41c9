// Any bytes as a settings file, YAML or properties by their first byte: read, checked, printed.
// What is good must print to a file that loads to the same.
#include "moldau/base/check.hpp"
#include "moldau/config/load.hpp"
#include "moldau/config/print.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    using namespace moldau::config;
    const char* const names[] = {"f.yaml", "f.properties", "f"};
    const File file{names[data[0] % 3],
                    std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
    const Loaded loaded = load(file, {});
    MOLDAU_CHECK(loaded.settings.has_value() == loaded.errors.empty());
    (void)check_config(loaded);
    if (!loaded.settings) return 0;
    const std::string page = print_config(*loaded.settings);
    if (page.size() > kFileBytesMax) return 0;  // escapes made it longer than a file may be
    const Loaded again = load(File{"p.yaml", page}, {});
    MOLDAU_CHECK(again.settings.has_value(), "{}", check_config(again).text);
    for (const Settings::Entry& entry : loaded.settings->entries()) {
        if (entry.setting->type == Type::password) continue;
        MOLDAU_CHECK(again.settings->find(entry.setting->name)->value == entry.value, "{}",
                     entry.setting->name);
    }
    return 0;
}
