/*
 * file_name.c -- the name under which a part may be saved, whatever its sender called it.
 */
#include "format/charset.h"
#include "format/header.h"
#include "format/text.h"

#include <strings.h>
#include <talloc.h>
#include <unicode/utf8.h>

static const char *const device_names[] = { "con", "prn", "aux", "nul" };
static const char *const numbered_devices[] = { "com", "lpt" };

/* Reads as something else than it is: controls, and marks that turn the direction of writing. */
static bool is_dropped(UChar32 c)
{
    return c < ' ' || (c >= 0x7F && c <= 0x9F) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0xFFFD;
}

static bool is_replaced(UChar32 c)
{
    return c < 128 && strchr("<>:\"|?*", (int)c) != NULL;
}

static struct span last_component(struct span path)
{
    for (const char *p = path.end; p > path.p; p--)
        if (p[-1] == '/' || p[-1] == '\\')
            return (struct span){ p, path.end };
    return path;
}

static void add_clean(struct buf *out, struct span name)
{
    const uint8_t *bytes = (const uint8_t *)name.p;
    int32_t length = (int32_t)span_length(name);

    for (int32_t i = 0, before = 0; i < length; before = i) {
        UChar32 c;

        U8_NEXT_OR_FFFD(bytes, i, length, c);
        if (is_dropped(c))
            continue;
        if (is_replaced(c))
            buf_add_byte(out, '_');
        else
            buf_add(out, name.p + before, (size_t)(i - before));
    }
}

/* "con", "COM1.txt": doors to devices on some systems. */
static bool is_device(struct span name)
{
    const char *dot = span_find_byte(name, '.');
    struct span stem = { name.p, dot ? dot : name.end };

    for (size_t i = 0; i < COUNT_OF(device_names); i++)
        if (span_equals_nocase(stem, device_names[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(numbered_devices); i++)
        if (span_length(stem) == 4 && span_starts_nocase(stem, numbered_devices[i]) && stem.p[3] >= '0' &&
            stem.p[3] <= '9')
            return true;
    return false;
}

/* Within the limit; the extension stays, since it says what the file is. */
static char *shorten(const void *owner, struct span name)
{
    enum { EXTENSION_MAX = 16 };
    const char *dot;
    struct span extension = { name.end, name.end };
    size_t stem;

    if (span_length(name) <= TEXT_FILE_NAME_MAX)
        return span_copy(owner, name);
    dot = memrchr(name.p, '.', span_length(name));
    if (dot && name.end - dot <= EXTENSION_MAX)
        extension.p = dot;
    stem = utf8_cut(name, TEXT_FILE_NAME_MAX - span_length(extension));
    return talloc_asprintf(owner, "%.*s%.*s", (int)stem, name.p, (int)span_length(extension), extension.p);
}

static char *safe_name(const void *owner, const char *said)
{
    struct buf clean = BUF_INIT(NULL);
    struct span name;
    char *result;

    buf_add_byte(&clean, '_'); /* in case it must be kept from being a device */
    add_clean(&clean, last_component(span_text(said)));
    name = (struct span){ clean.p + 1, clean.p + clean.length };
    while (!span_is_empty(name) && (*name.p == '.' || *name.p == ' '))
        name.p++;
    while (!span_is_empty(name) && (name.end[-1] == '.' || name.end[-1] == ' '))
        name.end--;
    if (is_device(name) && name.p == clean.p + 1)
        name.p--;
    else if (span_is_empty(name) || is_device(name))
        name = span_text("attachment");
    result = shorten(owner, name);
    talloc_free(clean.p);
    return result;
}

static const char *parameter(const void *scratch, struct span value, const char *name)
{
    struct header_structured structured;

    if (span_is_empty(value))
        return NULL;
    header_structured_parse(scratch, value, &structured);
    return header_parameter(&structured, name);
}

char *text_file_name(const void *owner, struct span message, const struct mime_part *part)
{
    void *scratch;
    const char *said;
    char *name = NULL;

    if (!part->has_field[MIME_CONTENT_DISPOSITION] && !part->has_field[MIME_CONTENT_TYPE])
        return NULL;
    scratch = talloc_new(NULL);
    said = parameter(scratch, mime_part_field(message, part, MIME_CONTENT_DISPOSITION), "filename");
    if (!said)
        said = parameter(scratch, mime_part_field(message, part, MIME_CONTENT_TYPE), "name");
    if (said && *said)
        name = safe_name(owner, said);
    talloc_free(scratch);
    return name;
}
