/* rua.c -- records, addresses, and who may be written to. */
#include "report/rua.h"

#include "base/buf.h"
#include "base/hex.h"
#include "dns/dns.h"
#include "filter/dmarc.h"
#include "filter/tags.h"
#include "format/address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* ---- reading */

/* %21 is "!" (RFC 3986, 2.1). */
static char *decoded(const void *owner, struct span in)
{
    char *text = talloc_array(owner, char, (unsigned)span_length(in) + 1), *to = text;

    for (; in.p < in.end; in.p++) {
        int high = in.end - in.p > 2 && *in.p == '%' ? hex_digit(in.p[1]) : -1;
        int low = high >= 0 ? hex_digit(in.p[2]) : -1;

        if (low >= 0)
            in.p += 2;
        *to++ = low >= 0 ? (char)(high * 16 + low) : *in.p;
    }
    *to = '\0';
    return text;
}

/* "10m" behind the exclamation mark: k, m, g, t are powers of 1024. */
static uint64_t read_size(struct span in)
{
    static const char units[] = "kmgt";
    uint32_t number;
    const char *unit;
    uint64_t bytes;

    if (!span_take_u32(&in, &number))
        return 0;
    bytes = number;
    unit = span_is_empty(in) ? NULL : strchr(units, tolower((unsigned char)*in.p));
    if (unit && *unit)
        bytes <<= 10 * (unsigned)(unit - units + 1);
    return bytes;
}

static void take_url(const void *owner, struct span url, struct rua_list *list)
{
    if (span_length(url) > RUA_URL_MAX)
        return;
    for (const char *p = url.p; p < url.end; p++)
        if (*p <= ' ' || *p > '~')
            return;
    list->items[list->count++] = (struct rua){ .address = span_copy(owner, url), .is_url = true };
}

static void take_uri(const void *owner, struct span uri, bool with_urls, struct rua_list *list)
{
    struct span address = uri;
    struct address parsed;
    uint64_t bytes_max = 0;
    char *text;

    if (list->count == RUA_MAX)
        return;
    if (with_urls && span_starts_nocase(uri, "https://")) {
        take_url(owner, uri, list);
        return;
    }
    if (!span_take_word(&uri, "mailto:"))
        return;
    address = uri;
    if (span_take_until(&uri, '!', &address))
        bytes_max = read_size(uri);
    text = decoded(owner, address);
    text[strcspn(text, "?")] = '\0';
    if (address_parse(owner, span_text(text), 0, &parsed) == ADDRESS_GOOD && *parsed.local && parsed.domain &&
        *parsed.domain != '[')
        list->items[list->count++] =
            (struct rua){ .address = address_text(owner, &parsed), .bytes_max = bytes_max };
}

void rua_parse(const void *owner, struct span value, bool with_urls, struct rua_list *list_out)
{
    struct span uri;

    list_out->count = 0;
    while (span_take_until(&value, ',', &uri))
        take_uri(owner, span_trim(uri), with_urls, list_out);
    take_uri(owner, span_trim(value), with_urls, list_out);
}

/* ---- asking */

/* The one record that begins with `version`; false without one, or with several. ERR_BUSY as above. */
static bool find_record(struct dns *dns, const void *owner, const char *name, const char *version,
                        int64_t deadline_us, struct span *text_out, bool *is_there_out, struct err *err)
{
    struct dns_answer answer;
    size_t found = 0;

    *is_there_out = false;
    if (strlen(name) > DNS_NAME_MAX)
        return true;
    dns_ask(dns, owner, name, DNS_TXT, deadline_us, &answer);
    if (answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS)
        return err_set(err, ERR_BUSY, "The DNS does not answer.");
    for (size_t i = 0; i < answer.count; i++) {
        struct span text = answer.records[i].text, name_of, value;
        struct span tags = text;

        if (span_length(text) <= RUA_RECORD_MAX && tags_next(&tags, &name_of, &value) &&
            span_equals_text(name_of, "v") && span_equals_text(span_trim(value), version) && found++ == 0)
            *text_out = text;
    }
    *is_there_out = found == 1;
    return true;
}

static bool may_hear(struct dns *dns, const void *owner, const char *domain, const char *address,
                     int64_t deadline_us, bool *may_out, struct err *err)
{
    const char *theirs = strrchr(address, '@') + 1;
    struct span text;

    *may_out = strcasecmp(dmarc_organisational_domain(theirs), dmarc_organisational_domain(domain)) == 0;
    if (*may_out)
        return true;
    return find_record(dns, owner, talloc_asprintf(owner, "%s._report._dmarc.%s", domain, theirs), "DMARC1",
                       deadline_us, &text, may_out, err);
}

bool rua_find(struct dns *dns, const void *owner, const char *kind, const char *domain, int64_t deadline_us,
              struct rua_list *list_out, struct err *err)
{
    bool is_dmarc = strcmp(kind, "dmarc") == 0, is_there;
    const char *name = talloc_asprintf(owner, "%s.%s", is_dmarc ? "_dmarc" : "_smtp._tls", domain);
    struct rua_list all;
    struct span text, value;

    list_out->count = 0;
    if (!find_record(dns, owner, name, is_dmarc ? "DMARC1" : "TLSRPTv1", deadline_us, &text, &is_there, err))
        return false;
    if (!is_there || !tags_find(text, "rua", &value))
        return true;
    rua_parse(owner, value, !is_dmarc, &all);
    for (size_t i = 0; i < all.count; i++) {
        bool may = true; /* a record of TLS-RPT is the domain's own word */

        if (is_dmarc && !may_hear(dns, owner, domain, all.items[i].address, deadline_us, &may, err))
            return false;
        if (may)
            list_out->items[list_out->count++] = all.items[i];
    }
    return true;
}
