/*
 * credential.h -- what is stored of passwords. How it is made and compared is server/auth's affair.
 */
#ifndef DIRECTORY_CREDENTIAL_H
#define DIRECTORY_CREDENTIAL_H

#include "base/span.h"
#include "directory/directory.h"

enum { SCRAM_SALT_BYTES = 16, SCRAM_KEY_BYTES = 32, APP_PASSWORD_HASH_BYTES = 32 };

struct credential {
    const char *argon2; /* encoded: "$argon2id$v=19$..." */
    unsigned char scram_salt[SCRAM_SALT_BYTES];
    int32_t scram_iterations;
    unsigned char scram_stored_key[SCRAM_KEY_BYTES], scram_server_key[SCRAM_KEY_BYTES]; /* SCRAM-SHA-256 */
};

/* NULL takes the password away. Raises the stamp: cached passwords and sessions end. */
MUST_CHECK bool credential_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                               const struct credential *credential, struct err *err);

/* The password was changed where it is kept, outside: the same follows, and the same is written down. */
MUST_CHECK bool credential_changed(struct directory *directory, const struct actor *actor,
                                   int64_t recipient_id, struct err *err);

/* A password for one program: long, random, made by us, so that a plain hash protects it. */
struct app_password {
    int64_t app_password_id, recipient_id;
    const char *name;                             /* "phone" */
    unsigned protocols;                           /* where it is accepted */
    int64_t created_us, last_used_us, expires_us; /* 0: never */
    const struct span *networks;                  /* from where, "192.0.2.0/24"; none: from anywhere */
    size_t network_count;
};
enum { APP_PASSWORD_NETWORKS_MAX = 20 };
/* `hash`: SHA-256 of the secret. ERR_EXISTS: the user has one of that name. ERR_LIMIT: more than 100. ERR_INVALID
 * names what is no network. */
MUST_CHECK bool app_password_add(struct directory *directory, const struct actor *actor,
                                 const struct app_password *wanted,
                                 const unsigned char hash[APP_PASSWORD_HASH_BYTES],
                                 int64_t *app_password_id_out, struct err *err);
/* Without their secrets; by name. */
MUST_CHECK bool app_password_list(struct directory *directory, const struct actor *actor, const void *owner,
                                  int64_t recipient_id, struct app_password **passwords_out,
                                  size_t *count_out, struct err *err);
/* ERR_NOT_FOUND where there is none of this name. */
MUST_CHECK bool app_password_remove(struct directory *directory, const struct actor *actor,
                                    int64_t recipient_id, const char *name, struct err *err);

#endif
