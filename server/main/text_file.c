/* text_file.c -- reading a text. */
#include "main/text_file.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool read_all(FILE *in, const char *file, struct buf *text, struct err *err)
{
    char piece[16 * 1024];
    size_t length;

    while ((length = fread(piece, 1, sizeof piece, in)) > 0) {
        buf_add(text, piece, length);
        if (text->length > TEXT_FILE_BYTES_MAX)
            return err_set(err, ERR_LIMIT, "%s has more than %d bytes.", file, TEXT_FILE_BYTES_MAX);
    }
    if (ferror(in))
        return err_set(err, ERR_INVALID, "%s cannot be read: %s.", file, strerror(errno));
    return !text->p || !memchr(text->p, 0, text->length) || err_set(err, ERR_INVALID, "%s is no text.", file);
}

bool text_read(const void *owner, const char *file, char **text_out, struct err *err)
{
    struct buf text = buf_owned_by(owner);
    bool is_stdin = strcmp(file, "-") == 0, done;
    FILE *in = is_stdin ? stdin : fopen(file, "re");

    if (!in)
        return err_set(err, ERR_INVALID, "%s cannot be read: %s.", file, strerror(errno));
    done = read_all(in, file, &text, err);
    if (!is_stdin)
        fclose(in);
    *text_out = done ? buf_text(&text) : NULL;
    return done;
}
