/* audit_export.c -- `chappe audit export`: the audit as JSON lines on standard output. */
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

int command_audit_export(struct invocation *in, struct err *err)
{
    const char *organisation = option_value(in, "--org");
    const char *path = organisation ? talloc_asprintf(in->arena, "/audit/export?organisation=%s",
                                                      api_encode(in->arena, organisation))
                                    : "/audit/export";
    struct api *api;

    if (!api_open(in->config, &api, err))
        return -1;
    bool done = api_stream(api, path, write_piece, NULL, err);
    api_close(&api);
    return done ? 0 : -1;
}
