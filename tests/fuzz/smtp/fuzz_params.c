/* fuzz_params.c -- MAIL and RCPT parameters. */
#include "smtp/params.h"

#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size);
    struct smtp_mail_params mail;
    struct smtp_rcpt_params rcpt;
    struct err err = ERR_INIT;
    bool is_mail = smtp_parse_mail_params(arena, in, &mail, &err);
    bool is_rcpt = smtp_parse_rcpt_params(arena, in, &rcpt, &err);

    (void)is_mail;
    (void)is_rcpt;
    talloc_free(arena);
    return 0;
}
