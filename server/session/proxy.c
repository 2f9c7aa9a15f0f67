#include "session/proxy.h"

#define V1_MAX 107 /* the specification's longest line, with CRLF */
#define V2_HEAD 16

static const char V2_SIGNATURE[12] = "\r\n\r\n\0\r\nQUIT\n";

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

static unsigned be16(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static enum proxy_verdict parse_v2(struct span bytes, size_t *length_out, struct net_address *client_out,
                                   bool *is_local)
{
    size_t body;
    unsigned char command, family;
    struct net_address client = { .port = 0 };

    if (span_length(bytes) < V2_HEAD)
        return PROXY_INCOMPLETE;
    body = be16(bytes.p + 14);
    if (V2_HEAD + body > PROXY_HEADER_MAX)
        return PROXY_MALFORMED;
    if (span_length(bytes) < V2_HEAD + body)
        return PROXY_INCOMPLETE;
    command = (unsigned char)bytes.p[12];
    family = (unsigned char)bytes.p[13];
    *length_out = V2_HEAD + body;
    *is_local = command == V2_LOCAL;
    if (command == V2_LOCAL)
        return PROXY_OK;
    if (command == V2_PROXY && family == V2_TCP4 && body >= 12) {
        client.bytes[10] = client.bytes[11] = 0xff;
        memcpy(client.bytes + 12, bytes.p + V2_HEAD, 4);
        client.port = (uint16_t)be16(bytes.p + V2_HEAD + 8);
    } else if (command == V2_PROXY && family == V2_TCP6 && body >= 36) {
        memcpy(client.bytes, bytes.p + V2_HEAD, 16);
        client.port = (uint16_t)be16(bytes.p + V2_HEAD + 32);
    } else {
        return PROXY_MALFORMED;
    }
    *client_out = client;
    return PROXY_OK;
}

static bool take_port(struct span *line, uint32_t *port_out)
{
    return span_take_u32(line, port_out) && *port_out <= 65535;
}

/* "TCP4 192.0.2.1 198.51.100.1 56324 443" or "UNKNOWN ...". */
static bool parse_v1_line(struct span line, struct net_address *client_out, bool *is_local)
{
    struct span source, destination;
    struct net_address client, server;
    uint32_t client_port, server_port;
    bool is_ipv4;

    *is_local = span_take_word(&line, "UNKNOWN");
    if (*is_local)
        return true;
    is_ipv4 = span_take_word(&line, "TCP4 ");
    if (!is_ipv4 && !span_take_word(&line, "TCP6 "))
        return false;
    if (!span_take_until(&line, ' ', &source) || !net_address_parse(source, &client) ||
        !span_take_until(&line, ' ', &destination) || !net_address_parse(destination, &server) ||
        !take_port(&line, &client_port) || !span_take_byte(&line, ' ') || !take_port(&line, &server_port) ||
        !span_is_empty(line))
        return false;
    if (is_ipv4 && !net_is_ipv4(&client))
        return false;
    client.port = (uint16_t)client_port;
    *client_out = client;
    return true;
}

static enum proxy_verdict parse_v1(struct span bytes, size_t *length_out, struct net_address *client_out,
                                   bool *is_local)
{
    const char *lf = span_find_byte(span_part(bytes, 0, V1_MAX), '\n');
    struct span line;

    if (!lf)
        return span_length(bytes) >= V1_MAX ? PROXY_MALFORMED : PROXY_INCOMPLETE;
    if (lf == bytes.p || lf[-1] != '\r')
        return PROXY_MALFORMED;
    line = (struct span){ bytes.p + 6, lf - 1 };
    if (line.p > line.end || !parse_v1_line(line, client_out, is_local))
        return PROXY_MALFORMED;
    *length_out = (size_t)(lf + 1 - bytes.p);
    return PROXY_OK;
}

static bool agrees(struct span bytes, const char *expected, size_t length)
{
    size_t have = span_length(bytes) < length ? span_length(bytes) : length;

    return have == 0 || memcmp(bytes.p, expected, have) == 0;
}

enum proxy_verdict proxy_parse(struct span bytes, size_t *length_out, struct net_address *client_out,
                               bool *is_local)
{
    if (agrees(bytes, "PROXY ", 6))
        return span_length(bytes) < 6 ? PROXY_INCOMPLETE : parse_v1(bytes, length_out, client_out, is_local);
    if (agrees(bytes, V2_SIGNATURE, sizeof(V2_SIGNATURE)))
        return parse_v2(bytes, length_out, client_out, is_local);
    return PROXY_MALFORMED;
}
