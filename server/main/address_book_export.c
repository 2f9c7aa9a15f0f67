/* address_book_export.c -- `chappe address-list export`: an address book on standard output. */
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

int command_address_book_export(struct invocation *in, struct err *err)
{
    const char *format = option_value(in, "--format"), *organisation = option_value(in, "--org");
    char *path = talloc_asprintf(in->arena, "/address-book/export?organisation=%s&format=%s",
                                 api_encode(in->arena, organisation),
                                 api_encode(in->arena, format ? format : "vcard"));
    struct api *api;

    if (in->argument_count > 0)
        path = talloc_asprintf(in->arena, "%s&list=%s", path, api_encode(in->arena, in->arguments[0]));
    if (!api_open(in->config, &api, err))
        return -1;
    bool done = api_stream(api, path, write_piece, NULL, err);
    api_close(&api);
    return done ? 0 : -1;
}
