/*
 * reconcile_work.h -- what the files of reconcile() share. For this room only.
 */
#ifndef DIRECTORY_RECONCILE_WORK_H
#define DIRECTORY_RECONCILE_WORK_H

#include "directory/act.h"
#include "directory/reconcile.h"

/* One entry that differs, or may, and the recipient that it is now. */
struct due {
    const char *key, *dn, *account, *principal, *name, *target, *placement, *fault;
    enum mirror_kind kind;
    const char **addresses; /* as the directory writes them */
    size_t address_count;
    bool is_enabled, gets_mailbox, is_missing, has_mailbox;
    int64_t recipient_id; /* 0: none */
    const char *recipient_name, *recipient_state;
    const char **recipient_addresses; /* keys, the primary first */
    size_t recipient_address_count;
};

/* An address of the entry in one of our domains. */
struct due_address {
    const char *key;
    int64_t domain_id;
};

struct domain_row {
    int64_t domain_id;
    const char *name;
    bool has_addresses; /* authoritative, relay */
};

/* A store that takes mailboxes of the organisation. */
struct store_row {
    const char *name;
    int64_t store_id, storage_group_id, mailboxes, added; /* by this batch */
    bool is_own;
};

struct change_note {
    const char *what, *kind, *name, *detail;
};

/* The state of one run. */
struct reconcile_work {
    const struct reconciling *options;
    const void *owner;
    struct source_run *run;
    struct actor actor;
    struct domain_row *domains; /* of the organisation */
    size_t domain_count;
    json_t *changes;
    char after[100]; /* the last key seen */
    /* of the batch that is being done */
    void *scratch;
    struct due *batch;
    size_t batch_count;
    struct change_note *notes;
    size_t note_count;
    struct store_row *stores;
    size_t store_count;
    struct span *audit_actions, *audit_objects, *audit_before, *audit_after; /* JSON texts */
    size_t audit_count;
    struct user *made; /* users whose mailbox has to be made */
    size_t made_count;
    int64_t added, changed, disabled, conflicts;
};

/* Decides about one entry, and writes it; or its conflict. False: the transaction has failed. */
MUST_CHECK bool reconcile_entry(struct db *db, struct reconcile_work *work, const struct due *due,
                                struct err *err);
/* Notes a change for the run's record. */
void reconcile_note(struct reconcile_work *work, const char *what, const struct due *due, const char *detail);
/* An audit row of this batch, written at its end; takes both references (NULL allowed for `before`). */
void reconcile_audit(struct reconcile_work *work, const char *action, const char *object, json_t *before,
                     json_t *after);
/* Makes the mailboxes of this batch's people, with the quota that a policy gives to who has none. Outside the directory's transaction,
 * since another database makes them; noted when all are there. */
MUST_CHECK bool reconcile_mailboxes(struct reconcile_work *work, struct err *err);
/* Members of groups and managers of people, as far as entries have to do with them that were looked at and noted (groups_due). */
MUST_CHECK bool reconcile_groups(struct reconcile_work *work, struct err *err);

#endif
