/* result.c -- the end of an answer. */
#include "slapd/call.h"

static const enum ldap_result result_of[ERR_KINDS] = {
    [ERR_NOT_FOUND] = RESULT_NO_SUCH_OBJECT,
    [ERR_EXISTS] = RESULT_UNWILLING,
    [ERR_DENIED] = RESULT_UNWILLING,
    [ERR_AUTH] = RESULT_WRONG_CREDENTIALS,
    [ERR_EXPIRED] = RESULT_WRONG_CREDENTIALS,
    [ERR_SUSPENDED] = RESULT_WRONG_CREDENTIALS,
    [ERR_QUOTA] = RESULT_UNWILLING,
    [ERR_INVALID] = RESULT_UNWILLING,
    [ERR_LIMIT] = RESULT_BUSY,
    [ERR_CONFLICT] = RESULT_BUSY,
    [ERR_DEPENDED_ON] = RESULT_UNWILLING,
    [ERR_BUSY] = RESULT_UNAVAILABLE,
    [ERR_NO_ROOM] = RESULT_UNAVAILABLE,
    [ERR_UNKNOWN] = RESULT_UNAVAILABLE,
    [ERR_INTERNAL] = RESULT_UNAVAILABLE,
};

void slapd_result(struct slapd_call *call, enum ldap_result result, const char *text)
{
    buf_add_format(&call->out, "RESULT\ncode: %d\n", (int)result);
    if (text) {
        buf_add_text(&call->out, "info:");
        for (const char *p = text; *p; p++)
            buf_add_byte(&call->out, *p == '\n' ? ' ' : *p);
        buf_add_byte(&call->out, '\n');
    }
    (void)slapd_flush(call);
}

void slapd_result_of(struct slapd_call *call, const struct err *err)
{
    slapd_result(call, result_of[err->kind], err->user);
}
