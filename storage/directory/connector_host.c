/*
 * connector_host.c -- smarthosts as an administrator writes them.
 */
#include "directory/connector.h"

#include "base/net.h"
#include "format/address.h"

#include <talloc.h>

enum { PORT_MAX = 65535 };

/* ":587" or nothing. */
static bool take_port(struct span *in, uint16_t *port_out)
{
    uint32_t port = 0;

    *port_out = 0;
    if (!span_take_byte(in, ':'))
        return span_is_empty(*in);
    if (!span_take_u32(in, &port) || port == 0 || port > PORT_MAX)
        return false;
    *port_out = (uint16_t)port;
    return span_is_empty(*in);
}

/* An address, or a name in its canonical form. */
static bool read_host(const void *owner, struct span text, struct connector_host *out)
{
    struct net_address address;
    char *name;

    if (span_starts_nocase(text, "IPv6:"))
        text.p += 5;
    out->host = span_copy(owner, text);
    out->is_address = net_address_parse(text, &address);
    if (out->is_address)
        return true;
    if (address_domain(owner, text, &name) != ADDRESS_GOOD || *name == '[')
        return false;
    out->host = name;
    out->is_address = net_address_parse(span_text(name), &address); /* "192.0.2.1." */
    return true;
}

static bool read_one(const void *owner, struct span text, struct connector_host *out)
{
    struct span host;

    if (span_take_byte(&text, '[')) {
        out->is_exact = true;
        if (!span_take_until(&text, ']', &host))
            return false;
    } else {
        out->is_exact = false;
        host = text;
        while (text.p < text.end && *text.p != ':')
            text.p++;
        host.end = text.p;
    }
    return read_host(owner, host, out) && take_port(&text, &out->port);
}

static bool is_between(char byte)
{
    return byte == ' ' || byte == ',';
}

bool connector_read_hosts(const void *owner, const char *text,
                          struct connector_host hosts_out[CONNECTOR_HOSTS_MAX], size_t *count_out)
{
    *count_out = 0;
    for (const char *p = text; *p;) {
        const char *start = p;

        while (*p && !is_between(*p))
            p++;
        if (p > start && (*count_out == CONNECTOR_HOSTS_MAX ||
                          !read_one(owner, span_of(start, (size_t)(p - start)), &hosts_out[(*count_out)++])))
            return false;
        while (is_between(*p))
            p++;
    }
    return *count_out > 0;
}
