/*
 * folder_name.c -- what a folder may be called, and who its parent is.
 */
#include "format/folder_name.h"

#include "format/charset.h"

#include <strings.h>
#include <talloc.h>

static const char INBOX[] = "INBOX";

/* C0, DEL, C1, and the line and paragraph separators (RFC 5198, 2). */
static bool has_control(struct span name)
{
    for (const unsigned char *p = (const unsigned char *)name.p; p < (const unsigned char *)name.end; p++) {
        if (*p < ' ' || *p == 127)
            return true;
        if (*p == 0xC2 && p + 1 < (const unsigned char *)name.end && p[1] < 0xA0)
            return true;
        if (*p == 0xE2 && p + 2 < (const unsigned char *)name.end && p[1] == 0x80 &&
            (p[2] == 0xA8 || p[2] == 0xA9))
            return true;
    }
    return false;
}

static bool check_component(struct span component, struct err *err)
{
    if (span_is_empty(component))
        return err_set(err, ERR_INVALID, "A folder name has no empty part between its slashes.");
    if (span_equals_text(component, ".") || span_equals_text(component, ".."))
        return err_set(err, ERR_INVALID, "A folder cannot be called \".\" or \"..\".");
    if (span_length(component) > FOLDER_NAME_COMPONENT_MAX)
        return err_set(err, ERR_LIMIT, "A folder name may have %d bytes at most.", FOLDER_NAME_COMPONENT_MAX);
    return true;
}

static bool check_components(struct span name, struct err *err)
{
    unsigned levels = 0;

    for (bool is_last = false; !is_last;) {
        struct span component;

        if (++levels > FOLDER_NAME_LEVELS_MAX)
            return err_set(err, ERR_LIMIT, "Folders may be nested %d deep at most.", FOLDER_NAME_LEVELS_MAX);
        is_last = !span_take_until(&name, FOLDER_SEPARATOR, &component);
        if (!check_component(is_last ? name : component, err))
            return false;
    }
    return true;
}

static bool check_name(struct span name, struct err *err)
{
    if (span_is_empty(name))
        return err_set(err, ERR_INVALID, "A folder needs a name.");
    if (span_length(name) > FOLDER_NAME_MAX)
        return err_set(err, ERR_LIMIT, "A folder path may have %d bytes at most.", FOLDER_NAME_MAX);
    if (has_control(name) || span_find_byte(name, '%') || span_find_byte(name, '*'))
        return err_set(err, ERR_INVALID, "A folder name has no control characters, %% or *.");
    return check_components(name, err);
}

bool folder_name_of_utf8(const void *owner, struct span utf8, char **name_out, struct err *err)
{
    char *name;

    if (span_length(utf8) > 4 * (size_t)FOLDER_NAME_MAX)
        return err_set(err, ERR_LIMIT, "A folder path may have %d bytes at most.", FOLDER_NAME_MAX);
    if (!utf8_is_valid(utf8) || memchr(utf8.p ? utf8.p : "", '\0', span_length(utf8)))
        return err_set(err, ERR_INVALID, "The folder name is not valid UTF-8.");
    if (span_length(utf8) > 1 && utf8.end[-1] == FOLDER_SEPARATOR)
        utf8.end--;
    name = utf8_nfc(owner, utf8);
    if (!name)
        return err_set(err, ERR_INVALID, "The folder name is not valid UTF-8.");
    if (!check_name(span_text(name), err))
        return false;
    if (strncasecmp(name, INBOX, 5) == 0 && (name[5] == '\0' || name[5] == FOLDER_SEPARATOR))
        memcpy(name, INBOX, 5);
    *name_out = name;
    return true;
}

bool folder_name_of_utf7(const void *owner, struct span utf7, char **name_out, struct err *err)
{
    char *utf8;

    return folder_utf7_decode(owner, utf7, &utf8, err) &&
           folder_name_of_utf8(owner, span_text(utf8), name_out, err);
}

bool folder_name_is_inbox(const char *name)
{
    return strcasecmp(name, INBOX) == 0;
}

char *folder_name_parent(const void *owner, const char *name)
{
    const char *separator = strrchr(name, FOLDER_SEPARATOR);

    return separator ? talloc_strndup(owner, name, (size_t)(separator - name)) : NULL;
}

const char *folder_name_leaf(const char *name)
{
    const char *separator = strrchr(name, FOLDER_SEPARATOR);

    return separator ? separator + 1 : name;
}

bool folder_name_is_below(const char *name, const char *ancestor)
{
    size_t length = strlen(ancestor);

    return strncmp(name, ancestor, length) == 0 && name[length] == FOLDER_SEPARATOR;
}
