/*
 * sealing.h -- secrets that lie in a database encrypted, and the keys that open them.
 *
 * A secret is sealed with AES-256-GCM under the newest key of a folder, and bound to its context ("dkim example.org s1"): moved to
 * another row it does not open. What was sealed names its key, so that keys can be changed one after the other. A folder holds
 * one file a key, "<id>.key" with 64 hexadecimal digits; ids sort by age. A text that is not sealed is taken as it is.
 *
 *     sealing_open(owner, "/var/lib/chappe/secrets", &sealing, &err);
 *     sealing_seal(sealing, arena, "dkim example.org s1", private_key, &stored, &err);
 *     sealing_unseal(sealing, arena, "dkim example.org s1", stored, &private_key, &err);
 *
 * Errors   ERR_DENIED: the key is not in the folder, or the text was changed; err->log tells which key.
 * Threads  any.
 */
#ifndef BASE_SEALING_H
#define BASE_SEALING_H

#include "base/err.h"

#include <stddef.h>

struct sealing;

enum { SEALING_KEYS_MAX = 100, SEALING_ID_BYTES = 16, SEALING_TEXT_MAX = 64 * 1024 };

/* Keys are read when they are needed, and again when one is missing: a new one needs no restart. */
MUST_CHECK bool sealing_open(const void *owner, const char *folder, struct sealing **sealing_out,
                             struct err *err);
/* Erases the keys from memory. Accepts and sets NULL. */
void sealing_close(struct sealing **sealing);

/* ERR_DENIED where the folder has no key. Accepts a NULL sealing: the text as it is. */
MUST_CHECK bool sealing_seal(struct sealing *sealing, const void *owner, const char *context,
                             const char *plain, char **sealed_out, struct err *err);
/* Accepts a NULL sealing for what is not sealed. */
MUST_CHECK bool sealing_unseal(struct sealing *sealing, const void *owner, const char *context,
                               const char *stored, char **plain_out, struct err *err);
/* Is it sealed with the newest key? */
bool sealing_is_newest(struct sealing *sealing, const char *stored);

/* Makes a new key in the folder, readable by its owner alone; its id. ERR_DENIED: the folder cannot be written. */
MUST_CHECK bool sealing_add_key(const char *folder, char id_out[SEALING_ID_BYTES + 1], struct err *err);
/* How many keys the folder has. */
size_t sealing_count_keys(const char *folder);

#endif
