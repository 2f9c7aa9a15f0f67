/* spf_macro.c -- %{i} and its relatives (RFC 7208, 7). */
#include "filter/spf.h"

#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

static const char LETTERS[] = "slodiphvcrt";
static const char DELIMITERS[] = ".-+,/_=";

struct macro {
    char letter; /* '%', '_', '-' for the escapes; otherwise of LETTERS */
    bool is_escaped, is_reversed;
    uint32_t kept; /* labels; 0: all */
    char delimiters[8];
};

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* What follows '%'. */
static bool take_macro(struct span *in, struct macro *m)
{
    size_t count = 0;

    *m = (struct macro){ .letter = '\0' };
    if (span_is_empty(*in))
        return false;
    m->letter = *in->p++;
    if (is_one_of(m->letter, "%_-"))
        return true;
    if (m->letter != '{' || span_is_empty(*in))
        return false;
    m->letter = (char)tolower((unsigned char)*in->p);
    m->is_escaped = isupper((unsigned char)*in->p) != 0;
    in->p++;
    if (!is_one_of(m->letter, LETTERS))
        return false;
    if (in->p < in->end && isdigit((unsigned char)*in->p) && (!span_take_u32(in, &m->kept) || m->kept == 0))
        return false;
    if (in->p < in->end && (*in->p == 'r' || *in->p == 'R')) {
        m->is_reversed = true;
        in->p++;
    }
    for (; in->p < in->end && is_one_of(*in->p, DELIMITERS); in->p++)
        if (count < sizeof m->delimiters - 1 && !strchr(m->delimiters, *in->p))
            m->delimiters[count++] = *in->p;
    if (!count)
        m->delimiters[0] = '.';
    return span_take_byte(in, '}');
}

/* domain-end: a macro, or "." and a top label that is not all digits. */
static bool ends_as_name(struct span text, const char *last_macro_end)
{
    const char *p;
    bool has_other = false;

    if (last_macro_end == text.end)
        return true;
    if (text.end[-1] == '.')
        text.end--;
    for (p = text.end; p > text.p && p > last_macro_end && p[-1] != '.'; p--) {
        if (!isalnum((unsigned char)p[-1]) && p[-1] != '-')
            return false;
        has_other = has_other || !isdigit((unsigned char)p[-1]);
    }
    return p > text.p && p[-1] == '.' && p < text.end && has_other && *p != '-' && text.end[-1] != '-';
}

bool spf_macro_is_good(struct span text, bool is_domain)
{
    struct span in = text;
    const char *last = text.p;
    struct macro macro;

    if (is_domain && span_is_empty(text))
        return false;
    while (!span_is_empty(in)) {
        if (*in.p < '!' || *in.p > '~')
            return false;
        if (*in.p++ != '%')
            continue;
        if (!take_macro(&in, &macro) || is_one_of(macro.letter, "crt"))
            return false;
        last = in.p;
    }
    return !is_domain || ends_as_name(text, last);
}

bool spf_macro_uses(struct span text, char letter)
{
    struct macro macro;

    while (!span_is_empty(text))
        if (*text.p++ == '%' && take_macro(&text, &macro) && macro.letter == letter)
            return true;
    return false;
}

/* ---- values */

static void add_peer(struct buf *out, const struct net_address *peer, bool is_readable)
{
    char text[NET_ADDRESS_TEXT];

    if (net_is_ipv4(peer) || is_readable) {
        buf_add_text(out, net_address_text(peer, text));
        return;
    }
    for (int i = 0; i < 16; i++)
        buf_add_format(out, i ? ".%x.%x" : "%x.%x", peer->bytes[i] >> 4, peer->bytes[i] & 15);
}

static void add_value(struct buf *out, char letter, const struct spf_macros *m)
{
    switch (letter) {
    case 's':
        buf_add_format(out, "%s@%s", m->local, m->sender_domain);
        break;
    case 'l':
        buf_add_text(out, m->local);
        break;
    case 'o':
        buf_add_text(out, m->sender_domain);
        break;
    case 'd':
        buf_add_text(out, m->domain);
        break;
    case 'i':
    case 'c':
        add_peer(out, m->peer, letter == 'c');
        break;
    case 'p':
        buf_add_text(out, m->validated ? m->validated : "unknown");
        break;
    case 'v':
        buf_add_text(out, net_is_ipv4(m->peer) ? "in-addr" : "ip6");
        break;
    case 'h':
        buf_add_text(out, m->helo);
        break;
    case 'r':
        buf_add_text(out, m->host_name);
        break;
    default:
        buf_add_format(out, "%" PRId64, clock_now_us() / US_PER_S);
    }
}

enum { PARTS_MAX = 256 };

static size_t split(struct span value, const char *delimiters, struct span parts[PARTS_MAX])
{
    size_t count = 0;

    for (const char *p = value.p;; p++) {
        if (p < value.end && (!*p || !strchr(delimiters, *p) || count == PARTS_MAX - 1))
            continue;
        parts[count++] = (struct span){ value.p, p };
        if (p == value.end)
            return count;
        value.p = p + 1;
    }
}

static void add_escaped(struct buf *out, struct span part)
{
    for (; part.p < part.end; part.p++)
        if (isalnum((unsigned char)*part.p) || is_one_of(*part.p, "-._~"))
            buf_add_byte(out, *part.p);
        else
            buf_add_format(out, "%%%02X", (unsigned char)*part.p);
}

static void add_macro(struct buf *out, const struct macro *macro, const struct spf_macros *macros)
{
    struct buf value = BUF_INIT(out->owner);
    struct span parts[PARTS_MAX];
    size_t count, first;

    add_value(&value, macro->letter, macros);
    count = split(value.p ? buf_span(&value) : span_text(""), macro->delimiters, parts);
    first = macro->kept && macro->kept < count ? count - macro->kept : 0;
    for (size_t i = first; i < count; i++) {
        /* the right-hand parts, counted after turning round */
        struct span part = macro->is_reversed ? parts[count - 1 - i] : parts[i];

        if (i > first)
            buf_add_byte(out, '.');
        if (macro->is_escaped)
            add_escaped(out, part);
        else
            buf_add_span(out, part);
    }
}

bool spf_macro_expand(struct buf *out, struct span text, const struct spf_macros *macros)
{
    struct macro macro;

    while (!span_is_empty(text)) {
        char c = *text.p++;

        if (c != '%') {
            buf_add_byte(out, c);
            continue;
        }
        if (!take_macro(&text, &macro) || (is_one_of(macro.letter, "crt") && !macros->is_explanation))
            return false;
        if (macro.letter == '%')
            buf_add_byte(out, '%');
        else if (macro.letter == '_')
            buf_add_byte(out, ' ');
        else if (macro.letter == '-')
            buf_add_text(out, "%20");
        else
            add_macro(out, &macro, macros);
    }
    return true;
}
