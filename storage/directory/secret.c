/*
 * secret.c -- what all processes of an installation share.
 */
#include "directory/act.h"
#include "directory/login.h"

#include <string.h>
#include <talloc.h>

static const char SELECT_SECRET[] = "SELECT secret FROM installation";

bool directory_secret(struct directory *directory, unsigned char secret_out[32], struct err *err)
{
    struct db_row row;
    void *scratch = talloc_new(NULL);
    bool ok = look_up_one(directory, scratch, SELECT_SECRET, DB_NO_ARGS, &row, err);

    if (ok) {
        struct span secret = db_get_bytes(&row, 0);
        size_t length = span_length(secret) < 32 ? span_length(secret) : 32;
        memset(secret_out, 0, 32);
        memcpy(secret_out, secret.p, length);
    }
    talloc_free(scratch);
    return ok;
}
