/* exports.c -- `chappe audit export`, `chappe address-list export`, `chappe job file`: answers that go to standard output as they come. */
#include "main/api_client.h"
#include "main/command.h"

#include <stdio.h>
#include <talloc.h>

static bool write_piece(void *argument, struct span piece, struct err *err)
{
    (void)argument;
    return fwrite(piece.p, 1, span_length(piece), stdout) == span_length(piece) ||
           err_set(err, ERR_NO_ROOM, "The output cannot be written.");
}

static int print_stream(const struct invocation *in, const char *path, struct err *err)
{
    struct api *api;

    if (!api_open(in->config, &api, err))
        return -1;
    bool done = api_stream(api, path, write_piece, NULL, err);
    api_close(&api);
    return done ? 0 : -1;
}

int command_audit_export(struct invocation *in, struct err *err)
{
    const char *organisation = option_value(in, "--org");
    const char *path = organisation ? talloc_asprintf(in->arena, "/audit/export?organisation=%s",
                                                      api_encode(in->arena, organisation))
                                    : "/audit/export";

    return print_stream(in, path, err);
}

int command_address_book_export(struct invocation *in, struct err *err)
{
    const char *format = option_value(in, "--format"), *organisation = option_value(in, "--org");
    char *path = talloc_asprintf(in->arena, "/address-book/export?organisation=%s&format=%s",
                                 api_encode(in->arena, organisation),
                                 api_encode(in->arena, format ? format : "vcard"));

    if (in->argument_count > 0)
        path = talloc_asprintf(in->arena, "%s&list=%s", path, api_encode(in->arena, in->arguments[0]));
    return print_stream(in, path, err);
}

int command_job_file(struct invocation *in, struct err *err)
{
    return print_stream(
        in, talloc_asprintf(in->arena, "/jobs/%s/file", api_encode(in->arena, in->arguments[0])), err);
}
