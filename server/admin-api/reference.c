/* reference.c -- the OpenAPI document, and the page that makes it readable: /api/ with what it loads. */
#include "admin_api/reference.h"

#include "admin_api/table.h"
#include "base/compiler.h"

#include <string.h>

static const struct {
    const char *path, *file, *type;
} pages[] = {
    { "/api/", "index.html", "text/html; charset=utf-8" },
    { "/api/reference.css", "reference.css", "text/css; charset=utf-8" },
    { "/api/reference.js", "reference.js", "text/javascript; charset=utf-8" },
};

static void add_file(struct http_reply *reply, const char *name)
{
    size_t count;
    const struct admin_file *files = admin_files(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, name) == 0)
            buf_add(http_reply_body(reply), files[i].bytes, files[i].length);
}

bool reference_answer(const struct http_request *request, struct http_reply *reply)
{
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (strcmp(http_path(request), pages[i].path) == 0) {
            http_reply_type(reply, pages[i].type);
            http_reply_header(reply, "Cache-Control", "no-cache");
            add_file(reply, pages[i].file);
            return true;
        }
    return false;
}

bool openapi_get(struct admin_call *call, struct err *err)
{
    (void)err;
    http_reply_type(call->reply, "application/json");
    http_reply_header(call->reply, "Cache-Control", "no-cache");
    add_file(call->reply, "openapi.json");
    call->is_answered = true;
    return true;
}
