#include "resolve/literal.h"

#include "base/net.h"

#include <ifaddrs.h>
#include <sys/socket.h>

static bool read_literal(const char *domain, struct net_address *address_out)
{
    struct span text = span_text(domain), inside;

    if (!span_take_byte(&text, '[') || !span_take_until(&text, ']', &inside) || !span_is_empty(text))
        return false;
    if (span_starts_nocase(inside, "IPv6:"))
        inside.p += 5;
    return net_address_parse(inside, address_out);
}

static bool is_of_an_interface(const struct net_address *address)
{
    struct ifaddrs *all, *one;
    bool is_ours = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (one = all; one && !is_ours; one = one->ifa_next) {
        int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;

        if (family == AF_INET || family == AF_INET6) {
            struct net_address ours = net_address_of(one->ifa_addr);
            is_ours = net_address_equals(&ours, address);
        }
    }
    freeifaddrs(all);
    return is_ours;
}

bool literal_is_ours(const char *domain)
{
    struct net_address address;

    return read_literal(domain, &address) && (net_is_loopback(&address) || is_of_an_interface(&address));
}
