/* factor.c -- the brake on guessing second factors. It counts apart from passwords: who knows the password would take every wrong
 * code back with it. */
#include "auth/account.h"

#include <inttypes.h>
#include <stdio.h>

enum { KEY_TEXT = 32 };

static struct span key_of(int64_t recipient_id, char text[KEY_TEXT])
{
    snprintf(text, KEY_TEXT, "factor:%" PRId64, recipient_id);
    return span_text(text);
}

bool auth_factor_check(struct auth *auth, const struct auth_request *request, int64_t recipient_id,
                       struct err *err)
{
    char text[KEY_TEXT];
    unsigned char secret[32];
    struct account account = { .name = "a second factor", .key = key_of(recipient_id, text) };

    *err = ERR_INIT;
    return auth_secret(auth, secret, err) && account_may_try(auth, request, &account, err);
}

void auth_factor_settle(struct auth *auth, const struct auth_request *request, int64_t recipient_id,
                        enum factor_verdict verdict)
{
    char text[KEY_TEXT];
    struct span key = key_of(recipient_id, text);

    if (auth->options.forgives_loopback && net_is_loopback(&request->peer))
        return;
    if (verdict == FACTOR_RIGHT)
        brake_succeeded(auth->brake, key, &request->peer);
    else
        (void)brake_failed(auth->brake, key, &request->peer);
}
