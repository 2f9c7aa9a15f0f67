/*
 * auth.h -- is this who it says? Passwords, app passwords, what the account may use, and the brake on guessing.
 *
 * Nobody learns from answer or time whether an account exists. Failures of all protocols and processes count
 * together, per (account, network), so that a guesser slows down itself and not the owner elsewhere. A password
 * that was verified is remembered for minutes under a keyed hash, so that a client which logs in every minute does not
 * cost an argon2 each time; it is forgotten when account or password change.
 *
 * Ownership  auth_open() gives the handle; an identity belongs to the talloc context it was asked with.
 * Errors     ERR_AUTH    wrong name or password, or no login for that account: always the same words
 *            ERR_DENIED  right password, but this protocol is not allowed (said only to who knows the password)
 *            ERR_LIMIT   too many failures from there: try later; the password was not looked at
 *            ERR_BUSY    we cannot know now: database down, too many hashes waiting. Never ERR_AUTH for that
 * Threads    all functions may be called from any thread; they block for the database and, at most 100 ms
 *            typically, for a hash.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/net.h"
#include "base/span.h"
#include "directory/credential.h"
#include "directory/user.h"

struct auth;

struct auth_options {
    struct directory *directory; /* must live longer */
    unsigned hashes_at_once;     /* argon2 computations in parallel; 0: number of processors */
    unsigned hashes_waiting;     /* more than that wait: ERR_BUSY; 0: 64 */
    size_t cache_entries;        /* verified passwords; 0: 50,000 */
    unsigned cache_s;            /* for so long; 0: 600 */
    size_t throttle_entries;     /* 0: 1,000,000 (48 MB when all are in use) */
    bool forgives_loopback;      /* no throttling of peers on this machine */
    /* OAUTHBEARER is offered where this is set: the address that a token stands for, under `owner`; ERR_AUTH for a
     * bad token, ERR_BUSY where it cannot be checked now. */
    bool (*check_token)(void *arg, const void *owner, struct span token, char **login_out, struct err *err);
    void *check_token_arg;
};

MUST_CHECK bool auth_open(const void *owner, const struct auth_options *options, struct auth **auth_out,
                          struct err *err);
/* Pushes the last counts to the directory. Accepts and sets NULL. */
void auth_close(struct auth **auth);
/* Exchanges failure counts with the other processes; a thread of auth's own calls it once a second, tests may. */
void auth_exchange(struct auth *auth);

/* Who asks, and by what way. */
struct auth_request {
    enum directory_protocol protocol;
    struct net_address peer;
    const char *session; /* for the log; NULL: none */
};

/* Who it is, once known. */
struct identity {
    int64_t recipient_id, organisation_id, domain_id;
    const char *login; /* primary address */
    const char *name;
    struct mailbox_location mailbox;
    const char **senders; /* addresses that it may send as (keys, format/address.h); the primary first */
    size_t sender_count;
    unsigned protocols;
    int64_t app_password_id; /* 0: logged in with the account's own password */
    int64_t stamp;
};

/* Right name and password: true, *identity_out under `owner`. On failure *delay_ms_out is how long to hold back the
 * answer (session_delay): the caller waits, not this function. `login`: any address of the account. */
MUST_CHECK bool auth_password(struct auth *auth, const void *owner, const struct auth_request *request,
                              struct span login, struct span password, struct identity **identity_out,
                              unsigned *delay_ms_out, struct err *err);

/* An identity without a password, for a trusted door (LMTP, the command line, EXTERNAL). ERR_NOT_FOUND. */
MUST_CHECK bool auth_identity(struct auth *auth, const void *owner, const char *login,
                              struct identity **identity_out, struct err *err);
/* Does the account still stand as it was when this identity logged in? False: ERR_AUTH (changed, end the session) or
 * ERR_BUSY. For long sessions, about once a minute. */
MUST_CHECK bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err);
/* May it send as this address (key)? */
bool identity_may_send_as(const struct identity *identity, const char *address_key);

struct auth_stats {
    uint64_t succeeded, failed, throttled, denied, busy, from_cache, hashed;
    unsigned hashing, waiting;
    size_t cache_entries, throttle_entries;
};
void auth_stats(const struct auth *auth, struct auth_stats *stats_out);

#endif
