/*
 * identity_provider.h -- whom organisations believe about their people (OpenID Connect), and browsers on their way there and back.
 *
 * A provider vouches for recipients of its own organisation only, and of its domain where it has one: who asks with its word checks
 * that (server/auth/federation.h).
 *
 * Errors   ERR_DENIED: an actor of one organisation wants vouches_beyond; ERR_INVALID: a field that cannot be; ERR_EXISTS: the name is taken; ERR_NOT_FOUND; ERR_BUSY.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_IDENTITY_PROVIDER_H
#define DIRECTORY_IDENTITY_PROVIDER_H

#include "directory/directory.h"

enum { FEDERATED_HASH_BYTES = 32, FEDERATED_LOGIN_S = 600, PROVIDERS_MAX = 16 };

struct identity_provider {
    int64_t identity_provider_id, organisation_id;
    int64_t domain_id;  /* 0: of all domains of the organisation */
    const char *domain; /* its name; NULL */
    const char *name, *issuer, *client_id;
    const char *client_secret; /* only as the lookups below give it; when set, NULL leaves it */
    const char *scopes, *audience, *claim, *ca_certificates;
    bool has_secret, is_for_web, is_for_mail, introspects, has_factor, is_enabled;
    bool vouches_beyond; /* also for who holds rights beyond the organisation */
    int64_t created_us;
};

/* ---- administrators */

/* A new one, in wanted->organisation_id. */
MUST_CHECK bool provider_add(struct directory *directory, const struct actor *actor,
                             const struct identity_provider *wanted, struct err *err);
/* All fields but the secret become those of `wanted`. */
MUST_CHECK bool provider_set(struct directory *directory, const struct actor *actor, const char *name,
                             const struct identity_provider *wanted, struct err *err);
/* Browsers on their way there come back to nothing. */
MUST_CHECK bool provider_remove(struct directory *directory, const struct actor *actor,
                                int64_t organisation_id, const char *name, struct err *err);
/* Those of an organisation, by name; `name` NULL: all. */
MUST_CHECK bool provider_list(struct directory *directory, const struct actor *actor, const void *owner,
                              int64_t organisation_id, const char *name, struct identity_provider **list_out,
                              size_t *count_out, struct err *err);

/* ---- logins, for all organisations; with the secret; only enabled ones, at most PROVIDERS_MAX */

enum provider_use { PROVIDER_FOR_WEB, PROVIDER_FOR_MAIL };
/* ERR_NOT_FOUND. */
MUST_CHECK bool provider_load(struct directory *directory, const void *owner, int64_t provider_id,
                              struct identity_provider *provider_out, struct err *err);
/* Who vouches for addresses of this domain (any spelling). */
MUST_CHECK bool providers_of_domain(struct directory *directory, const void *owner, enum provider_use use,
                                    const char *domain, struct identity_provider **list_out,
                                    size_t *count_out, struct err *err);
/* Who calls itself so; of several organisations, perhaps. */
MUST_CHECK bool providers_of_issuer(struct directory *directory, const void *owner, enum provider_use use,
                                    const char *issuer, struct identity_provider **list_out,
                                    size_t *count_out, struct err *err);
/* Is there any? */
MUST_CHECK bool providers_exist(struct directory *directory, enum provider_use use, bool *exist_out,
                                struct err *err);

/* ---- browsers on their way */

struct federated_login {
    int64_t identity_provider_id;
    unsigned char state_hash[FEDERATED_HASH_BYTES], browser_hash[FEDERATED_HASH_BYTES];
    const char *nonce, *verifier, *redirect_uri, *return_path;
};
/* For FEDERATED_LOGIN_S. ERR_BUSY: too many are on their way. */
MUST_CHECK bool federated_login_add(struct directory *directory, const struct federated_login *wanted,
                                    struct err *err);
/* The one with wanted hashes, once. ERR_NOT_FOUND: none, or it took too long, or it is another browser. */
MUST_CHECK bool federated_login_take(struct directory *directory, const void *owner,
                                     const unsigned char state_hash[FEDERATED_HASH_BYTES],
                                     const unsigned char browser_hash[FEDERATED_HASH_BYTES],
                                     struct federated_login *login_out, struct err *err);
/* Removes those that did not come back; for housekeeping. */
MUST_CHECK bool federated_login_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                     struct err *err);

#endif
