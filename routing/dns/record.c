/* record.c -- the bytes of a record (RFC 1035, 3.3; 3596; 6698), and names. */
#include "dns/dns.h"
#include "dns/resolver.h"

#include "base/buf.h"

#include <talloc.h>

static bool is_plain(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
           byte == '*' || byte == '/';
}

static void add_label(struct buf *out, struct span label)
{
    for (const char *p = label.p; p < label.end; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte >= 'A' && byte <= 'Z')
            byte = (unsigned char)(byte + 32);
        if (is_plain(byte))
            buf_add_byte(out, (char)byte);
        else
            buf_add_format(out, "\\%03u", byte);
    }
}

/* An uncompressed name; it must be all of what is left. */
static bool take_name(const void *owner, struct span *in, const char **name_out)
{
    struct buf name = buf_owned_by(owner);
    const char *start = in->p;

    while (in->p < in->end && *in->p != 0) {
        size_t length = (unsigned char)*in->p;
        if (length > 63 || length >= span_length(*in) || in->p - start > 254)
            return false;
        if (name.length > 0)
            buf_add_byte(&name, '.');
        add_label(&name, span_of(in->p + 1, length));
        in->p += 1 + length;
    }
    if (in->p >= in->end || in->p - start > 254)
        return false;
    in->p++;
    *name_out = name.length > 0 ? buf_text(&name) : "";
    return span_is_empty(*in);
}

static bool take_strings(const void *owner, struct span in, struct span *text_out)
{
    struct buf text = buf_owned_by(owner);

    if (span_is_empty(in))
        return false;
    while (!span_is_empty(in)) {
        size_t length = (unsigned char)*in.p++;
        if (length > span_length(in))
            return false;
        buf_add(&text, in.p, length);
        in.p += length;
    }
    *text_out = buf_span(&text);
    return true;
}

static struct net_address ipv4(const char *four)
{
    struct net_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };

    memcpy(address.bytes + 12, four, 4);
    return address;
}

static uint16_t two_bytes(const char *p)
{
    return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

static bool take_srv(const void *owner, struct span in, struct dns_record *record)
{
    if (span_length(in) < 7)
        return false;
    record->preference = two_bytes(in.p);
    record->weight = two_bytes(in.p + 2);
    record->port = two_bytes(in.p + 4);
    in.p += 6;
    return take_name(owner, &in, &record->name);
}

static bool take_tlsa(const void *owner, struct span in, struct dns_record *record)
{
    char *copy;

    if (span_length(in) < 4)
        return false;
    record->usage = (uint8_t)in.p[0];
    record->selector = (uint8_t)in.p[1];
    record->matching = (uint8_t)in.p[2];
    copy = talloc_memdup(owner, in.p + 3, span_length(in) - 3);
    record->data = span_of(copy, span_length(in) - 3);
    return true;
}

bool dns_record_parse(const void *owner, enum dns_type type, struct span rdata, struct dns_record *record_out)
{
    struct span in = rdata;

    *record_out = (struct dns_record){ .name = NULL };
    switch (type) {
    case DNS_A:
        if (span_length(in) != 4)
            return false;
        record_out->address = ipv4(in.p);
        return true;
    case DNS_AAAA:
        if (span_length(in) != 16)
            return false;
        memcpy(record_out->address.bytes, in.p, 16);
        return true;
    case DNS_MX:
        if (span_length(in) < 3)
            return false;
        record_out->preference = two_bytes(in.p);
        in.p += 2;
        return take_name(owner, &in, &record_out->name);
    case DNS_CNAME:
    case DNS_PTR:
        return take_name(owner, &in, &record_out->name);
    case DNS_TXT:
        return take_strings(owner, in, &record_out->text);
    case DNS_SRV:
        return take_srv(owner, in, record_out);
    case DNS_TLSA:
        return take_tlsa(owner, in, record_out);
    }
    return false;
}

bool dns_name_is_valid(const char *name)
{
    size_t label = 0, length = 0;

    for (const char *p = name; *p; p++, length++) {
        if (*p == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (*p <= ' ' || *p > '~' || ++label > 63) {
            return false;
        }
    }
    return length > 0 && length <= DNS_NAME_MAX + (label == 0);
}

char *dns_reverse_name(const void *owner, const struct net_address *address)
{
    const uint8_t *b = address->bytes;
    struct buf name = buf_owned_by(owner);

    if (net_is_ipv4(address))
        return talloc_asprintf(owner, "%u.%u.%u.%u.in-addr.arpa", b[15], b[14], b[13], b[12]);
    for (int i = 15; i >= 0; i--)
        buf_add_format(&name, "%x.%x.", b[i] & 15u, b[i] >> 4);
    buf_add_text(&name, "ip6.arpa");
    return buf_text(&name);
}
