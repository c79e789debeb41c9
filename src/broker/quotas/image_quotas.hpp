// The quotas that the metadata say, as those who act on them need them; and the windows of the
// settings.
#pragma once

#include "moldau/config/settings.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/net/connection_rates.hpp"
#include "moldau/quota/client_quotas.hpp"
#include "moldau/quota/rate.hpp"

#include <string>
#include <vector>

namespace moldau::broker {

/// Those of users and client ids. One that cannot be (Kafka wrote it, or something else did) is
/// passed over.
quota::ClientQuotas client_quotas_of(const metadata::ClusterImage& image);

/// Those of addresses, into `rules`; not of hosts by their names.
void add_address_rates(const metadata::ClusterImage& image, net::ConnectionRates::Rules& rules);
/// The names of hosts that have such a quota in vain: Kafka has written it, who looks them up.
std::vector<std::string> hosts_with_rates(const metadata::ClusterImage& image);

/// quota.window.num and quota.window.size.seconds.
quota::Windows quota_windows(const config::Settings& settings);
/// controller.quota.window.num and controller.quota.window.size.seconds.
quota::Windows mutation_windows(const config::Settings& settings);

}  // namespace moldau::broker
