/* place.c -- paths, and what they name. */
#include "dav/call.h"
#include "format/base32.h"

#include <ctype.h>
#include <string.h>
#include <talloc.h>

enum { NAME_MAX_BYTES = 512 };
#define HOME "/dav/addressbooks/"
#define PRINCIPALS "/dav/principals/"

static bool take_card(struct span rest, int64_t *recipient_id_out)
{
    uint64_t number;

    if (!span_take_u64(&rest, &number) || !span_equals_text(rest, ".vcf") || number > INT64_MAX)
        return false;
    *recipient_id_out = (int64_t)number;
    return true;
}

static struct dav_place below_home(const void *owner, struct span rest)
{
    struct dav_place place = { .kind = DAV_BOOK };
    struct span part;

    if (span_is_empty(rest))
        return (struct dav_place){ .kind = DAV_HOME };
    if (!span_take_until(&rest, '/', &part)) {
        part = rest;
        rest.p = rest.end;
    }
    if (span_length(part) > NAME_MAX_BYTES * 2)
        return (struct dav_place){ .kind = DAV_NOTHING };
    place.book = span_copy(owner, part);
    if (span_is_empty(rest))
        return place;
    place.kind = take_card(rest, &place.recipient_id) ? DAV_CARD : DAV_NOTHING;
    return place;
}

struct dav_place dav_place_of(const void *owner, const char *path)
{
    struct span text = span_text(path), name;

    if (strcmp(path, "/dav") == 0 || strcmp(path, "/dav/") == 0)
        return (struct dav_place){ .kind = DAV_ROOT };
    if (strcmp(path, "/dav/addressbooks") == 0)
        return (struct dav_place){ .kind = DAV_HOME };
    if (span_starts_nocase(text, HOME))
        return below_home(owner, span_part(text, strlen(HOME), span_length(text)));
    if (strcmp(path, PRINCIPALS) == 0)
        return (struct dav_place){ .kind = DAV_PRINCIPALS };
    if (span_starts_nocase(text, PRINCIPALS)) {
        name = span_part(text, strlen(PRINCIPALS), span_length(text));
        if (!span_is_empty(name) && name.end[-1] == '/')
            name.end--;
        if (!span_is_empty(name) && !span_find_byte(name, '/'))
            return (struct dav_place){ .kind = DAV_PRINCIPAL, .login = span_copy(owner, name) };
    }
    return (struct dav_place){ .kind = DAV_NOTHING };
}

const char *dav_book_part(const void *owner, const struct book *book)
{
    return book->name ? talloc_asprintf(owner, "l-%s", base32_text(owner, span_text(book->name))) : "global";
}

/* Percent-encoded where an address has letters that a path has not. */
static const char *encoded(const void *owner, const char *text)
{
    struct buf out = buf_owned_by(owner);

    for (const char *p = text; *p; p++) {
        if (isalnum((unsigned char)*p) || strchr("-_.~@", *p))
            buf_add_byte(&out, *p);
        else
            buf_add_format(&out, "%%%02X", (unsigned char)*p);
    }
    return buf_text(&out);
}

const char *dav_path_of(const void *owner, const struct dav_place *place)
{
    switch (place->kind) {
    case DAV_PRINCIPALS:
        return PRINCIPALS;
    case DAV_PRINCIPAL:
        return talloc_asprintf(owner, PRINCIPALS "%s/", encoded(owner, place->login));
    case DAV_HOME:
        return HOME;
    case DAV_BOOK:
        return talloc_asprintf(owner, HOME "%s/", place->book);
    case DAV_CARD:
        return talloc_asprintf(owner, HOME "%s/%lld.vcf", place->book, (long long)place->recipient_id);
    default:
        return "/dav/";
    }
}

const struct book *dav_find_book(const struct dav_call *call, const struct dav_place *place)
{
    for (size_t i = 0; i < call->book_count && place->book; i++)
        if (strcmp(dav_book_part(call->arena, &call->books[i]), place->book) == 0)
            return &call->books[i];
    return NULL;
}
