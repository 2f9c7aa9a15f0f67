/*
 * login.h -- what a login needs to know of an account, in one question. Used by server/auth, and by routing/rules for the
 * addresses of a person.
 */
#ifndef DIRECTORY_LOGIN_H
#define DIRECTORY_LOGIN_H

#include "base/net.h"
#include "directory/credential.h"
#include "directory/preference.h"
#include "directory/user.h"

struct login_app_password {
    int64_t app_password_id;
    unsigned protocols;
    int64_t expires_us;   /* 0: never */
    const char *networks; /* from where, separated by blanks; "": from anywhere */
    unsigned char hash[APP_PASSWORD_HASH_BYTES];
};

struct login {
    int64_t recipient_id, organisation_id, domain_id;
    const char *login; /* the primary address, whatever address was used */
    const char *name;
    enum recipient_state state; /* RECIPIENT_DISABLED also where domain or organisation are */
    unsigned protocols;         /* allowed by user, domain and organisation */
    struct mailbox_location mailbox;
    bool has_credential; /* never where a company directory decides, whatever is left from before */
    struct credential credential;
    bool has_second_factor; /* one that is confirmed */
    struct login_app_password *app_passwords;
    size_t app_password_count;
    struct preference preference; /* as preference_find() gives it */
    int64_t stamp;                /* of all the above */
    int64_t source_id;            /* the company directory that decides about the password; 0: we do */
    const char *dn, *entry_key;   /* there */
    int64_t closes_us;            /* the account ends there; 0: never */
};

/* The account that has this address (name@domain in any spelling; no sub-address). ERR_NOT_FOUND: none, or one
 * without a login. */
MUST_CHECK bool login_find(struct directory *directory, const void *owner, const char *address,
                           struct login *login_out, struct err *err);
/* The same by id. */
MUST_CHECK bool login_find_id(struct directory *directory, const void *owner, int64_t recipient_id,
                              struct login *login_out, struct err *err);
/* The stamp now, to find out whether what was kept in memory still holds; ERR_NOT_FOUND: the account is gone. */
MUST_CHECK bool login_stamp(struct directory *directory, int64_t recipient_id, int64_t *stamp_out,
                            struct err *err);
/* Addresses that the recipient may send as: its own, also under alias domains, and those of aliases that stand for it
 * alone. */
MUST_CHECK bool login_senders(struct directory *directory, const void *owner, int64_t recipient_id,
                              const char ***addresses_out, size_t *count_out, struct err *err);
/* Notes the use of an app password, at most once a minute; loss is harmless. */
MUST_CHECK bool login_note_app_password(struct directory *directory, int64_t app_password_id,
                                        struct err *err);

/* Failed logins by (account, network) keys, shared by all processes and kept over restarts. A count that saw no
 * failure for THROTTLE_QUIET_US begins again at 0. */
#define THROTTLE_QUIET_US INT64_C(900000000)
struct throttle_count {
    unsigned char key[16];
    int32_t failures;   /* to be added; when read: in all */
    int64_t changed_us; /* of the last failure */
};
/* Adds all (up to 5,000), in one round trip. `failures` 0 forgets the key (a good login). */
MUST_CHECK bool throttle_push(struct directory *directory, const struct throttle_count *counts, size_t count,
                              struct err *err);
/* Those changed since, oldest first, at most `limit`. */
MUST_CHECK bool throttle_pull(struct directory *directory, const void *owner, int64_t since_us, size_t limit,
                              struct throttle_count **counts_out, size_t *count_out, struct err *err);
/* Forgets what is older; returns through *removed_out how many. */
MUST_CHECK bool throttle_sweep(struct directory *directory, int64_t before_us, uint64_t *removed_out,
                               struct err *err);
/* Logins of one account by one way, or visits of somebody else to its mailbox, for its owner to see (audit_activity()). */
struct login_seen {
    int64_t recipient_id;    /* whose mailbox it is */
    int64_t app_password_id; /* of who came; 0: the account's own password */
    int64_t opener_id;       /* the recipient who came and is somebody else; 0: the owner */
    unsigned protocol;       /* one bit */
    char peer[NET_ADDRESS_TEXT];
    int64_t first_us, last_us, logins; /* all of one day */
};
/* Adds them to what is there. Of accounts that are gone meanwhile nothing is kept. */
MUST_CHECK bool login_seen_push(struct directory *directory, const struct login_seen *seen, size_t count,
                                struct err *err);
/* Forgets the days before; for housekeeping. */
MUST_CHECK bool login_seen_tidy(struct directory *directory, int64_t before_us, uint64_t *removed_out,
                                struct err *err);
/* 32 random bytes that all processes of the installation share: keys of caches, salts of accounts that do not exist. */
MUST_CHECK bool directory_secret(struct directory *directory, unsigned char secret_out[32], struct err *err);

#endif
