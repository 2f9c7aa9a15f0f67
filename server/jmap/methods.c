/* methods.c -- all methods: what each needs is in its row, checked before its function runs. */
#include "jmap/methods.h"

#include <talloc.h>

enum {
    PLAIN = 0,
    ACCOUNT = JMAP_NEEDS_ACCOUNT,
    MAIL = JMAP_NEEDS_ACCOUNT | JMAP_OPENS,
    OWN = JMAP_NEEDS_ACCOUNT | JMAP_NEEDS_OWN
};

#define GET "accountId ids properties"
#define CHANGES "accountId sinceState maxChanges"
#define QUERY "accountId filter sort position anchor anchorOffset limit calculateTotal"
#define QUERY_CHANGES "accountId filter sort sinceQueryState maxChanges upToId calculateTotal"
#define SET "accountId ifInState create update destroy"
#define OURS "docs/jmap.md"
#define BODY "bodyProperties fetchTextBodyValues fetchHTMLBodyValues fetchAllBodyValues maxBodyValueBytes"

static const struct jmap_method methods[] = {
    { "Core/echo", JMAP_CORE, core_echo, PLAIN, NULL, "8620, 4" },
    { "PushSubscription/get", JMAP_CORE, push_subscription_get, PLAIN, "ids properties", "8620, 7.2.1" },
    { "PushSubscription/set", JMAP_CORE, push_subscription_set, PLAIN, "create update destroy",
      "8620, 7.2.2" },

    { "Mailbox/get", JMAP_MAIL, mailbox_get, ACCOUNT, GET, "8621, 2.1" },
    { "Mailbox/changes", JMAP_MAIL, mailbox_changes, ACCOUNT, CHANGES, "8621, 2.2" },
    { "Mailbox/query", JMAP_MAIL, mailbox_query, ACCOUNT, QUERY " sortAsTree filterAsTree", "8621, 2.3" },
    { "Mailbox/queryChanges", JMAP_MAIL, mailbox_query_changes, ACCOUNT,
      QUERY_CHANGES " sortAsTree filterAsTree", "8621, 2.4" },
    { "Mailbox/set", JMAP_MAIL, mailbox_set, ACCOUNT, SET " onDestroyRemoveEmails", "8621, 2.5" },
    { "Thread/get", JMAP_MAIL, thread_get, ACCOUNT, GET, "8621, 3.1" },
    { "Thread/changes", JMAP_MAIL, thread_changes, ACCOUNT, CHANGES, "8621, 3.2" },
    { "Email/get", JMAP_MAIL, email_get, MAIL, GET " " BODY, "8621, 4.2" },
    { "Email/changes", JMAP_MAIL, email_changes, ACCOUNT, CHANGES, "8621, 4.3" },
    { "Email/query", JMAP_MAIL, email_query, MAIL, QUERY " collapseThreads", "8621, 4.4" },
    { "Email/queryChanges", JMAP_MAIL, email_query_changes, MAIL, QUERY_CHANGES " collapseThreads",
      "8621, 4.5" },
    { "Email/set", JMAP_MAIL, email_set, MAIL, SET, "8621, 4.6" },
    { "Email/copy", JMAP_MAIL, email_copy, ACCOUNT,
      "accountId fromAccountId ifInState ifFromInState create onSuccessDestroyOriginal destroyFromIfInState",
      "8621, 4.7" },
    { "Email/import", JMAP_MAIL, email_import, ACCOUNT, "accountId ifInState emails", "8621, 4.8" },
    { "Email/parse", JMAP_MAIL, email_parse, MAIL, "accountId blobIds properties " BODY, "8621, 4.9" },
    { "SearchSnippet/get", JMAP_MAIL, snippet_get, MAIL, "accountId filter emailIds", "8621, 5.1" },

    { "Identity/get", JMAP_SUBMISSION, identity_get, OWN, GET, "8621, 6.1" },
    { "Identity/changes", JMAP_SUBMISSION, identity_changes, OWN, CHANGES, "8621, 6.2" },
    { "Identity/set", JMAP_SUBMISSION, identity_set, OWN, SET, "8621, 6.3" },
    { "EmailSubmission/get", JMAP_SUBMISSION, submission_get, OWN, GET, "8621, 7.1" },
    { "EmailSubmission/changes", JMAP_SUBMISSION, submission_changes, OWN, CHANGES, "8621, 7.2" },
    { "EmailSubmission/query", JMAP_SUBMISSION, submission_query, OWN, QUERY, "8621, 7.3" },
    { "EmailSubmission/queryChanges", JMAP_SUBMISSION, submission_query_changes, OWN, QUERY_CHANGES,
      "8621, 7.4" },
    { "EmailSubmission/set", JMAP_SUBMISSION, submission_change, OWN,
      SET " onSuccessUpdateEmail onSuccessDestroyEmail", "8621, 7.5" },

    { "MDN/send", JMAP_MDN, mdn_send, OWN, "accountId identityId send onSuccessUpdateEmail", "9007, 2.1" },
    { "MDN/parse", JMAP_MDN, mdn_parse, OWN, "accountId blobIds", "9007, 2.2" },

    { "VacationResponse/get", JMAP_VACATION, vacation_get, OWN, GET, "8621, 8.1" },
    { "VacationResponse/set", JMAP_VACATION, vacation_set, OWN, SET, "8621, 8.2" },

    { "Quota/get", JMAP_QUOTA, quota_get, ACCOUNT, GET, "9425, 4.2" },
    { "Quota/changes", JMAP_QUOTA, quota_changes, ACCOUNT, CHANGES, "9425, 4.3" },
    { "Quota/query", JMAP_QUOTA, quota_query, ACCOUNT, QUERY, "9425, 4.4" },
    { "Quota/queryChanges", JMAP_QUOTA, quota_query_changes, ACCOUNT, QUERY_CHANGES, "9425, 4.5" },

    { "Blob/copy", JMAP_CORE, blob_copy, ACCOUNT, "fromAccountId accountId blobIds", "8620, 6.3" },
    { "Blob/upload", JMAP_BLOB, blob_upload, ACCOUNT, "accountId create", "9404, 4.1" },
    { "Blob/get", JMAP_BLOB, blob_get, MAIL, GET " offset length", "9404, 4.2" },
    { "Blob/lookup", JMAP_BLOB, blob_lookup, ACCOUNT, "accountId typeNames ids", "9404, 4.3" },

    { "Principal/get", JMAP_PRINCIPALS, principal_get, OWN, GET, "9670, 2.1" },
    { "Principal/changes", JMAP_PRINCIPALS, principal_changes, OWN, CHANGES, "9670, 2.2" },
    { "Principal/query", JMAP_PRINCIPALS, principal_query, OWN, QUERY, "9670, 2.4" },
    { "Principal/queryChanges", JMAP_PRINCIPALS, principal_query_changes, OWN, QUERY_CHANGES, "9670, 2.5" },

    { "SieveScript/get", JMAP_SIEVE, sieve_get, OWN, GET, "9661, 2.3" },
    { "SieveScript/query", JMAP_SIEVE, sieve_query, OWN, QUERY, "9661, 2.5" },
    { "SieveScript/set", JMAP_SIEVE, sieve_set, OWN, SET " onSuccessActivateScript onSuccessDeactivateScript",
      "9661, 2.4" },
    { "SieveScript/validate", JMAP_SIEVE, sieve_validate, OWN, "accountId blobId", "9661, 2.6" },

    { "AppPassword/get", JMAP_OWNER, app_password_get, OWN, GET, OURS },
    { "AppPassword/set", JMAP_OWNER, app_password_set, OWN, SET, OURS },
    { "SecondFactor/get", JMAP_OWNER, own_factor_get, OWN, GET, OURS },
    { "SecondFactor/set", JMAP_OWNER, own_factor_set, OWN, SET, OURS },
    { "SecondFactor/challenge", JMAP_OWNER, second_factor_challenge, OWN, "accountId", OURS },
    { "SecondFactor/prove", JMAP_OWNER, second_factor_prove, OWN,
      "accountId code recoveryCode credentialId clientData authenticatorData signature", OURS },
    { "RecoveryCodes/get", JMAP_OWNER, recovery_get, OWN, GET, OURS },
    { "RecoveryCodes/set", JMAP_OWNER, recovery_set, OWN, SET, OURS },
    { "LoginSession/get", JMAP_OWNER, login_session_get, OWN, GET, OURS },
    { "LoginSession/set", JMAP_OWNER, login_session_set, OWN, SET, OURS },
    { "AccountActivity/get", JMAP_OWNER, account_activity_get, OWN, GET, OURS },
    { "OwnPassword/get", JMAP_OWNER, own_password_get, OWN, GET, OURS },
    { "OwnPassword/set", JMAP_OWNER, own_password_set, OWN, SET, OURS },
    { "MessageTrace/get", JMAP_OWNER, message_trace_get, OWN, GET, OURS },
    { "MessageTrace/query", JMAP_OWNER, message_trace_query, OWN, QUERY, OURS },
    { "Preferences/get", JMAP_OWNER, preferences_get, OWN, GET, OURS },
    { "Preferences/set", JMAP_OWNER, preferences_set, OWN, SET, OURS },
    { "SenderRule/get", JMAP_OWNER, sender_get, OWN, GET, OURS },
    { "SenderRule/set", JMAP_OWNER, sender_set, OWN, SET, OURS },
    { "SendGrant/get", JMAP_OWNER, send_grant_get, OWN, GET, OURS },
    { "SendGrant/set", JMAP_OWNER, send_grant_set, OWN, SET, OURS },
    { "OpenPgpKey/get", JMAP_OWNER, openpgp_key_get, ACCOUNT, GET, OURS },
    { "OpenPgpKey/set", JMAP_OWNER, openpgp_key_set, ACCOUNT, SET, OURS },
    { "Snooze/get", JMAP_OWNER, snooze_get, OWN, GET, OURS },
    { "Snooze/set", JMAP_OWNER, snooze_set, OWN, SET, OURS },
    { "SearchFolder/get", JMAP_OWNER, search_folder_get, ACCOUNT, GET, OURS },
    { "SearchFolder/changes", JMAP_OWNER, search_folder_changes, ACCOUNT, CHANGES, OURS },
    { "SearchFolder/set", JMAP_OWNER, search_folder_set, ACCOUNT, SET, OURS },
    { "Retention/get", JMAP_OWNER, mail_retention_get, OWN, GET, OURS },
};

const struct jmap_method *jmap_methods(size_t *count_out)
{
    *count_out = COUNT_OF(methods);
    return methods;
}

bool core_echo(struct jmap_call *call)
{
    (void)json_object_update(call->out, call->in);
    return true;
}
