/*
 * mirror.h -- what a company directory says, kept beside the recipients that came of it.
 *
 * A run of the synchronisation first writes down here what it read (mirror_put, mirror_miss): nobody sees a difference yet. Then
 * reconcile() makes recipients follow, entry by entry, each whole or not at all. So a preview is the first step and a rehearsal
 * of the second, and a run that breaks off is simply continued by the next one.
 *
 * Ownership  what is handed in stays the caller's; results belong to `owner`.
 * Errors     ERR_BUSY: the directory database is down. ERR_NOT_FOUND: the source is gone.
 * Threads    any; one at a time works on a source (source_lease()).
 */
#ifndef DIRECTORY_MIRROR_H
#define DIRECTORY_MIRROR_H

#include "base/span.h"
#include "directory/source.h"

enum {
    MIRROR_DIGEST_BYTES = 32,
    MIRROR_ADDRESSES_MAX = 200,  /* of one entry */
    MIRROR_MEMBERS_MAX = 200000, /* of one group */
    MIRROR_PHOTO_MAX = 256 * 1024,
    MIRROR_AT_ONCE = 200, /* entries in one transaction */
};

enum mirror_kind { MIRROR_USER, MIRROR_CONTACT, MIRROR_GROUP, MIRROR_KINDS };
/* "user", "contact", "group". Static. */
const char *mirror_kind_name(enum mirror_kind kind);

struct mirror_entry {
    const char *key; /* objectGUID or entryUUID, hexadecimal */
    enum mirror_kind kind;
    const char *dn, *dn_key;
    const char *account, *principal, *mail, *name, *target, *placement, *fault; /* "": none */
    const char **addresses;
    size_t address_count;
    json_t *person; /* the caller's reference */
    struct span photo;
    bool is_enabled, matches;
    int64_t expires_us;
    const char *token, *primary_group, *manager_key;
    struct span *members, *memberships; /* keys of DNs, or "uid=..." */
    size_t member_count, membership_count;
    unsigned char digest[MIRROR_DIGEST_BYTES];
};

/* Digests of all entries that are there, by key: what did not change need not be written. */
struct mirror_known;
MUST_CHECK bool mirror_load(struct directory *directory, const void *owner, int64_t source_id,
                            struct mirror_known **known_out, struct err *err);
/* Notes that it was seen. True where it is known with that digest. */
bool mirror_known_saw(struct mirror_known *known, const struct mirror_entry *entry);
/* Notes that it is there, whatever it says. */
void mirror_known_keep(struct mirror_known *known, const char *key);
/* Those that were not seen; keys belong to `known`. Its count: mirror_known_count(). */
const char **mirror_known_unseen(struct mirror_known *known, const void *owner, size_t *count_out);
/* How many there were. */
size_t mirror_known_count(const struct mirror_known *known);

/* What is being read: all entries, or those that changed. */
enum mirror_reads { MIRROR_WHOLE, MIRROR_CHANGES };
/* Writes entries, at most MIRROR_AT_ONCE. */
MUST_CHECK bool mirror_put(struct directory *directory, const struct source *source, enum mirror_reads reads,
                           const struct mirror_entry *entries, size_t count, struct err *err);
/* They are not in the directory any more, as of now. */
MUST_CHECK bool mirror_miss(struct directory *directory, const struct source *source, const char **keys,
                            size_t count, struct err *err);
/* DNs of entries that wait because something is wrong with them, to be read again; at most 500. */
MUST_CHECK bool mirror_faulty(struct directory *directory, const void *owner, const struct source *source,
                              const char ***dns_out, size_t *count_out, struct err *err);
/* Chooses an entry for a mailbox, or takes it back. `name`: key, account, mail or DN. ERR_NOT_FOUND. */
MUST_CHECK bool mirror_choose(struct directory *directory, const struct actor *actor,
                              const struct source *source, const char *name, bool is_chosen, struct err *err);

/* A person of the directory, as it was last read. */
struct mirror_person {
    const char *dn, *name, *account, *mail, *fault;
    const char *address; /* of the recipient that he is here; "": none */
    bool is_enabled, is_chosen;
};
/* Those whose name, account or address has the text in it (NULL: all), the chosen ones first, then by name. */
MUST_CHECK bool mirror_list(struct directory *directory, const struct actor *actor, const void *owner,
                            const struct source *source, const char *text, size_t limit,
                            struct mirror_person **people_out, size_t *count_out, struct err *err);

#endif
