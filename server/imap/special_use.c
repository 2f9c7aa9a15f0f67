/*
 * special_use.c -- see special_use.h.
 */
#include "imap/special_use.h"

#include "mailbox/folder.h"

#include <talloc.h>

#define ENTRY "/private/specialuse"
#define ABOVE "/private"

bool imap_is_special_use_entry(struct span entry)
{
    return span_equals_nocase(entry, ENTRY);
}

static bool is_asked(const struct span *entries, size_t count, enum annotation_depth depth)
{
    for (size_t i = 0; i < count; i++)
        if (imap_is_special_use_entry(entries[i]) ||
            (depth != ANNOTATION_ENTRY && span_equals_nocase(entries[i], ABOVE)))
            return true;
    return false;
}

bool imap_add_special_use(struct imap_request *req, const struct imap_place *place,
                          const struct span *entries, size_t entry_count, enum annotation_depth depth,
                          struct annotation **values, size_t *count, struct err *err)
{
    struct folder *folder;

    if (!place->is_own || *place->name == '\0' || !is_asked(entries, entry_count, depth))
        return true;
    if (!folder_find(place->mailbox, &req->session->reader, place->name, RIGHT_LOOKUP, req->arena, &folder,
                     err))
        return false;
    if (!folder->special_use)
        return true;
    *values = talloc_realloc(req->arena, *values, struct annotation, (unsigned)*count + 1);
    (*values)[(*count)++] = (struct annotation){ ENTRY, span_text(folder->special_use) };
    return true;
}

enum session_next imap_set_special_use(struct imap_request *req, const struct imap_place *place,
                                       struct span value)
{
    const char *use = value.p ? folder_special_use(value) : NULL;
    struct err err = ERR_INIT;

    if (!place->is_own || *place->name == '\0' || (value.p && !use))
        return imap_no(req, "USEATTR", "A folder cannot be given this use.");
    if (folder_set_special_use(place->mailbox, &req->session->reader, place->name, use, &err))
        return imap_ok(req, NULL, "SETMETADATA done.");
    return err.kind == ERR_EXISTS || err.kind == ERR_INVALID ? imap_no(req, "USEATTR", "%s", err.user)
                                                             : imap_fail(req, &err);
}
