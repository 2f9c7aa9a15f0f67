/*
 * maildir.c -- what Maildir programs keep in file names.
 */
#include "format/maildir.h"

#include "base/clock.h"
#include "format/folder_name.h"

#include <talloc.h>

enum { NAME_MAX_LENGTH = 255, KEYWORDS = 26 };

static const struct {
    char letter;
    unsigned flag;
} letters[] = { { 'D', MAILDIR_DRAFT },    { 'F', MAILDIR_FLAGGED }, { 'P', MAILDIR_PASSED },
                { 'R', MAILDIR_ANSWERED }, { 'S', MAILDIR_SEEN },    { 'T', MAILDIR_DELETED } };

static void take_flags(struct span info, struct maildir_name *name)
{
    for (; info.p < info.end; info.p++) {
        for (size_t i = 0; i < COUNT_OF(letters); i++)
            name->flags |= letters[i].letter == *info.p ? letters[i].flag : 0;
        if (*info.p >= 'a' && *info.p <= 'z')
            name->keywords |= 1u << (*info.p - 'a');
    }
}

/* ",S=1234" anywhere in the base name. */
static void take_size(struct span base, struct maildir_name *name)
{
    const char *mark = memmem(base.p, span_length(base), ",S=", 3);
    struct span digits = { mark ? mark + 3 : base.end, base.end };

    name->has_size = span_take_u64(&digits, &name->size);
    if (!name->has_size)
        name->size = 0;
}

bool maildir_name_parse(struct span file_name, struct maildir_name *name_out)
{
    size_t length = span_length(file_name);
    const char *info;
    uint64_t seconds;
    struct span digits;

    *name_out = (struct maildir_name){ 0 };
    if (length == 0 || length > NAME_MAX_LENGTH || *file_name.p == '.' || memchr(file_name.p, '/', length) ||
        memchr(file_name.p, '\0', length))
        return false;
    info = memmem(file_name.p, length, ":2,", 3);
    name_out->base = (struct span){ file_name.p, info ? info : file_name.end };
    if (span_is_empty(name_out->base))
        return false;
    if (info)
        take_flags((struct span){ info + 3, file_name.end }, name_out);
    take_size(name_out->base, name_out);
    digits = name_out->base;
    if (span_take_u64(&digits, &seconds) && seconds < (uint64_t)(INT64_MAX / US_PER_S) &&
        span_take_byte(&digits, '.'))
        name_out->delivered_us = (int64_t)seconds * US_PER_S;
    return true;
}

void maildir_add_flags(struct buf *out, unsigned flags, uint32_t keywords)
{
    buf_add_text(out, ":2,");
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (flags & letters[i].flag)
            buf_add_byte(out, letters[i].letter);
    for (int i = 0; i < KEYWORDS; i++)
        if (keywords >> i & 1)
            buf_add_byte(out, (char)('a' + i));
}

/* One component: modified UTF-7, or where it is not that, the bytes as UTF-8 (Dovecot can be set to
 * either). */
static bool add_component(const void *owner, struct buf *path, struct span part)
{
    struct err err;
    char *name;

    if (span_is_empty(part))
        return false;
    if (!folder_utf7_decode(owner, part, &name, &err))
        name = span_copy(owner, part);
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '%' || *p == '*')
            *p = '_';
    if (path->length > 0)
        buf_add_byte(path, '/');
    buf_add_text(path, name);
    return true;
}

bool maildir_folder_of_directory(const void *owner, struct span directory, char **path_out)
{
    struct buf path = buf_owned_by(owner);
    struct err err = ERR_INIT;
    struct span part;

    if (!span_take_byte(&directory, '.') || span_is_empty(directory) ||
        span_length(directory) > NAME_MAX_LENGTH * 8)
        return false;
    while (span_take_until(&directory, '.', &part))
        if (!add_component(owner, &path, part))
            return false;
    return add_component(owner, &path, directory) &&
           folder_name_of_utf8(owner, buf_span(&path), path_out, &err);
}

bool maildir_keyword_parse(struct span line, uint32_t *number_out, struct span *keyword_out)
{
    line = span_trim(line);
    if (!span_take_u32(&line, number_out) || *number_out >= KEYWORDS || !span_take_byte(&line, ' '))
        return false;
    *keyword_out = span_trim(line);
    return !span_is_empty(*keyword_out);
}
