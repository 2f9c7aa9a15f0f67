/* session.c -- the session resource (RFC 8620, 2): what there is, where it is, and how much of it. */
#include "jmap/account.h"
#include "jmap/push_tell.h"
#include "mailbox/rights.h"
#include "mailbox/script.h"
#include "sieve/sieve.h"

#include <talloc.h>

static const struct {
    enum jmap_capability bit;
    const char *uri;
    bool is_of_accounts, is_of_own_only;
} capabilities[] = {
    { JMAP_CORE, "urn:ietf:params:jmap:core", false, false },
    { JMAP_MAIL, "urn:ietf:params:jmap:mail", true, false },
    { JMAP_SUBMISSION, "urn:ietf:params:jmap:submission", true, true },
    { JMAP_VACATION, "urn:ietf:params:jmap:vacationresponse", true, true },
    { JMAP_QUOTA, "urn:ietf:params:jmap:quota", true, false },
    { JMAP_SIEVE, "urn:ietf:params:jmap:sieve", true, true },
    { JMAP_BLOB, "urn:ietf:params:jmap:blob", true, false },
    { JMAP_PRINCIPALS, "urn:ietf:params:jmap:principals", true, true },
    { JMAP_MDN, "urn:ietf:params:jmap:mdn", true, true },
    { JMAP_WEBSOCKET, "urn:ietf:params:jmap:websocket", false, false },
    { JMAP_VAPID, "urn:ietf:params:jmap:webpush-vapid", false, false },
    { JMAP_SMIME, "urn:ietf:params:jmap:smimeverify", true, false },
    { JMAP_OWNER, "urn:chappe:params:jmap:account", true, false },
};

const char *jmap_capability_uri(enum jmap_capability capability)
{
    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (capabilities[i].bit == capability)
            return capabilities[i].uri;
    return NULL;
}

unsigned jmap_capability_of(const char *uri)
{
    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (strcmp(capabilities[i].uri, uri) == 0)
            return capabilities[i].bit;
    return 0;
}

const char *jmap_session_state(const struct jmap_request *request)
{
    return talloc_asprintf(request->arena, "%llx", (unsigned long long)request->identity->stamp);
}

static json_t *core(const struct jmap *jmap)
{
    return json_pack("{s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:[s, s]}", "maxSizeUpload",
                     (json_int_t)jmap->options.message_max, "maxConcurrentUpload", JMAP_UPLOADS_AT_ONCE,
                     "maxSizeRequest", JMAP_REQUEST_MAX, "maxConcurrentRequests", JMAP_REQUESTS_AT_ONCE,
                     "maxCallsInRequest", JMAP_CALLS_MAX, "maxObjectsInGet", JMAP_GET_MAX, "maxObjectsInSet",
                     JMAP_SET_MAX, "collationAlgorithms", "i;ascii-casemap", "i;unicode-casemap");
}

static json_t *mail(const struct jmap *jmap, const struct jmap_account *account)
{
    return json_pack("{s:n, s:i, s:i, s:I, s:[s,s,s,s,s,s,s,s,s,s], s:b}", "maxMailboxesPerEmail",
                     "maxMailboxDepth", 20, "maxSizeMailboxName", 255, "maxSizeAttachmentsPerEmail",
                     (json_int_t)jmap->options.message_max, "emailQuerySortOptions", "receivedAt", "sentAt",
                     "size", "from", "to", "subject", "relevance", "hasKeyword", "allInThreadHaveKeyword",
                     "someInThreadHaveKeyword", "mayCreateTopLevelMailbox", account->may_create_top);
}

static json_t *sieve(const struct jmap *jmap)
{
    int64_t bytes = jmap->options.script_max ? jmap->options.script_max : SCRIPT_BYTES_STANDARD;
    json_t *extensions = json_array();

    for (const char *at = sieve_extensions(); *at; at += strspn(at, " ")) {
        json_array_append_new(extensions, json_stringn(at, strcspn(at, " ")));
        at += strcspn(at, " ");
    }
    return json_pack("{s:s, s:i, s:I, s:i, s:i, s:o, s:[s], s:n}", "implementation", "Chappe",
                     "maxSizeScriptName", SCRIPT_NAME_MAX, "maxSizeScript", (json_int_t)bytes,
                     "maxNumberScripts", SCRIPTS_MAX, "maxNumberRedirects", SIEVE_REDIRECTS_MAX,
                     "sieveExtensions", extensions, "notificationMethods", "mailto", "externalLists");
}

static json_t *of_account(const struct jmap *jmap, const struct jmap_account *account,
                          enum jmap_capability bit)
{
    switch (bit) {
    case JMAP_MAIL:
        return mail(jmap, account);
    case JMAP_SUBMISSION:
        return json_pack("{s:i, s:{s:[s, s], s:[], s:[]}}", "maxDelayedSend", 31536000,
                         "submissionExtensions", "FUTURERELEASE", "31536000", "", "DSN", "MT-PRIORITY");
    case JMAP_SIEVE:
        return sieve(jmap);
    case JMAP_BLOB:
        return json_pack("{s:I, s:i, s:[s, s, s], s:[s]}", "maxSizeBlobSet", (json_int_t)JMAP_REQUEST_MAX / 2,
                         "maxDataSources", 64, "supportedTypeNames", "Email", "Mailbox", "Thread",
                         "supportedDigestAlgorithms", "sha-256");
    case JMAP_PRINCIPALS:
        return json_pack("{s:s}", "currentUserPrincipalId", account->principal_id);
    case JMAP_OWNER: /* in another account only these */
        return account->is_own ? json_object()
               : account->post_address
                   ? json_pack("{s:[], s:s}", "types", "postAddress", account->post_address)
               : account->is_nobodys ? json_pack("{s:[s, s]}", "types", "SearchFolder", "OpenPgpKey")
                                     : json_pack("{s:[s]}", "types", "SearchFolder");
    default:
        return json_object();
    }
}

static json_t *of_server(const struct jmap *jmap, enum jmap_capability bit, const char *base)
{
    switch (bit) {
    case JMAP_CORE:
        return core(jmap);
    case JMAP_WEBSOCKET: /* "http" and "https" to "ws" and "wss" (RFC 8887, 3.1) */
        return json_pack("{s:o, s:b}", "url", json_sprintf("ws%s/jmap/ws", base + 4), "supportsPush", 1);
    case JMAP_VAPID: /* RFC 9749, 3 */
        return json_pack("{s:s?}", "applicationServerKey", jmap_teller_key(jmap->teller));
    default:
        return json_object();
    }
}

static json_t *account_object(const struct jmap *jmap, const struct jmap_account *account)
{
    json_t *of = json_object();

    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (capabilities[i].is_of_accounts && (account->is_own || !capabilities[i].is_of_own_only))
            json_object_set_new(of, capabilities[i].uri, of_account(jmap, account, capabilities[i].bit));
    return json_pack("{s:s, s:b, s:b, s:o}", "name", account->name, "isPersonal", account->is_own,
                     "isReadOnly", 0, "accountCapabilities", of);
}

/* Somebody else's mailbox may be his as a whole, with what is made in it later. What cannot be asked now is not offered. Those of one
 * storage group stand together. */
static void learn_tops(struct jmap_request *request)
{
    struct jmap_account **accounts = request->accounts;
    int64_t *ids = talloc_array(request->arena, int64_t, (unsigned)request->account_count + 1);
    unsigned *rights = talloc_array(request->arena, unsigned, (unsigned)request->account_count + 1);
    struct err err = ERR_INIT;

    for (size_t first = 0, count; first < request->account_count; first += count) {
        struct group *group = accounts[first]->group;

        accounts[first]->may_create_top = accounts[first]->is_own;
        count = 1;
        if (accounts[first]->is_own)
            continue;
        ids[0] = accounts[first]->mailbox_id;
        for (; first + count < request->account_count && accounts[first + count]->group == group; count++)
            ids[count] = accounts[first + count]->mailbox_id;
        if (!rights_at_tops(request->jmap->options.cache, group, &request->reader, ids, count, rights, &err))
            continue;
        for (size_t i = 0; i < count; i++)
            accounts[first + i]->may_create_top =
                (rights[i] & RIGHT_CREATE) && !accounts[first + i]->post_address;
    }
}

/* By the name that the client used where it is a plain host name, else by ours. */
static const char *base_url(const struct jmap_request *request, const struct http_request *http)
{
    const char *host = http_header(http, "Host");
    size_t length =
        host ? strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") : 0;

    if (length == 0 || length > 255 || host[length])
        host = request->jmap->options.host_name;
    return talloc_asprintf(request->arena, "%s://%s", http_is_tls(http) ? "https" : "http", host);
}

bool jmap_session(struct jmap_request *request, const struct http_request *http, json_t **session_out,
                  struct err *err)
{
    json_t *offered = json_object(), *accounts = json_object(), *primary = json_object();
    const char *base = base_url(request, http);

    if (!jmap_accounts(request, err)) {
        json_decref(offered);
        json_decref(accounts);
        json_decref(primary);
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(capabilities); i++) {
        json_object_set_new(offered, capabilities[i].uri,
                            of_server(request->jmap, capabilities[i].bit, base));
        if (capabilities[i].is_of_accounts && request->account_count > 0 && request->accounts[0]->is_own)
            json_object_set_new(primary, capabilities[i].uri, json_string(request->accounts[0]->id));
    }
    learn_tops(request);
    for (size_t i = 0; i < request->account_count; i++)
        json_object_set_new(accounts, request->accounts[i]->id,
                            account_object(request->jmap, request->accounts[i]));
    *session_out =
        json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s}", "capabilities", offered, "accounts",
                  accounts, "primaryAccounts", primary, "username", request->identity->login, "apiUrl",
                  json_sprintf("%s/jmap/api", base), "downloadUrl",
                  json_sprintf("%s/jmap/download/{accountId}/{blobId}/{name}?type={type}", base), "uploadUrl",
                  json_sprintf("%s/jmap/upload/{accountId}", base), "eventSourceUrl",
                  json_sprintf("%s/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}", base),
                  "state", jmap_session_state(request));
    return true;
}
