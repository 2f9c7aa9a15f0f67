/* backup_recipients.c -- the primary's recipients from a file, one address a line. */
#include "base/buf.h"
#include "base/span.h"
#include "main/api_client.h"
#include "main/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { FILE_BYTES_MAX = 7 << 20 }; /* as a request, with quotes and commas, below what the API takes */

static bool read_file(void *arena, const char *file, struct span *text_out, struct err *err)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    struct buf text = BUF_INIT(arena);
    size_t got;

    if (!in)
        return err_set(err, ERR_NOT_FOUND, "%s cannot be read: %s.", file, strerror(errno));
    while (text.length < FILE_BYTES_MAX && (got = fread(buf_reserve(&text, 65536), 1, 65536, in)) > 0)
        text.length += got;
    bool is_whole = feof(in) != 0;
    if (in != stdin)
        fclose(in);
    *text_out = buf_span(&text);
    return is_whole || err_set(err, ERR_LIMIT, "%s is larger than %d MiB.", file, FILE_BYTES_MAX >> 20);
}

/* Blank lines, and what begins with '#', are not looked at. */
static bool add_lines(struct span text, json_t *list, struct err *err)
{
    while (!span_is_empty(text)) {
        struct span line = text;

        while (text.p < text.end && *text.p != '\n')
            text.p++;
        line.end = text.p;
        if (text.p < text.end)
            text.p++;
        line = span_trim(line);
        if (span_is_empty(line) || *line.p == '#')
            continue;
        if (json_array_append_new(list, json_stringn(line.p, span_length(line))) != 0)
            return err_set(err, ERR_INVALID, "A line of the file is not UTF-8.");
    }
    return true;
}

int command_backup_recipients(struct invocation *in, struct err *err)
{
    json_t *list = json_array(), *body = json_pack("{s:O}", "recipients", list), *answer = NULL;
    struct api *api = NULL;
    struct span text = span_of("", 0);
    int status = -1;
    const char *path =
        talloc_asprintf(in->arena, "/backup-mx/%s/recipients", api_encode(in->arena, in->arguments[0]));

    if (read_file(in->arena, in->arguments[1], &text, err) && add_lines(text, list, err) &&
        api_open(in->config, &api, err) && api_call(api, "PUT", path, body, &answer, err)) {
        print_answer(in, answer);
        status = 0;
    }
    api_close(&api);
    json_decref(answer);
    json_decref(body);
    json_decref(list);
    return status;
}
