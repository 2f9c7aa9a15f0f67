/*
 * public_folder.c -- see public_folder.h.
 */
#include "directory/public_folder.h"

#include "directory/act.h"
#include "format/folder_name.h"

#include <string.h>
#include <talloc.h>

/* By index recipient_public_folder. */
static const char SELECT_BY_NAME[] =
    "SELECT recipient_id FROM recipient"
    " WHERE organisation_id = $1 AND kind = 'public-folder' AND sort_name = chappe_fold($2) AND name = $2";

bool public_folder_check_name(const char *name, struct err *err)
{
    void *arena = talloc_new(NULL);
    char *canonical;
    bool is_good = folder_name_of_utf8(arena, span_text(name), &canonical, err);

    if (is_good && (strcmp(canonical, name) != 0 || strchr(name, FOLDER_SEPARATOR)))
        is_good = err_set(err, ERR_INVALID, "A public folder cannot have this name.");
    talloc_free(arena);
    return is_good;
}

bool public_folder_find(struct directory *directory, const void *owner, int64_t organisation_id,
                        const char *name, struct resolved *resolved_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool is_found = look_up_one(directory, scratch, SELECT_BY_NAME,
                                DB_ARGS(db_i64(organisation_id), db_text(name)), &row, err);
    int64_t recipient_id = is_found ? db_get_i64(&row, 0) : 0;

    talloc_free(scratch);
    return is_found && directory_resolve_id(directory, owner, recipient_id, resolved_out, err);
}
