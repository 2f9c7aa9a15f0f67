/* check.c -- what the server finds of itself. */
#include "admin_api/lines.h"

bool check_get(struct admin_call *call, struct err *err)
{
    json_t *lines = json_array();

    (void)err;
    call->api->options.check(call->api->options.host, lines);
    lines_translate(call, lines, "what text remedy");
    return call_answer(call, json_pack("{s:o}", "lines", lines));
}
