/*
 * account.h -- the steps that all ways to log in share: who is it, may it, did it fail. For this room only.
 */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth/auth.h"
#include "auth/brake.h"
#include "auth/cache.h"
#include "auth/gate.h"
#include "auth/kerberos.h"
#include "directory/login.h"

#include <pthread.h>

enum { LOGIN_LENGTH_MAX = 320 };

struct auth {
    struct auth_options options;
    struct brake *brake;
    struct cache *cache;
    struct seen *seen;
    struct gate gate;
    struct company_gates *gates;
    struct kerberos *kerberos; /* NULL: tickets are not taken */
    pthread_mutex_t lock;      /* of what follows */
    bool has_secret;
    unsigned char secret[32];
    int64_t pulled_us; /* the last change of another process that we know of */
    int64_t swept_us;
    pthread_t exchanger;
    bool is_exchanging, is_stopping;
    pthread_cond_t stop;
    struct {
        _Atomic uint64_t succeeded, failed, throttled, denied, busy, from_cache, hashed;
    } counters;
};

/* The account a login means. */
struct account {
    const char *name; /* as typed, in ASCII small letters */
    struct span key;  /* for brake and cache: its recipient id, or the name of one that does not exist */
    char id[24];
    bool is_known;
    struct login login; /* where it is known */
};

/* Finds it and asks the brake; ERR_LIMIT, ERR_BUSY, ERR_AUTH for what cannot be a name. Unknown is no error. */
MUST_CHECK bool account_find(struct auth *auth, const void *owner, const struct auth_request *request,
                             struct span typed, struct account *account_out, struct err *err);
/* The same without asking the brake: for somebody whom TLS or a ticket vouches for, so that nothing can be guessed. */
MUST_CHECK bool account_look_up(struct auth *auth, const void *owner, struct span typed,
                                struct account *account_out, struct err *err);
/* The account of a Kerberos principal, in the domains of its realm. ERR_AUTH: it has none, or one that is switched off. */
MUST_CHECK bool account_of_principal(struct auth *auth, const void *owner, const char *name,
                                     const char *realm, struct account *account_out, struct err *err);
/* What the brake says to account->key from there: ERR_LIMIT. */
MUST_CHECK bool account_may_try(struct auth *auth, const struct auth_request *request,
                                const struct account *account, struct err *err);
/* The account's own password was right: is that enough here? A program cannot be asked for a second factor, so where there is one
 * it needs an app password: ERR_DENIED, unless the installation says otherwise. */
MUST_CHECK bool account_password_suffices(struct auth *auth, const struct auth_request *request,
                                          const struct account *account, struct err *err);
/* The password was right: may it use the protocol? Its identity. `app` NULL: the account's own password. */
MUST_CHECK bool account_admit(struct auth *auth, const void *owner, const struct auth_request *request,
                              const struct account *account, const struct login_app_password *app,
                              struct identity **identity_out, struct err *err);
/* The password was wrong, or there is no such account: counts, and says ERR_AUTH. Returns false. */
bool account_refuse(struct auth *auth, const struct auth_request *request, const struct account *account,
                    bool is_repeated, unsigned *delay_ms_out, struct err *err);
/* Somebody else vouches for this login: may it use the protocol? Its identity, under `owner`; ERR_AUTH where it is none. */
MUST_CHECK bool account_vouched(struct auth *auth, const void *owner, const struct auth_request *request,
                                const char *login, struct identity **identity_out, unsigned *delay_ms_out,
                                struct err *err);
/* The secret of the installation, read once. */
MUST_CHECK bool auth_secret(struct auth *auth, unsigned char secret_out[32], struct err *err);

#endif
