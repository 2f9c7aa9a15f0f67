/*
 * account.h -- the mailboxes that a caller may see, and what of them a request has read; private to this room.
 *
 * The state is read before folders and views are, so that data is never older than the state that goes out with it.
 */
#ifndef JMAP_ACCOUNT_H
#define JMAP_ACCOUNT_H

#include "jmap/request.h"

/* All accounts: his own, and those of which he may look up a folder. */
MUST_CHECK bool jmap_accounts(struct jmap_request *request, struct err *err);
/* By its id. ERR_NOT_FOUND. */
MUST_CHECK bool jmap_account_find(struct jmap_request *request, const char *id,
                                  struct jmap_account **account_out, struct err *err);
/* Opens it. */
MUST_CHECK bool jmap_account_open(struct jmap_request *request, struct jmap_account *account,
                                  struct err *err);
/* The caller reads or changes mail of this account: where it is somebody else's, its owner may see that. */
void jmap_account_note_visit(const struct jmap_request *request, const struct jmap_account *account);
/* State and folders, once until jmap_account_stale(). */
MUST_CHECK bool jmap_account_read(struct jmap_request *request, struct jmap_account *account,
                                  struct err *err);
/* Something was changed: the next look reads anew. */
void jmap_account_stale(struct jmap_account *account);

/* The folder with this id; its number among the folders. False where there is none that may be seen. */
MUST_CHECK bool jmap_account_folder(const struct jmap_account *account, int64_t folder_id,
                                    size_t *number_out);
/* By its public id. */
MUST_CHECK bool jmap_account_mailbox(const struct jmap_account *account, const char *id, size_t *number_out);
/* The folder's view, not older than the folder row that was read. ERR_NOT_FOUND where it has just gone. The account's. */
MUST_CHECK bool jmap_account_view(struct jmap_account *account, size_t number, const struct view **view_out,
                                  struct err *err);
/* "42", the state of all types that follow the counter of changes; under the call's arena. */
const char *jmap_state(const struct jmap_call *call);

#endif
