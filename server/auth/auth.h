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
 *            ERR_EXPIRED, ERR_SUSPENDED  right password, but the company directory lets the account not in, or an app password whose date
 *                        is past: the sentence says why
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
#include "directory/preference.h"
#include "directory/user.h"

struct auth;

/* Kerberos tickets (RFC 4120). */
struct kerberos_options {
    const char *
        realms; /* "EXAMPLE.LAN=example.org OTHER.LAN=other.org": in which domains names are looked for; "": off */
    const char *
        keytabs; /* a folder with imap.keytab, pop.keytab, smtp.keytab, sieve.keytab, HTTP.keytab, krb5.keytab */
    const char
        *replay_file; /* remembers the tickets that were shown; shared by all processes of the machine */
    bool allows_rc4;
};

struct auth_options {
    struct directory *directory; /* must live longer */
    struct sources
        *sources; /* company directories that decide about passwords; must live longer; NULL: none */
    const char *login_domain; /* completes a name without one; NULL or "": such names are nobody's */
    unsigned hashes_at_once;  /* argon2 computations in parallel; 0: number of processors */
    unsigned hashes_waiting;  /* more than that wait: ERR_BUSY; 0: 64 */
    size_t cache_entries;     /* verified passwords; 0: 50,000 */
    unsigned cache_s;         /* for so long; 0: 600 */
    size_t throttle_entries;  /* 0: 1,000,000 (48 MB when all are in use) */
    bool forgives_loopback;   /* no throttling of peers on this machine */
    bool password_alone;      /* programs may use an account's own password although it has a second factor */
    struct kerberos_options kerberos;
    /* OAUTHBEARER and XOAUTH2 are offered where this says so: whose token it is, under `owner`. `name`: who the client says it is,
     * "@mail.example.org" where it only says where it found us, or "". ERR_AUTH for a bad token, ERR_BUSY where it cannot be checked now. */
    bool (*check_token)(void *arg, const void *owner, const char *name, struct span token, char **login_out,
                        struct err *err);
    bool (*has_tokens)(void *arg); /* NULL: whenever check_token is set */
    void *check_token_arg;
};

/* Under `owner`; freed with it, after all sessions that use it have ended. Copies the options; numbers that are 0 get
 * their defaults. Starts one thread, which settles slow exchanges: ERR_INTERNAL where it cannot be
 * started. */
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
    const char *host; /* under which the program found us ("mail.example.org:443"), where it says so; NULL */
    bool
        is_try; /* of a change of password, within a rehearsal (db/rehearsal.h): a company directory changes nothing */
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
    int64_t access_token_id; /* of the session or token that it came in with; 0: another way */
    struct preference preference;
    int64_t stamp;
};

/* Right name and password: true, *identity_out under `owner`. On failure *delay_ms_out is how long to hold back the
 * answer (session_delay): the caller waits, not this function. `login`: any address of the account. */
MUST_CHECK bool auth_password(struct auth *auth, const void *owner, const struct auth_request *request,
                              struct span login, struct span password, struct identity **identity_out,
                              unsigned *delay_ms_out, struct err *err);

/* Right token (RFC 6750): true, *identity_out under `owner`; otherwise as auth_password(). ERR_AUTH also where no tokens are checked.
 * Whom to ask about one that says nothing itself, request->host tells: the provider of that domain, or of the one above it. */
MUST_CHECK bool auth_token(struct auth *auth, const void *owner, const struct auth_request *request,
                           struct span token, struct identity **identity_out, unsigned *delay_ms_out,
                           struct err *err);

/* An identity without a password, for a trusted door (LMTP, the command line, EXTERNAL). ERR_NOT_FOUND. */
MUST_CHECK bool auth_identity(struct auth *auth, const void *owner, const char *login,
                              struct identity **identity_out, struct err *err);
/* The identity of a name, in any form that auth_password() takes, that came in by this door some time ago. ERR_AUTH: it may not come in
 * any more. Nothing is counted. */
MUST_CHECK bool auth_again(struct auth *auth, const void *owner, const struct auth_request *request,
                           struct span login, struct identity **identity_out, struct err *err);
/* May a second factor of this account be tried from there? ERR_LIMIT: there were too many wrong ones. */
MUST_CHECK bool auth_factor_check(struct auth *auth, const struct auth_request *request, int64_t recipient_id,
                                  struct err *err);
enum factor_verdict { FACTOR_RIGHT, FACTOR_WRONG };
/* What came of it. */
void auth_factor_settle(struct auth *auth, const struct auth_request *request, int64_t recipient_id,
                        enum factor_verdict verdict);
/* Does the account still stand as it was when this identity logged in? False: ERR_AUTH (changed, end the session) or
 * ERR_BUSY. For long sessions, about once a minute. */
MUST_CHECK bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err);
/* May it send as this address (key)? */
bool identity_may_send_as(const struct identity *identity, const char *address_key);

/* This identity came by this way into a folder of the mailbox of `owner_id` (recipient), which is not its own: noted for that one to
 * see. Further ones within a quarter of an hour are the same visit. In memory; written down by auth's thread some seconds later. */
void auth_note_visit(struct auth *auth, const struct auth_request *request, const struct identity *identity,
                     int64_t owner_id);

struct auth_stats {
    uint64_t succeeded, failed, throttled, denied, busy, from_cache, hashed;
    unsigned hashing, waiting;
    size_t cache_entries, throttle_entries;
};
/* A snapshot of counters since auth_open() and gauges of now, taken without a lock. Any thread. */
void auth_stats(const struct auth *auth, struct auth_stats *stats_out);

#endif
