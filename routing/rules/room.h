/*
 * room.h -- what the files of this room share. For this room only.
 */
#ifndef RULES_ROOM_H
#define RULES_ROOM_H

#include "mailbox/folder.h"
#include "rules/programs.h"

struct rules {
    struct rules_options options;
    struct program_cache *cache;
};

/* One judgement: the question, and what was looked up for it so far. */
struct judging {
    struct rules *rules;
    const void *owner; /* of the plan */
    void *arena;
    const struct rules_message *message;
    const struct rules_recipient *recipient;
    struct group *group;
    struct mailbox *mailbox; /* opened when folders are asked for */
    struct folder **folders;
    size_t folder_count;
    bool has_folders;
};

/* The mailbox's folders, asked for once. */
MUST_CHECK bool judging_folders(struct judging *judging, struct err *err);
/* By name, by special use, by public id; NULL: there is none. After judging_folders(). */
const struct folder *judging_find(const struct judging *judging, const char *name);
/* By special use ("\\Junk"), case ignored. NULL: there is none. After judging_folders(). */
const struct folder *judging_find_use(const struct judging *judging, const char *use);
/* By public id (MAILBOXID). NULL: there is none. After judging_folders(). */
const struct folder *judging_find_id(const struct judging *judging, const char *id);
/* Makes a folder; one that is there already is a success. */
MUST_CHECK bool judging_create(struct judging *judging, const char *name, const char *use, struct err *err);

/* senders.c: where the owner said what is to be done with mail of its sender, the recipient whose usual place is changed by that; else
 * the recipient as it is. *is_blocked_out: it goes there and no script is asked. */
const struct rules_recipient *recipient_by_sender(const struct judging *judging,
                                                  const struct programs *programs, bool *is_blocked_out);

/* world.c: the questions of a script. */
void world_of(struct judging *judging, struct sieve_world *world_out);

/* copies.c: filings of the outcome -> plan->copies. */
MUST_CHECK bool copies_of(struct judging *judging, struct rules_plan *plan, struct err *err);
/* The notice to the owner that the script failed, as one more copy; once for each version. */
MUST_CHECK bool copies_add_notice(struct judging *judging, struct rules_plan *plan,
                                  const struct programs *programs, const char *what, struct err *err);
/* One more mark to be written with the plan; `kind` is static, the key is copied. */
void plan_mark(const void *owner, struct rules_plan *plan, const char *kind, const uint8_t key[32],
               int64_t expires_us);

#endif
