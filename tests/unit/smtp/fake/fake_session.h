/*
 * fake_session.h -- an SMTP session without sockets, threads and databases, for unit tests and the fuzz target.
 *
 * Stands in for server/session, the directory, policy, deliver and SASL: it defines their functions, so exactly one
 * source of a program includes it. Bytes go in through fake_feed(), in pieces of any size; replies come out of
 * fake.output; what was "delivered" is in fake.delivered. The world:
 *
 *   ada@example.org, bob@example.org   mailboxes 1 and 2 in storage group 1
 *   eve@example.org                    mailbox 3 in storage group 2
 *   full@example.org                   its quota is used up
 *   both@example.org                   an alias of ada and bob; loop@example.org one of itself
 *   out@example.org                    an alias that leads to another domain
 *   off@example.org                    disabled
 *   down@example.org                   the directory is down when asked
 *   late@example.org                   delivery finds the mailbox full, mailbox 9
 *   postmaster                         is ada; all other names of example.org are unknown, all other domains foreign
 *   paris.example.org is another server of ours; its key is all 9
 *   AUTH PLAIN with any password but "wrong" logs ada in
 */
#ifndef FAKE_SESSION_H
#define FAKE_SESSION_H

#include "accept/accept.h"
#include "auth/sasl.h"
#include "base/spool.h"
#include "deliver/deliver.h"
#include "directory/lesson.h"
#include "directory/list.h"
#include "directory/login.h"
#include "directory/quarantine.h"
#include "directory/resolve.h"
#include "directory/sender_grant.h"
#include "directory/server.h"
#include "filter/familiar.h"
#include "filter/filter.h"
#include "policy/policy.h"
#include "policy/sender.h"
#include "report/receive.h"
#include "resolve/srs.h"
#include "smtp/command.h"

#include <stdlib.h>
#include <talloc.h>

#define FAKE_SESSION_OWN                                                                                     \
    struct smtp_context context;                                                                             \
    body_filter *filter; /* a body is coming */                                                              \
    void *filter_state;                                                                                      \
    struct spool *body;                                                                                      \
    size_t deliveries, queued;                                                                               \
    struct buf delivered; /* the messages, one after the other */                                            \
    int64_t delivered_to[64];                                                                                \
    size_t delivered_to_count;
#include "kit/fake_session.h"

static void fake_open(const struct protocol *protocol)
{
    fake_begin(protocol);
    fake.context =
        (struct smtp_context){ .host_name = "mail.example.org",
                               .directory = (struct directory *)(void *)&fake, /* never looked into */
                               .spool_directory = "/tmp",
                               .message_max = 100000,
                               .recipients_max = 5 };
    fake.delivered = BUF_INIT(fake.memory);
    fake.can_start_tls = true;
    protocol->open(&fake);
}

static void fake_close(void)
{
    fake.protocol->closed(&fake);
    spool_free(&fake.body);
    talloc_free(fake.memory);
}

static bool fake_body(struct span in)
{
    struct spool *body = fake.body;
    struct span rest = in;
    bool complete = false;

    fake.filter(fake.filter_state, &rest, body, &complete);
    fake.used += (size_t)(rest.p - in.p);
    if (!complete)
        return rest.p != in.p;
    fake.filter = NULL;
    fake.body = NULL;
    fake_ran(fake.protocol->body(&fake, body));
    spool_free(&body);
    return true;
}

static bool fake_step(void)
{
    struct span in = fake_unused();
    size_t length;

    if (fake.is_closed || span_is_empty(in))
        return false;
    if (fake.filter)
        return fake_body(in);
    switch (fake.protocol->frame(&fake, in, &length)) {
    case FRAME_MORE:
        return false;
    case FRAME_UNIT:
        fake.used += length;
        (void)fake.protocol->is_cheap(&fake, span_part(in, 0, length));
        fake_ran(fake.protocol->run(&fake, span_part(in, 0, length)));
        return true;
    case FRAME_SKIP:
        fake.used += length;
        return true;
    case FRAME_CLOSE:
        fake.is_closed = true;
        return false;
    }
    return false;
}

/* ---- server/session */

void session_expect_body(struct session *session, body_filter *filter, void *filter_state,
                         uint64_t limit_bytes)
{
    session->filter = filter;
    session->filter_state = filter_state;
    session->body = spool_new(NULL, "/tmp", limit_bytes);
}
bool session_start_tls(struct session *session)
{
    session->is_tls = true;
    session->protocol->tls_started(session);
    return true;
}
bool stream_is_tls(const struct stream *stream)
{
    (void)stream;
    return fake.is_tls;
}
const char *stream_tls_version(const struct stream *stream)
{
    (void)stream;
    return "TLSv1.3";
}
const char *stream_tls_cipher(const struct stream *stream)
{
    (void)stream;
    return "TLS_AES_256_GCM_SHA384";
}
bool stream_channel_binding(const struct stream *stream, enum stream_binding type,
                            uint8_t out[STREAM_BINDING_MAX], size_t *length_out)
{
    (void)stream;
    (void)type;
    *length_out = fake.is_tls ? 32 : 0;
    memset(out, 5, *length_out);
    return fake.is_tls;
}

/* ---- the directory */

static const struct {
    const char *local;
    enum resolved_kind kind;
    int64_t id, group_id;
    struct resolved_target targets[2];
} fake_addresses[] = {
    { "ada", RESOLVED_RECIPIENT, 1, 1, { { 0 } } },
    { "bob", RESOLVED_RECIPIENT, 2, 1, { { 0 } } },
    { "eve", RESOLVED_RECIPIENT, 3, 2, { { 0 } } },
    { "full", RESOLVED_RECIPIENT, 4, 1, { { 0 } } },
    { "late", RESOLVED_RECIPIENT, 9, 1, { { 0 } } },
    { "both", RESOLVED_ALIAS, 5, 0, { { 1, "ada@example.org" }, { 2, "bob@example.org" } } },
    { "loop", RESOLVED_ALIAS, 6, 0, { { 6, "loop@example.org" } } },
    { "out", RESOLVED_ALIAS, 7, 0, { { 1, "ada@example.org" }, { 0, "x@elsewhere.example" } } },
    { "off", RESOLVED_DISABLED, 8, 1, { { 0 } } },
};

static void fake_found(const void *owner, size_t i, struct resolved *found)
{
    size_t count = 0;

    while (count < 2 && fake_addresses[i].targets[count].address)
        count++;
    *found = (struct resolved){
        .kind = fake_addresses[i].kind,
        .organisation_id = 1,
        .domain_id = 1,
        .recipient_id = fake_addresses[i].id,
        .address = talloc_asprintf(owner, "%s@example.org", fake_addresses[i].local),
        .mailbox = { fake_addresses[i].group_id, 1, fake_addresses[i].id },
        .recipient_kind = fake_addresses[i].kind == RESOLVED_ALIAS ? RECIPIENT_ALIAS : RECIPIENT_USER,
        .targets = talloc_memdup(owner, fake_addresses[i].targets, sizeof fake_addresses[i].targets),
        .target_count = count,
    };
}

bool directory_resolve(struct directory *directory, const void *owner, const char *local, const char *domain,
                       struct resolved *found, struct err *err)
{
    size_t plain = strcspn(local, "+");

    (void)directory;
    *found = (struct resolved){ .kind = RESOLVED_FOREIGN, .address = talloc_strdup(owner, local) };
    if (strcmp(domain, "example.org") != 0)
        return true;
    if (strcmp(local, "down") == 0)
        return err_set(err, ERR_BUSY, "Temporary trouble. Please try again.");
    found->kind = RESOLVED_UNKNOWN;
    for (size_t i = 0; i < COUNT_OF(fake_addresses); i++)
        if (strlen(fake_addresses[i].local) == plain && strncmp(local, fake_addresses[i].local, plain) == 0)
            fake_found(owner, i, found);
    return true;
}
bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct resolved *found, struct err *err)
{
    (void)directory;
    for (size_t i = 0; i < COUNT_OF(fake_addresses); i++)
        if (fake_addresses[i].id == recipient_id) {
            fake_found(owner, i, found);
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no such recipient.");
}
bool directory_resolve_ids(struct directory *directory, const void *owner, const int64_t *ids, size_t count,
                           struct resolved **found, size_t *count_out, struct err *err)
{
    *found = talloc_array(owner, struct resolved, (unsigned)count);
    *count_out = 0;
    for (size_t i = 0; i < count; i++)
        if (directory_resolve_id(directory, owner, ids[i], &(*found)[*count_out], err))
            ++*count_out;
    *err = ERR_INIT;
    return true;
}
bool list_load(struct directory *directory, const void *owner, int64_t recipient_id,
               struct list_settings *settings_out, struct err *err)
{
    (void)directory;
    (void)owner;
    *settings_out = (struct list_settings){ .recipient_id = recipient_id };
    return err_set(err, ERR_NOT_FOUND, "There is no such group.");
}
bool group_query_members(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out, struct err *err)
{
    (void)directory;
    (void)group_id;
    (void)err;
    *ids_out = talloc_zero_array(owner, int64_t, 1);
    *count_out = 0;
    return true;
}
bool directory_has_domain(struct directory *directory, const char *domain, bool *is_ours_out, struct err *err)
{
    (void)directory;
    (void)err;
    *is_ours_out = strcmp(domain, "example.org") == 0 || strcmp(domain, "example.net") == 0;
    return true;
}
bool directory_secret(struct directory *directory, unsigned char secret_out[32], struct err *err)
{
    (void)directory;
    (void)err;
    memset(secret_out, 7, 32);
    return true;
}
bool server_key(struct directory *directory, const char *name, int64_t *server_id_out,
                uint8_t key_out[SERVER_KEY_BYTES], struct err *err)
{
    (void)directory;
    memset(key_out, 9, SERVER_KEY_BYTES);
    *server_id_out = 4;
    return strcmp(name, "paris.example.org") == 0 || err_set(err, ERR_NOT_FOUND, "There is no such server.");
}
bool directory_postmaster(struct directory *directory, const void *owner, struct resolved *found,
                          struct err *err)
{
    (void)directory;
    (void)err;
    fake_found(owner, 0, found);
    return true;
}

/* ---- filter: the context has none, so nobody asks */

void filter_connection(struct filter *filter, const void *owner, const struct net_address *peer,
                       bool is_submission, struct filter_peer_verdict *verdict)
{
    (void)filter, (void)owner, (void)peer, (void)is_submission, (void)verdict;
    abort();
}
bool filter_mail(struct filter *filter, const struct net_address *peer, const char *sender)
{
    (void)filter, (void)peer, (void)sender;
    abort();
}
void filter_rcpt(struct filter *filter, const struct filter_sender_question *question,
                 enum filter_reason *reason, enum filter_action *action)
{
    (void)filter, (void)question, (void)reason, (void)action;
    abort();
}
bool filter_may_send(struct filter *filter, const struct filter_account *account, enum filter_reason *reason)
{
    (void)filter, (void)account, (void)reason;
    abort();
}
bool filter_count_sent(struct filter *filter, const struct filter_account *account, size_t recipients,
                       enum filter_reason *reason)
{
    (void)filter, (void)account, (void)recipients, (void)reason;
    abort();
}
void filter_journal(const struct filter *filter, const struct filter_input *input, struct span message,
                    const char *journal_address, struct buf *out)
{
    (void)filter, (void)input, (void)message, (void)journal_address, (void)out;
    abort();
}
const char *filter_action_name(enum filter_action action)
{
    return action == FILTER_ACCEPT ? "accept" : "other";
}
bool filter_helo(struct filter *filter, const struct net_address *peer, const char *helo)
{
    (void)filter, (void)peer, (void)helo;
    abort();
}
bool filter_takes_reports(struct filter *filter, int64_t organisation_id, const char *key)
{
    (void)filter, (void)organisation_id, (void)key;
    abort();
}
void familiar_keys_of(struct familiar_keys *keys, const char *host_name, struct span message)
{
    (void)keys, (void)host_name, (void)message;
    abort();
}
bool familiar_find(struct directory *directory, const void *owner, const int64_t *mailboxes, size_t count,
                   const struct span *keys, size_t key_count, int64_t **known, size_t *known_count,
                   struct err *err)
{
    (void)directory, (void)owner, (void)mailboxes, (void)count, (void)keys, (void)key_count, (void)known;
    (void)known_count, (void)err;
    abort();
}
bool report_receive(struct directory *directory, int64_t organisation_id, struct span message,
                    struct err *err)
{
    (void)directory, (void)organisation_id, (void)message, (void)err;
    abort();
}
const char *filter_reason_name(enum filter_reason reason)
{
    (void)reason;
    abort();
}
bool quarantine_add(struct directory *directory, const struct quarantine_entry *entry, struct err *err)
{
    (void)directory, (void)entry, (void)err;
    abort();
}
void filter_message(struct filter *filter, const void *owner, const struct filter_input *input,
                    struct filter_verdict *verdict)
{
    (void)filter, (void)owner, (void)input, (void)verdict;
    abort();
}
/* ---- policy, deliver */

bool policy_may_send(struct policy *policy, int64_t storage_group_id, int64_t mailbox_id, struct err *err)
{
    (void)policy;
    (void)storage_group_id;
    (void)mailbox_id;
    (void)err;
    return true;
}
bool sender_limits_find(struct directory *directory, const char *login, struct sender_limits *limits_out,
                        struct err *err)
{
    (void)directory;
    (void)login;
    (void)err;
    *limits_out = (struct sender_limits){ 0 };
    return true;
}
bool sender_right_find(struct directory *directory, const void *owner, int64_t recipient_id, const char *key,
                       struct sender_right *right_out, struct err *err)
{
    (void)directory, (void)owner, (void)recipient_id, (void)key, (void)right_out;
    return err_set(err, ERR_NOT_FOUND, "Nobody granted that.");
}
bool policy_admit(struct policy *policy, const struct policy_question *question,
                  struct resolve_answer *answer_io, int64_t *max_bytes_out, struct err *err)
{
    (void)policy;
    (void)question;
    (void)answer_io;
    (void)err;
    *max_bytes_out = 0;
    return true;
}
bool policy_check(struct policy *policy, const struct policy_question *question,
                  const struct resolve_target *target, struct err *err)
{
    (void)policy;
    (void)question;
    return target->mailbox_id != 4 || err_set(err, ERR_QUOTA, "The mailbox is full.");
}
static bool fake_file(const struct message_draft *draft, struct deliver_recipient *recipient)
{
    recipient->target.is_filed = recipient->target.mailbox_id != 9;
    if (!recipient->target.is_filed)
        return err_set(&recipient->target.err, ERR_QUOTA, "The mailbox is full.");
    if (fake.delivered_to_count < COUNT_OF(fake.delivered_to))
        fake.delivered_to[fake.delivered_to_count++] = recipient->target.mailbox_id;
    fake.deliveries++;
    (void)draft;
    return true;
}
bool deliver_message(struct deliver *deliver, const struct message_draft *draft, int64_t received_us,
                     struct deliver_recipient *recipients, size_t count, struct err *err)
{
    (void)deliver;
    (void)received_us;
    (void)err;
    for (size_t i = 0; i < count; i++)
        (void)!fake_file(draft, &recipients[i]);
    buf_add_span(&fake.delivered, draft->bytes);
    return true;
}
bool deliver_has_room(struct deliver *deliver, struct err *err)
{
    (void)deliver;
    (void)err;
    return true;
}
bool deliver_message_whole(struct deliver *deliver, const struct message_draft *draft, int64_t received_us,
                           struct deliver_recipient *recipients, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (recipients[i].target.mailbox_id == 9)
            return err_set(err, ERR_QUOTA, "The mailbox is full.");
    return deliver_message(deliver, draft, received_us, recipients, count, err);
}
struct message_draft *message_prepare(const void *owner, struct span bytes);
/* ---- accept: what needs no queue is filed as above, the rest is counted */

enum accept_way accept_way(const struct accept *accept, const struct accept_message *message)
{
    (void)accept;
    if (message->remote_count > 0 || message->hold_until_us > 0)
        return ACCEPT_QUEUES;
    for (size_t i = 1; i < message->target_count; i++)
        if (message->targets[i].group_id != message->targets[0].group_id)
            return ACCEPT_QUEUES;
    return ACCEPT_FILES;
}
bool accept_queue(struct accept *accept, const void *arena, const struct accept_message *message,
                  struct err *err)
{
    (void)accept;
    (void)arena;
    (void)err;
    fake.queued += message->target_count + message->remote_count;
    return true;
}
bool accept_is_near(const struct accept *accept, int64_t group_id)
{
    (void)accept;
    (void)group_id;
    return true;
}
bool accept_each(struct accept *accept, const void *arena, struct accept_message *message, struct err *err)
{
    (void)accept;
    return deliver_message(NULL, message_prepare(arena, message->bytes), 0, message->targets,
                           message->target_count, err);
}
bool accept_message(struct accept *accept, const void *arena, struct accept_message *message, struct err *err)
{
    message->way_taken = accept_way(accept, message);
    if (message->way_taken == ACCEPT_QUEUES)
        return accept_queue(accept, arena, message, err);
    return deliver_message_whole(NULL, message_prepare(arena, message->bytes), 0, message->targets,
                                 message->target_count, err);
}
bool accept_retry_domain(struct accept *accept, const char *domain, size_t *count_out, struct err *err)
{
    (void)accept;
    (void)err;
    *count_out = strcmp(domain, "example.net") == 0 ? 2 : 0;
    return true;
}
/* Only so that directory/login.c, which has it, is not linked in place of what stands here. */
bool login_senders(struct directory *directory, const void *owner, int64_t recipient_id,
                   const char ***addresses_out, size_t *count_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)recipient_id;
    (void)err;
    *addresses_out = NULL;
    *count_out = 0;
    return true;
}
struct message_draft *message_prepare(const void *owner, struct span bytes)
{
    struct message_draft *draft = talloc_zero(owner, struct message_draft);

    draft->bytes = bytes;
    draft->size_bytes = span_length(bytes);
    return draft;
}

/* ---- SASL */

struct sasl {
    struct identity identity;
};

const char **sasl_mechanisms(struct auth *auth, const void *owner, enum directory_protocol protocol,
                             const struct sasl_channel *channel)
{
    (void)protocol;
    static const char *names[] = { "PLAIN", "LOGIN", NULL };

    (void)auth;
    (void)owner;
    (void)channel;
    return names;
}
bool sasl_start(struct auth *auth, const void *owner, const struct auth_request *request,
                const struct sasl_channel *channel, struct span mechanism, struct sasl **sasl_out,
                struct err *err)
{
    (void)auth;
    (void)request;
    (void)channel;
    if (!span_equals_nocase(mechanism, "PLAIN"))
        return err_set(err, ERR_INVALID, "There is no such mechanism here.");
    *sasl_out = talloc_zero(owner, struct sasl);
    (*sasl_out)->identity.login = "ada@example.org";
    return true;
}
enum sasl_next sasl_step(struct sasl *sasl, const struct span *response, struct span *challenge_out,
                         struct err *err)
{
    (void)sasl;
    *challenge_out = span_text("");
    if (!response)
        return SASL_CHALLENGE;
    if (span_length(*response) < 5 || memcmp(response->end - 5, "wrong", 5) != 0)
        return SASL_OK;
    err_set(err, ERR_AUTH, "Authentication failed.");
    return SASL_FAILED;
}
struct identity *sasl_identity(const struct sasl *sasl)
{
    return (struct identity *)(uintptr_t)&sasl->identity;
}
unsigned sasl_delay_ms(const struct sasl *sasl)
{
    (void)sasl;
    return 0;
}
const char *sasl_login(const struct sasl *sasl)
{
    (void)sasl;
    return "";
}
bool identity_may_send_as(const struct identity *identity, const char *address_key)
{
    return strcmp(identity->login, address_key) == 0;
}
bool auth_identity(struct auth *auth, const void *owner, const char *login, struct identity **identity_out,
                   struct err *err)
{
    (void)auth;
    (void)owner;
    (void)login;
    (void)identity_out;
    return err_set(err, ERR_NOT_FOUND, "nobody");
}

bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err)
{
    (void)auth;
    (void)identity;
    (void)err;
    return true;
}

#endif
