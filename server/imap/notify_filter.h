/*
 * notify_filter.h -- what a NOTIFY SET asks for: groups of folders, and the events of each (RFC 5465, 6 and 8).
 *
 * A folder gets the events of all groups that name it; a group with NONE ends the search, so that the groups before it
 * say what is wanted nevertheless. The selected folder's messages are told as `selected` or `selected-delayed` says, and
 * not at all without them.
 *
 * Names are as this session shows them, those of others below "Other Users/ADDRESS/" and "Public Folders/NAME". `personal` is the reader's own
 * mailbox, and `inboxes` too, because a filter may file into any folder (6.3). `subscribed`, `subtree` and `mailboxes`
 * reach what others share as well.
 *
 * Memory   a filter is one talloc context, its fetch items included.
 */
#ifndef IMAP_NOTIFY_FILTER_H
#define IMAP_NOTIFY_FILTER_H

#include "imap/command.h"
#include "imap/fetch_request.h"

enum notify_event {
    NOTIFY_MESSAGE_NEW = 1 << 0,
    NOTIFY_MESSAGE_EXPUNGE = 1 << 1,
    NOTIFY_FLAG_CHANGE = 1 << 2,
    NOTIFY_MAILBOX_NAME = 1 << 3,
    NOTIFY_SUBSCRIPTION_CHANGE = 1 << 4,
    NOTIFY_MAILBOX_METADATA = 1 << 5,
    NOTIFY_SERVER_METADATA = 1 << 6,
    NOTIFY_MESSAGE_EVENTS = NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE | NOTIFY_FLAG_CHANGE,
    NOTIFY_METADATA_EVENTS = NOTIFY_MAILBOX_METADATA | NOTIFY_SERVER_METADATA,
};
/* What a tagged NO [BADEVENT] lists. */
#define NOTIFY_EVENT_NAMES                                                                                   \
    "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange"              \
    " ServerMetadataChange"

enum { NOTIFY_GROUPS_MAX = 50, NOTIFY_NAMES_MAX = 200 };

enum notify_taken { NOTIFY_TAKEN, NOTIFY_BAD, NOTIFY_BAD_EVENT, NOTIFY_TOO_MANY };

struct notify_filter;
/* event-group *(SP event-group), up to the end of the command. *wrong_out: the sentence for NOTIFY_BAD. */
enum notify_taken notify_filter_take(struct imap_request *req, const void *owner,
                                     struct notify_filter **filter_out, const char **wrong_out);
/* That of NOTIFY NONE: nothing is wanted. */
struct notify_filter *notify_filter_none(const void *owner);

/* Events of a folder that is not selected; of the selected one all but its messages'. */
unsigned notify_filter_events(const struct notify_filter *filter, const char *shown, bool is_own,
                              bool is_subscribed);
/* Of the server's own annotations, in whatever group it stands. */
bool notify_filter_wants_server(const struct notify_filter *filter);
/* Does any group, but for the selected folder's, ask for one of these events? */
bool notify_filter_wants(const struct notify_filter *filter, unsigned events);
/* Can a folder below "Other Users" or "Public Folders" be meant? `has_subscribed`: there are subscriptions there. */
bool notify_filter_reaches_others(const struct notify_filter *filter, bool has_subscribed);
/* Can one at or below `top` ("Other Users/ADDRESS") be meant? */
bool notify_filter_reaches(const struct notify_filter *filter, const char *top, bool has_subscribed);

/* Message events of the selected folder; *is_delayed_out: EXPUNGE waits for a command. */
unsigned notify_filter_selected(const struct notify_filter *filter, bool *is_delayed_out);
/* What is to be fetched of its new messages; NULL: nothing. */
const struct imap_fetch_request *notify_filter_fetch(const struct notify_filter *filter);

#endif
