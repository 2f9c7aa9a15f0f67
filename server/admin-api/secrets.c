/* secrets.c -- private keys and passwords in the directory, sealed anew after a change of their key. */
#include "directory/sealed.h"

#include "admin_api/call.h"

bool secrets_post(struct admin_call *call, struct err *err)
{
    uint64_t sealed, total;

    if (!secrets_reseal(call->api->options.directory, &call->actor, &sealed, &total, err))
        return false;
    return call_answer(call,
                       json_pack("{s:I, s:I}", "sealed", (json_int_t)sealed, "total", (json_int_t)total));
}
