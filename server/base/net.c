#include "base/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
static const uint8_t loopback_v6[16] = { [15] = 1 };

static void set_ipv4(uint8_t out[16], const void *four)
{
    memcpy(out, mapped_prefix, sizeof(mapped_prefix));
    memcpy(out + 12, four, 4);
}

struct net_address net_address_of(const struct sockaddr *address)
{
    struct net_address result = { .is_local = false };

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        set_ipv4(result.bytes, &in->sin_addr);
        result.port = ntohs(in->sin_port);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(result.bytes, &in6->sin6_addr, 16);
        result.port = ntohs(in6->sin6_port);
    } else {
        result.is_local = true;
    }
    return result;
}

static bool parse_bytes(struct span text, uint8_t out[16], bool *is_ipv4)
{
    char copy[INET6_ADDRSTRLEN + 1];
    uint8_t four[4];
    size_t length = span_length(text);

    if (length == 0 || length >= sizeof(copy) || memchr(text.p, '\0', length))
        return false;
    memcpy(copy, text.p, length);
    copy[length] = '\0';
    *is_ipv4 = inet_pton(AF_INET, copy, four) == 1;
    if (*is_ipv4)
        set_ipv4(out, four);
    return *is_ipv4 || inet_pton(AF_INET6, copy, out) == 1;
}

bool net_address_parse(struct span text, struct net_address *address_out)
{
    struct net_address address = { .port = 0 };
    bool is_ipv4;

    if (!parse_bytes(text, address.bytes, &is_ipv4))
        return false;
    *address_out = address;
    return true;
}

/* As the kernel has it: no blank, no slash, no colon. */
static bool take_interface(struct span name, char out[NET_INTERFACE_TEXT])
{
    if (span_is_empty(name) || span_length(name) >= NET_INTERFACE_TEXT)
        return false;
    for (const char *p = name.p; p < name.end; p++)
        if (*p <= ' ' || *p > '~' || *p == '/' || *p == ':')
            return false;
    memcpy(out, name.p, span_length(name));
    out[span_length(name)] = '\0';
    return true;
}

bool net_source_parse(struct span text, struct net_source *source_out)
{
    struct net_source source = { .has_address = false };
    struct span address = text;
    bool has_interface = span_take_until(&text, '%', &address);

    if (has_interface && !take_interface(text, source.interface))
        return false;
    source.has_address = !has_interface || !span_is_empty(address);
    if (source.has_address && !net_address_parse(address, &source.address))
        return false;
    *source_out = source;
    return true;
}

const char *net_address_text(const struct net_address *address, char out[NET_ADDRESS_TEXT])
{
    if (address->is_local)
        memcpy(out, "local", 6);
    else if (net_is_ipv4(address))
        inet_ntop(AF_INET, address->bytes + 12, out, NET_ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, address->bytes, out, NET_ADDRESS_TEXT);
    return out;
}

bool net_address_equals(const struct net_address *a, const struct net_address *b)
{
    return a->is_local == b->is_local && memcmp(a->bytes, b->bytes, 16) == 0;
}

bool net_is_ipv4(const struct net_address *address)
{
    return !address->is_local && memcmp(address->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

bool net_is_loopback(const struct net_address *address)
{
    return address->is_local || (net_is_ipv4(address) && address->bytes[12] == 127) ||
           memcmp(address->bytes, loopback_v6, 16) == 0;
}

/* The bytes with everything after the first `bits` bits cleared. */
static void mask(uint8_t bytes[16], unsigned bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        if (kept < 8)
            bytes[i] = (uint8_t)(bytes[i] & (0xff00 >> kept));
    }
}

bool net_network_parse(struct span text, struct net_network *network_out)
{
    struct net_network network;
    struct span address = text, rest = text;
    uint8_t masked[16];
    uint32_t bits = 128;
    bool has_prefix = span_take_until(&rest, '/', &address);
    bool is_ipv4;

    if (!parse_bytes(address, network.bytes, &is_ipv4))
        return false;
    if (has_prefix) {
        if (!span_take_u32(&rest, &bits) || !span_is_empty(rest) || bits > (is_ipv4 ? 32u : 128u))
            return false;
        bits += is_ipv4 ? 96 : 0;
    }
    network.bits = (uint8_t)bits;
    memcpy(masked, network.bytes, 16);
    mask(masked, bits);
    if (memcmp(masked, network.bytes, 16) != 0)
        return false;
    *network_out = network;
    return true;
}

bool net_network_contains(const struct net_network *network, const struct net_address *address)
{
    uint8_t masked[16];

    if (address->is_local)
        return false;
    memcpy(masked, address->bytes, 16);
    mask(masked, network->bits);
    return memcmp(masked, network->bytes, 16) == 0;
}

/* Of IPv6 only 2000::/3 is given out (RFC 4291, 2.4). */
bool net_is_public(const struct net_address *address)
{
    static const char *const ipv4[] = { "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",
                                        "127.0.0.0/8",   "169.254.0.0/16",  "172.16.0.0/12",
                                        "192.0.0.0/24",  "192.0.2.0/24",    "192.168.0.0/16",
                                        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
                                        "224.0.0.0/3" };
    static const char *const ipv6[] = { "2001::/23", "2001:db8::/32", "2002::/16" };
    bool is_ipv4 = net_is_ipv4(address);
    const char *const *list = is_ipv4 ? ipv4 : ipv6;
    size_t count = is_ipv4 ? COUNT_OF(ipv4) : COUNT_OF(ipv6);
    struct net_network network;

    if (address->is_local || (!is_ipv4 && (address->bytes[0] & 0xe0) != 0x20))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!net_network_parse(span_text(list[i]), &network) || net_network_contains(&network, address))
            return false;
    return true;
}

struct net_network net_peer_of(const struct net_address *address)
{
    struct net_network peer = { .bits = net_is_ipv4(address) || address->is_local ? 128 : 64 };

    memcpy(peer.bytes, address->bytes, 16);
    mask(peer.bytes, peer.bits);
    return peer;
}
