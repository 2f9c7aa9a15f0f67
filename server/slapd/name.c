/* name.c -- parts, values without escapes. */
#include "slapd/name.h"

#include "base/buf.h"
#include "base/hex.h"
#include "format/charset.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char *const login_types[] = { "mail", "uid", "cn" };

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7F;
}

/* "\," or "\2C". */
static bool take_escaped(struct span *in, struct buf *value)
{
    int high = in->end - in->p > 2 ? hex_digit(in->p[1]) : -1;
    int low = high >= 0 ? hex_digit(in->p[2]) : -1;
    char c = (char)(low >= 0 ? high << 4 | low : in->end - in->p > 1 ? in->p[1] : '\0');

    if (is_control(c))
        return false;
    buf_add_byte(value, c);
    in->p += low >= 0 ? 3 : 2;
    return true;
}

/* Up to the next part. */
static bool take_value(struct span *in, struct buf *value)
{
    while (in->p < in->end && *in->p != ',') {
        if (is_control(*in->p) || strchr("+;\"#", *in->p))
            return false;
        if (*in->p != '\\') {
            buf_add_byte(value, *in->p++);
        } else if (!take_escaped(in, value)) {
            return false;
        }
    }
    return value->length > 0 && utf8_is_valid(buf_span(value));
}

static bool take_part(const void *owner, struct span *in, struct name_part *part_out)
{
    struct buf value = buf_owned_by(owner);
    struct span type;

    part_out->at = in->p;
    if (!span_take_until(in, '=', &type) || span_is_empty(type) || span_find_byte(type, ',') ||
        !take_value(in, &value))
        return false;
    part_out->type = span_copy(owner, span_trim(type));
    part_out->value = buf_text(&value);
    return true;
}

bool name_read(const void *owner, struct span text, struct name *out)
{
    struct span in = text;

    *out = (struct name){ .text = text };
    if (span_length(text) > NAME_BYTES_MAX)
        return false;
    while (!span_is_empty(in)) {
        if (out->count == NAME_PARTS_MAX || (out->count > 0 && !span_take_byte(&in, ',')) ||
            !take_part(owner, &in, &out->parts[out->count]))
            return false;
        out->count++;
    }
    return true;
}

bool name_part_is(const struct name *name, size_t part, const char *type)
{
    return part < name->count && strcasecmp(name->parts[part].type, type) == 0;
}

char *name_domain(const void *owner, const struct name *name, size_t from)
{
    char *domain = NULL;

    for (size_t i = from; i < name->count; i++) {
        if (!name_part_is(name, i, "dc"))
            return NULL;
        domain = domain ? talloc_asprintf_append(domain, ".%s", name->parts[i].value)
                        : talloc_strdup(owner, name->parts[i].value);
    }
    return domain;
}

char *name_login(const void *owner, const struct name *name)
{
    bool is_login = false;
    char *domain = NULL;

    for (size_t i = 0; i < COUNT_OF(login_types); i++)
        is_login = is_login || name_part_is(name, 0, login_types[i]);
    if (!is_login || (name_part_is(name, name->count - 1, "cn") && name->count > 1))
        return NULL;
    if (strpbrk(name->parts[0].value, "@\\"))
        return talloc_strdup(owner, name->parts[0].value);
    for (size_t i = 1; i < name->count && !domain; i++)
        domain = name_domain(owner, name, i);
    return domain ? talloc_asprintf(owner, "%s@%s", name->parts[0].value, domain)
                  : talloc_strdup(owner, name->parts[0].value);
}
