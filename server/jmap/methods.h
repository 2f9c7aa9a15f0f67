/* methods.h -- the function of each method; what it does and answers is its row in methods.c and the RFC's section there.
 * Each returns false where the call as a whole failed and call->error says why. */
#ifndef JMAP_METHODS_H
#define JMAP_METHODS_H

#include "jmap/request.h"

/* Runs the call: its answer is added to call->out, whose accountId is there already. False: call->error says why, as RFC 8620,
 * 3.6.2 wants it. All of it on a thread of the web server, in the memory of call->arena. */
#define METHOD(name) bool name(struct jmap_call *call)
METHOD(core_echo);
METHOD(push_subscription_get);
METHOD(push_subscription_set);
METHOD(mailbox_get);
METHOD(mailbox_changes);
METHOD(mailbox_query);
METHOD(mailbox_query_changes);
METHOD(mailbox_set);
METHOD(thread_get);
METHOD(thread_changes);
METHOD(email_get);
METHOD(email_changes);
METHOD(email_query);
METHOD(email_query_changes);
METHOD(email_set);
METHOD(email_copy);
METHOD(email_import);
METHOD(email_parse);
METHOD(snippet_get);
METHOD(blob_copy);
METHOD(blob_upload);
METHOD(blob_get);
METHOD(blob_lookup);
METHOD(identity_get);
METHOD(identity_changes);
METHOD(identity_set);
METHOD(submission_get);
METHOD(submission_changes);
METHOD(submission_query);
METHOD(submission_query_changes);
METHOD(submission_change);
METHOD(mdn_send);
METHOD(mdn_parse);
METHOD(vacation_get);
METHOD(vacation_set);
METHOD(quota_get);
METHOD(quota_changes);
METHOD(quota_query);
METHOD(quota_query_changes);
METHOD(principal_get);
METHOD(principal_query);
METHOD(principal_query_changes);
METHOD(principal_changes);
METHOD(sieve_get);
METHOD(sieve_query);
METHOD(sieve_set);
METHOD(sieve_validate);
METHOD(app_password_get);
METHOD(app_password_set);
METHOD(own_factor_get);
METHOD(own_factor_set);
METHOD(second_factor_challenge);
METHOD(second_factor_prove);
METHOD(recovery_get);
METHOD(recovery_set);
METHOD(login_session_get);
METHOD(login_session_set);
METHOD(account_activity_get);
METHOD(own_password_get);
METHOD(own_password_set);
METHOD(message_trace_get);
METHOD(message_trace_query);
METHOD(preferences_get);
METHOD(preferences_set);
METHOD(sender_get);
METHOD(sender_set);
METHOD(send_grant_get);
METHOD(send_grant_set);
METHOD(openpgp_key_get);
METHOD(openpgp_key_set);
METHOD(snooze_get);
METHOD(snooze_set);
METHOD(search_folder_get);
METHOD(search_folder_changes);
METHOD(search_folder_set);
METHOD(mail_retention_get);
#undef METHOD

#endif
