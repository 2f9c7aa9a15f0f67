/*
 * second_factor.h -- what an account proves beside its password: programs that show a code, keys that sign, codes on paper; and
 * who must.
 *
 * How a code or a signature is judged is server/auth's affair. Here is what is kept, and that nothing is good twice: a step of the
 * clock, a count of a key, a recovery code are taken in one statement.
 */
#ifndef DIRECTORY_SECOND_FACTOR_H
#define DIRECTORY_SECOND_FACTOR_H

#include "base/span.h"
#include "directory/role.h"

enum { SECOND_FACTORS_MAX = 10, RECOVERY_CODES = 10, RECOVERY_HASH_BYTES = 32, FACTOR_FAILURES_MAX = 100 };

enum factor_kind { FACTOR_TOTP, FACTOR_WEBAUTHN, FACTOR_KINDS };
/* "totp", "webauthn". Static. */
const char *factor_kind_name(enum factor_kind kind);
/* False for a word that is none. */
MUST_CHECK bool factor_kind_of(const char *name, enum factor_kind *kind_out);

struct second_factor {
    int64_t second_factor_id, recipient_id;
    enum factor_kind kind;
    const char *name;
    bool is_confirmed;
    int64_t created_us, last_used_us; /* 0: never */
    const char *site;                 /* of a key: the host it was made for */

    /* not in lists */
    const char *secret;                        /* totp: base32; "" where it cannot be opened now */
    int64_t last_step;                         /* totp: no code of it or before is good */
    int32_t failures;                          /* totp: wrong ones in a row */
    struct span challenge, credential_id, key; /* webauthn */
    int64_t sign_count;
    bool is_verified; /* the key checked who used it when it was registered */
};

/* Not yet confirmed. Uses recipient_id, kind, name, secret, challenge, site. Others of the account that were never confirmed go
 * after an hour. ERR_EXISTS: the name is taken; ERR_LIMIT: SECOND_FACTORS_MAX. */
MUST_CHECK bool second_factor_add(struct directory *directory, const struct actor *actor,
                                  const struct second_factor *wanted, int64_t *second_factor_id_out,
                                  struct err *err);
/* What an administrator may see of them, by name, and how many recovery codes are left. */
MUST_CHECK bool second_factor_list(struct directory *directory, const struct actor *actor, const void *owner,
                                   int64_t recipient_id, struct second_factor **factors_out,
                                   size_t *count_out, int64_t *codes_left_out, struct err *err);
/* One; or, for id 0, all of them with the recovery codes. ERR_NOT_FOUND: the account has none (with this id). */
MUST_CHECK bool second_factor_remove(struct directory *directory, const struct actor *actor,
                                     int64_t recipient_id, int64_t second_factor_id, struct err *err);
/* These instead of all before. */
MUST_CHECK bool recovery_codes_set(struct directory *directory, const struct actor *actor,
                                   int64_t recipient_id, const unsigned char hashes[][RECOVERY_HASH_BYTES],
                                   size_t count, struct err *err);

/* Whole, for who judges; those that are not confirmed, too. */
MUST_CHECK bool second_factors_load(struct directory *directory, const void *owner, int64_t recipient_id,
                                    struct second_factor **factors_out, size_t *count_out, struct err *err);
/* It counts from now on; uses id, recipient_id, and last_step or credential_id, key, sign_count, is_verified. ERR_NOT_FOUND: it
 * was confirmed already, or is gone; ERR_EXISTS: some account has this key. */
MUST_CHECK bool second_factor_confirm(struct directory *directory, const struct actor *actor,
                                      const struct second_factor *factor, struct err *err);
/* It was shown, by this step (last_step) or count (sign_count). ERR_AUTH: by somebody else just now, with the same. */
MUST_CHECK bool second_factor_used(struct directory *directory, const struct second_factor *factor,
                                   struct err *err);
/* A wrong code was typed. Every program of the account counts it. */
MUST_CHECK bool second_factor_failed(struct directory *directory, const struct actor *actor, struct err *err);
/* ERR_AUTH: there is none such left. */
MUST_CHECK bool recovery_code_use(struct directory *directory, int64_t recipient_id,
                                  const unsigned char hash[RECOVERY_HASH_BYTES], struct err *err);

/* ---- who must have one: "everybody", "administrators" (who holds any role), names of roles */

/* In order. */
MUST_CHECK bool factor_rules(struct directory *directory, const void *owner, int64_t organisation_id,
                             const char ***who_out, size_t *count_out, struct err *err);
/* These instead of all before. ERR_INVALID: no such word or role. */
MUST_CHECK bool factor_rules_set(struct directory *directory, const struct actor *actor,
                                 int64_t organisation_id, const char *const *who, size_t count,
                                 struct err *err);
/* Must this account of that organisation? */
MUST_CHECK bool factor_is_required(struct directory *directory, int64_t organisation_id,
                                   const struct role_holder *holder, bool *is_out, struct err *err);

#endif
