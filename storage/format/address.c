/*
 * address.c -- the strict grammar: RFC 5321, 4.1.2 with RFC 6531, 3.3.
 */
#include "format/address.h"

#include "format/charset.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <strings.h>
#include <talloc.h>

enum { LABEL_MAX = 63, DOMAIN_TEXT_MAX = 1024 };

static const char *const fault_texts[ADDRESS_FAULTS] = {
    [ADDRESS_GOOD] = "The address is good",
    [ADDRESS_BAD_SYNTAX] = "The address is not well formed",
    [ADDRESS_LOCAL_TOO_LONG] = "The part before the @ is longer than 64 octets",
    [ADDRESS_DOMAIN_TOO_LONG] = "The domain is longer than 255 octets",
    [ADDRESS_BAD_DOMAIN] = "The domain is not a valid host name",
    [ADDRESS_BAD_UTF8] = "The address is not valid UTF-8",
    [ADDRESS_NEEDS_SMTPUTF8] = "The address needs SMTPUTF8, which was not asked for",
};

const char *address_fault_text(enum address_fault fault)
{
    return (unsigned)fault < ADDRESS_FAULTS ? fault_texts[fault] : fault_texts[ADDRESS_BAD_SYNTAX];
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_atext(char c)
{
    return is_letter_or_digit(c) || (c & 0x80) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with single dots between them. */
static bool take_dot_string(struct span *in, struct span *out)
{
    const char *p = in->p;

    while (p < in->end && is_atext(*p)) {
        while (p < in->end && is_atext(*p))
            p++;
        if (p + 1 < in->end && *p == '.' && is_atext(p[1]))
            p++;
        else
            break;
    }
    *out = (struct span){ in->p, p };
    in->p = p;
    return !span_is_empty(*out);
}

/* "..." with its quotes taken off and quoted pairs resolved. */
static bool take_quoted_string(const void *owner, struct span *in, struct span *out)
{
    char *copy = talloc_size(owner, span_length(*in) + 1), *to = copy;

    for (in->p++; in->p < in->end && *in->p != '"'; in->p++) {
        if (*in->p == '\\' && ++in->p == in->end)
            return false;
        if ((unsigned char)*in->p < ' ' || *in->p == 127)
            return false;
        *to++ = *in->p;
    }
    if (in->p == in->end)
        return false;
    in->p++;
    *out = (struct span){ copy, to };
    return to > copy;
}

/* 192.0.2.1 or IPv6:2001:db8::1, rewritten so that one address has one form. */
static char *literal_text(const void *owner, struct span inside)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr four;
    struct in6_addr six;
    char *copy = span_copy(owner, span_part(inside, 0, 64));
    char *literal = NULL;

    if (span_length(inside) != strlen(copy))
        return NULL;
    if (strncasecmp(copy, "IPv6:", 5) == 0) {
        if (inet_pton(AF_INET6, copy + 5, &six) == 1)
            literal = talloc_asprintf(owner, "[IPv6:%s]", inet_ntop(AF_INET6, &six, text, sizeof text));
    } else if (inet_pton(AF_INET, copy, &four) == 1) {
        literal = talloc_asprintf(owner, "[%s]", inet_ntop(AF_INET, &four, text, sizeof text));
    }
    talloc_free(copy);
    return literal;
}

/* LDH labels; underscores are no host name, but they are in mail addresses that work. */
static bool is_host_name(const char *domain)
{
    size_t label = 0;

    for (const char *p = domain; *p; p++) {
        if (*p == '.') {
            if (label == 0 || p[-1] == '-')
                return false;
            label = 0;
        } else if (is_letter_or_digit(*p) || *p == '_' || (*p == '-' && label > 0)) {
            if (++label > LABEL_MAX)
                return false;
        } else {
            return false;
        }
    }
    return label > 0 && domain[strlen(domain) - 1] != '-';
}

static char *lower_ascii(char *text)
{
    for (char *p = text; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    return text;
}

/* IDNA 2008 where anything but plain ASCII labels stands. */
static char *to_a_labels(const void *owner, const char *domain)
{
    uint8_t *encoded = NULL;
    char *result = NULL;

    if (idn2_lookup_u8((const uint8_t *)domain, &encoded, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
        result = lower_ascii(talloc_strdup(owner, (char *)encoded));
    idn2_free(encoded);
    return result;
}

static bool has_a_label(const char *domain)
{
    for (const char *p = domain; p; p = strchr(p, '.'), p = p ? p + 1 : NULL)
        if (strncasecmp(p, "xn--", 4) == 0)
            return true;
    return false;
}

enum address_fault address_domain(const void *owner, struct span text, char **domain_out)
{
    char *domain;

    if (span_length(text) > 1 && text.end[-1] == '.')
        text.end--;
    if (span_is_empty(text) || memchr(text.p, '\0', span_length(text)))
        return ADDRESS_BAD_DOMAIN;
    if (span_length(text) > DOMAIN_TEXT_MAX)
        return ADDRESS_DOMAIN_TOO_LONG;
    if (!utf8_is_valid(text))
        return ADDRESS_BAD_UTF8;
    domain = span_copy(owner, text);
    if (!utf8_is_ascii(text) || has_a_label(domain))
        domain = to_a_labels(owner, domain);
    if (!domain)
        return ADDRESS_BAD_DOMAIN;
    if (strlen(domain) > ADDRESS_DOMAIN_MAX)
        return ADDRESS_DOMAIN_TOO_LONG;
    if (!is_host_name(domain))
        return ADDRESS_BAD_DOMAIN;
    *domain_out = lower_ascii(domain);
    return ADDRESS_GOOD;
}

char *address_domain_display(const void *owner, const char *domain)
{
    char *shown = NULL, *result;

    if (*domain == '[' || !has_a_label(domain) || idn2_to_unicode_8z8z(domain, &shown, 0) != IDN2_OK)
        return talloc_strdup(owner, domain);
    result = talloc_strdup(owner, shown);
    idn2_free(shown);
    return result;
}

static enum address_fault take_literal(const void *owner, struct span *in, struct address *address)
{
    struct span inside;
    struct span rest = { in->p + 1, in->end };

    if (!span_take_until(&rest, ']', &inside))
        return ADDRESS_BAD_SYNTAX;
    address->domain = literal_text(owner, inside);
    address->domain_display = address->domain;
    address->is_literal = true;
    in->p = rest.p;
    return address->domain ? ADDRESS_GOOD : ADDRESS_BAD_DOMAIN;
}

/* Everything that could belong to a domain; whether it does, address_domain says. */
static struct span take_domain_text(struct span *in)
{
    const char *start = in->p;

    while (in->p < in->end &&
           (is_letter_or_digit(*in->p) || *in->p == '.' || *in->p == '-' || *in->p == '_' || (*in->p & 0x80)))
        in->p++;
    return (struct span){ start, in->p };
}

static enum address_fault take_domain(const void *owner, struct span *in, struct address *address)
{
    enum address_fault fault;
    struct span text;
    char *domain;

    if (!span_is_empty(*in) && *in->p == '[')
        return take_literal(owner, in, address);
    text = take_domain_text(in);
    if (span_is_empty(text))
        return ADDRESS_BAD_SYNTAX;
    fault = address_domain(owner, text, &domain);
    if (fault != ADDRESS_GOOD)
        return fault;
    address->domain = domain;
    address->domain_display = address_domain_display(owner, domain);
    address->is_utf8 |= !utf8_is_ascii(text);
    return ADDRESS_GOOD;
}

static enum address_fault take_local(const void *owner, struct span *in, struct address *address)
{
    bool is_quoted = !span_is_empty(*in) && *in->p == '"';
    struct span local;

    if (is_quoted ? !take_quoted_string(owner, in, &local) : !take_dot_string(in, &local))
        return ADDRESS_BAD_SYNTAX;
    if (!utf8_is_valid(local))
        return ADDRESS_BAD_UTF8;
    address->is_utf8 |= !utf8_is_ascii(local);
    address->local = utf8_nfc(owner, local);
    if (!address->local)
        return ADDRESS_BAD_UTF8;
    return strlen(address->local) > ADDRESS_LOCAL_MAX ? ADDRESS_LOCAL_TOO_LONG : ADDRESS_GOOD;
}

/* "user+detail"; a leading '+' separates nothing. */
static void split_detail(const void *owner, struct address *address)
{
    const char *plus = *address->local ? strchr(address->local + 1, '+') : NULL;

    address->user =
        plus ? talloc_strndup(owner, address->local, (size_t)(plus - address->local)) : address->local;
    address->detail = plus ? plus + 1 : NULL;
}

static bool domain_is_mixed(const char *domain)
{
    while (domain) {
        const char *dot = strchr(domain, '.');
        struct span label = dot ? (struct span){ domain, dot } : span_text(domain);

        if (address_text_is_mixed_script(label))
            return true;
        domain = dot ? dot + 1 : NULL;
    }
    return false;
}

static enum address_fault take_mailbox(const void *owner, struct span *in, unsigned accept,
                                       struct address *address)
{
    enum address_fault fault = take_local(owner, in, address);

    if (fault != ADDRESS_GOOD)
        return fault;
    if (span_take_byte(in, '@')) {
        fault = take_domain(owner, in, address);
        if (fault != ADDRESS_GOOD)
            return fault;
    } else if (accept & ADDRESS_ACCEPT_NO_DOMAIN) {
        address->domain = address->domain_display = "";
    } else {
        return ADDRESS_BAD_SYNTAX;
    }
    if (address->is_utf8 && !(accept & ADDRESS_ACCEPT_UTF8))
        return ADDRESS_NEEDS_SMTPUTF8;
    split_detail(owner, address);
    address->is_mixed_script =
        address_text_is_mixed_script(span_text(address->local)) || domain_is_mixed(address->domain_display);
    return ADDRESS_GOOD;
}

enum address_fault address_parse(const void *owner, struct span text, unsigned accept,
                                 struct address *address_out)
{
    enum address_fault fault;

    *address_out = (struct address){ 0 };
    fault = take_mailbox(owner, &text, accept, address_out);
    return fault == ADDRESS_GOOD && !span_is_empty(text) ? ADDRESS_BAD_SYNTAX : fault;
}

/* "@a,@b:": read and forgotten. */
static bool skip_route(struct span *in)
{
    do {
        if (!span_take_byte(in, '@') || span_is_empty(take_domain_text(in)))
            return false;
    } while (span_take_byte(in, ','));
    return span_take_byte(in, ':');
}

enum address_fault address_take_path(const void *owner, struct span *in, unsigned accept,
                                     struct address *address_out)
{
    struct span rest = *in;
    enum address_fault fault = ADDRESS_GOOD;

    *address_out = (struct address){ .local = "", .domain = "", .domain_display = "", .user = "" };
    if (!span_take_byte(&rest, '<'))
        return ADDRESS_BAD_SYNTAX;
    if (!span_take_byte(&rest, '>')) {
        if (!span_is_empty(rest) && *rest.p == '@') {
            address_out->had_route = true;
            if (!skip_route(&rest))
                return ADDRESS_BAD_SYNTAX;
        }
        fault = take_mailbox(owner, &rest, accept, address_out);
        if (fault == ADDRESS_GOOD && !span_take_byte(&rest, '>'))
            fault = ADDRESS_BAD_SYNTAX;
    }
    if (fault == ADDRESS_GOOD)
        *in = rest;
    return fault;
}

static char *key_of(const void *owner, const char *local, const char *domain)
{
    char *folded = utf8_fold_case(NULL, span_text(local));
    char *key = talloc_asprintf(owner, *domain ? "%s@%s" : "%s%s", folded ? folded : local, domain);

    talloc_free(folded);
    return key;
}

char *address_key(const void *owner, const struct address *address)
{
    return key_of(owner, address->local, address->domain);
}

char *address_user_key(const void *owner, const struct address *address)
{
    return key_of(owner, address->user, address->domain);
}

static bool is_dot_string(struct span local)
{
    struct span taken;

    return take_dot_string(&local, &taken) && span_is_empty(local);
}

void address_add_local(struct buf *out, struct span local)
{
    if (is_dot_string(local)) {
        buf_add_span(out, local);
        return;
    }
    buf_add_byte(out, '"');
    for (; local.p < local.end; local.p++) {
        if (*local.p == '"' || *local.p == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *local.p);
    }
    buf_add_byte(out, '"');
}

static char *text_with(const void *owner, const struct address *address, const char *domain)
{
    struct buf out = buf_owned_by(owner);

    if (address_is_null(address))
        return talloc_strdup(owner, "");
    address_add_local(&out, span_text(address->local));
    if (*domain) {
        buf_add_byte(&out, '@');
        buf_add_text(&out, domain);
    }
    return buf_text(&out);
}

char *address_text(const void *owner, const struct address *address)
{
    return text_with(owner, address, address->domain);
}

char *address_display(const void *owner, const struct address *address)
{
    return text_with(owner, address, address->domain_display);
}
