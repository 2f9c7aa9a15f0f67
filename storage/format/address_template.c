/* address_template.c -- names into addresses. */
#include "format/address_template.h"

#include "base/buf.h"
#include "format/fold.h"

#include <string.h>
#include <talloc.h>

struct person_name person_name_of(const void *owner, const char *display, const char *nickname)
{
    struct person_name name = { "", "", talloc_strdup(owner, display), talloc_strdup(owner, nickname) };
    struct span words = span_trim(span_text(name.display)), first, last;

    if (span_is_empty(words))
        return name;
    last = words;
    for (const char *p = words.p; p < words.end; p++)
        if (*p == ' ')
            last.p = p + 1;
    if (span_take_until(&words, ' ', &first))
        name.given = span_copy(owner, first);
    name.surname = span_copy(owner, last);
    return name;
}

/* Folded, and only what may stand in every local part. */
static char *plain(const void *owner, const char *text)
{
    char *folded = fold_text(owner, span_text(text)), *to = folded;

    for (const char *p = folded; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p == '-' && to > folded))
            *to++ = *p;
    *to = '\0';
    return folded;
}

static const char *value_of(const struct person_name *name, char letter)
{
    switch (letter) {
    case 'g':
        return name->given;
    case 's':
        return name->surname;
    case 'd':
        return name->display;
    case 'm':
        return name->nickname;
    default:
        return NULL;
    }
}

/* What follows a '%': how many characters (0: all) and which letter. */
static bool take_letter(struct span *text, size_t *most_out, char *letter_out)
{
    *most_out = 0;
    if (text->p < text->end && *text->p >= '1' && *text->p <= '9')
        *most_out = (size_t)(*text->p++ - '0');
    if (text->p == text->end)
        return false;
    *letter_out = *text->p++;
    return *letter_out == '%' ? *most_out == 0 : strchr("gsdm", *letter_out) != NULL;
}

static bool is_literal(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-+", c);
}

/* `name` NULL: only looked at. */
static bool expand_local(const void *owner, struct span text, const struct person_name *name, struct buf *out)
{
    bool has_letter = false;

    while (text.p < text.end) {
        size_t most;
        char letter = *text.p++;

        if (letter != '%') {
            if (letter == '\0' || !is_literal(letter))
                return false;
            buf_add_byte(out, letter);
            continue;
        }
        if (!take_letter(&text, &most, &letter))
            return false;
        if (letter == '%') {
            buf_add_byte(out, '%');
            continue;
        }
        has_letter = true;
        if (name) {
            const char *value = plain(owner, value_of(name, letter));
            if (!*value)
                return false;
            buf_add(out, value, most && most < strlen(value) ? most : strlen(value));
        }
    }
    return has_letter;
}

static bool is_domain(struct span text)
{
    for (const char *p = text.p; p < text.end; p++)
        if (*p == '\0' || *p == '%' || *p == '_' || *p == '+' || !is_literal(*p))
            return false;
    return !span_is_empty(text);
}

bool address_template_is_valid(struct span text)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    struct span local;
    bool is_valid = span_length(text) <= ADDRESS_TEMPLATE_MAX && span_take_until(&text, '@', &local) &&
                    is_domain(text) && expand_local(arena, local, NULL, &out);

    talloc_free(arena);
    return is_valid;
}

char *address_template_expand(const void *owner, struct span text, const struct person_name *name)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    struct span whole = text, local;
    char *address = NULL;

    if (address_template_is_valid(whole) && span_take_until(&text, '@', &local) &&
        expand_local(arena, local, name, &out) && out.length <= ADDRESS_LOCAL_MAX) {
        buf_add_byte(&out, '@');
        buf_add_span(&out, text);
        address = talloc_strdup(owner, buf_text(&out));
    }
    talloc_free(arena);
    return address;
}
