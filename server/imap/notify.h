/*
 * notify.h -- NOTIFY (RFC 5465): what the client wants to be told of while no command runs.
 *
 * From the first NOTIFY on the session says what was asked for and nothing else: what is new in the selected folder only
 * where `selected` or `selected-delayed` want it (notify_filter.h), and of the folders of the reader's own mailbox and of
 * those that others share with him (notify_watch.h) the differences to what he knows (notify_tell.h).
 *
 * When more is to be watched than the limits allow, NOTIFY SET is refused; when it becomes more later, the client is told
 * by OK [NOTIFICATIONOVERFLOW] and hears nothing any more, as after NOTIFY NONE.
 */
#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "imap/command.h"

struct notify_filter;

/* session_wake() was called and NOTIFY is on: says what the client asked to be told of. May yield. */
imap_run imap_notify_wake;
/* NOTIFY SET and NONE: takes over the filter. `wants_status`: STATUS of all that is watched, first. */
enum imap_notify_status { NOTIFY_WITHOUT_STATUS, NOTIFY_WITH_STATUS };
enum session_next imap_notify_begin(struct imap_request *req, struct notify_filter *filter,
                                    enum imap_notify_status wants_status);
/* Forgets what was asked for: logout. */
void imap_notify_end(struct imap_session *session);
/* Another folder was selected: it is to be heard of, too. */
void imap_notify_selected(struct imap_session *session);

/* Kinds of news of the selected folder that this client does not want to hear of unasked; none without NOTIFY. */
enum imap_muted { MUTED_NEW = 1, MUTED_EXPUNGES = 2, MUTED_FLAGS = 4 };
unsigned imap_notify_muted(const struct imap_session *session);

/* This session just created, deleted, renamed, subscribed or annotated the folder: it need not be told of that. */
enum imap_act { ACT_NAME, ACT_SUBSCRIPTION, ACT_ANNOTATION };
void imap_notify_own(struct imap_session *session, const char *shown, enum imap_act act);

#endif
