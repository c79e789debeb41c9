#include "api_table.hpp"

#include "support/vectors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

TEST(ApiTable, ServesNoVersionThatTheCodecDoesNotHaveAndNoneThatIsUnstable) {
    for (const ApiRow& row : api_table()) {
        const protocol::ApiInfo& info = protocol::api_info(row.api);
        SCOPED_TRACE(info.name);
        EXPECT_TRUE(info.versions.contains(row.min_version));
        EXPECT_TRUE(info.versions.contains(row.max_version));
        EXPECT_LE(row.max_version, info.latest_stable);
        EXPECT_NE(row.handler, nullptr);
        EXPECT_LE(row.on_broker, info.on_broker);
        EXPECT_LE(row.on_controller, info.on_controller);
    }
}

TEST(ApiTable, FindsARowOnlyOnItsListener) {
    EXPECT_NE(find_api(3, ListenerKind::broker), nullptr);
    EXPECT_EQ(find_api(3, ListenerKind::controller), nullptr);
    EXPECT_EQ(find_api(26, ListenerKind::broker), nullptr) << "EndTxn is not served yet";
    EXPECT_EQ(find_api(-5, ListenerKind::broker), nullptr);
    EXPECT_EQ(find_api(9999, ListenerKind::broker), nullptr);
}

}  // namespace
}  // namespace moldau::broker
