/* link_act.c -- joining, leaving and deciding, with the letters that belong to them. */
#include "accept/link_act.h"

#include "accept/apply.h"
#include "accept/letter.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wake.h"
#include "directory/alias.h"
#include "queue/moderation.h"
#include "resolve/link.h"

#include <string.h>
#include <talloc.h>

#define DAY_US (86400 * US_PER_S)

static struct directory *directory_of(const struct link_act_context *context)
{
    return context->accept->options.directory;
}

char *link_url(const void *owner, const char *base_url, const char *token)
{
    return talloc_asprintf(owner, "%s/l/%s", base_url, token);
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? at + 1 : "";
}

/* ---- letters */

static bool tell(const struct link_act_context *context, const struct list_settings *list, const void *owner,
                 const char *to, const char *subject, const char *text, struct err *err)
{
    struct letter letter = { .from_name = list->name,
                             .from = list_word_address(owner, list->address, LIST_WORD_OWNER),
                             .to = to,
                             .subject = subject,
                             .text = text,
                             .organisation_id = list->organisation_id };

    return letter_send(context->accept, context->host_name, &letter, err);
}

/* A token's text in a link and as an address to answer to. */
struct offer {
    const char *url, *address;
};

static bool make_offer(const struct link_act_context *context, const void *owner, const char *domain,
                       const struct link_token *token, struct offer *offer_out, struct err *err)
{
    struct link_key key;

    if (!link_key(directory_of(context), &key, err))
        return false;
    offer_out->url = link_url(owner, context->base_url, link_token_text(owner, key.bytes, token));
    offer_out->address = link_address(owner, &key, token, domain);
    return true;
}

static bool ask_to_confirm(const struct link_act_context *context, const void *owner,
                           const struct list_settings *list, const char *address, int64_t request_id,
                           bool leaves, struct err *err)
{
    struct link_token token = { .act = LINK_CONFIRM,
                                .a = (uint64_t)request_id,
                                .until_us = clock_now_us() + LIST_REQUEST_DAYS * DAY_US };
    struct offer offer;
    const char *text;

    if (!make_offer(context, owner, domain_of(list->address), &token, &offer, err))
        return false;
    text = talloc_asprintf(owner,
                           "Somebody, probably you, asked that %s %s the list %s.\n"
                           "Confirm it by answering this mail, or here:\n\n  %s\n\n"
                           "If it was not you, do nothing.\n\n----\n\n"
                           "Quelqu'un, sans doute vous, a demandé que %s %s la liste %s.\n"
                           "Confirmez en répondant à ce message, ou ici :\n\n  %s\n\n"
                           "Si ce n'était pas vous, ne faites rien.\n",
                           address, leaves ? "leave" : "join", list->address, offer.url, address,
                           leaves ? "quitte" : "rejoigne", list->address, offer.url);
    struct letter letter = { .from_name = list->name,
                             .from = list_word_address(owner, list->address, LIST_WORD_OWNER),
                             .to = address,
                             .reply_to = offer.address,
                             .subject = talloc_asprintf(owner, "%s: %s", list->address,
                                                        leaves ? "leave / quitter ?" : "join / rejoindre ?"),
                             .text = text,
                             .organisation_id = list->organisation_id };
    return letter_send(context->accept, context->host_name, &letter, err);
}

/* Those who decide hear that somebody waits. */
static bool ask_to_admit(const struct link_act_context *context, const void *owner,
                         const struct list_settings *list, const char *address, int64_t request_id,
                         struct err *err)
{
    const struct list_person *people = list->moderator_count ? list->moderators : list->owners;
    size_t count = list->moderator_count ? list->moderator_count : list->owner_count;
    struct link_token token = { .act = LINK_ADMIT,
                                .a = (uint64_t)request_id,
                                .until_us = clock_now_us() + LIST_REQUEST_DAYS * DAY_US };
    struct offer offer;

    for (size_t i = 0; i < count; i++) {
        token.b = i;
        if (!make_offer(context, owner, domain_of(list->address), &token, &offer, err))
            return false;
        struct letter letter = { .from_name = list->name,
                                 .from = list_word_address(owner, list->address, LIST_WORD_OWNER),
                                 .to = people[i].address,
                                 .reply_to = offer.address,
                                 .subject = talloc_asprintf(owner, "%s: %s ?", list->address, address),
                                 .text = talloc_asprintf(
                                     owner,
                                     "%s would like to join the list %s.\n"
                                     "Agree by answering this mail, or here:\n\n  %s\n\n"
                                     "Do nothing to refuse.\n\n----\n\n"
                                     "%s voudrait rejoindre la liste %s.\n"
                                     "Acceptez en répondant à ce message, ou ici :\n\n  %s\n\n"
                                     "Ne faites rien pour refuser.\n",
                                     address, list->address, offer.url, address, list->address, offer.url),
                                 .organisation_id = list->organisation_id };
        if (!letter_send(context->accept, context->host_name, &letter, err))
            return false;
    }
    return true;
}

/* ---- members */

static bool welcome(const struct link_act_context *context, const void *owner,
                    const struct list_settings *list, const char *address, struct err *err)
{
    const char *leave = list_word_address(owner, list->address, LIST_WORD_LEAVE);
    const char *text =
        talloc_asprintf(owner,
                        "%s is a member of the list %s now. To leave, write to %s.\n\n----\n\n"
                        "%s fait maintenant partie de la liste %s. Pour la quitter, écrivez à %s.\n",
                        address, list->address, leave, address, list->address, leave);

    return tell(context, list, owner, address,
                talloc_asprintf(owner, "%s: welcome / bienvenue", list->address), text, err);
}

static bool admit(const struct link_act_context *context, const void *owner, const struct list_settings *list,
                  const struct actor *actor, const char *address, struct err *err)
{
    if (!group_member_add(directory_of(context), actor, list->address, address, err)) {
        if (err->kind != ERR_EXISTS)
            return false;
        *err = ERR_INIT; /* it is one already: said once more */
    }
    return welcome(context, owner, list, address, err);
}

static bool dismiss(const struct link_act_context *context, const void *owner,
                    const struct list_settings *list, const struct actor *actor, const char *address,
                    struct err *err)
{
    const char *text = talloc_asprintf(owner,
                                       "%s is no longer a member of the list %s.\n\n----\n\n"
                                       "%s ne fait plus partie de la liste %s.\n",
                                       address, list->address, address, list->address);

    if (!group_member_remove(directory_of(context), actor, list->address, address, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT; /* it was none: nobody learns that from the answer */
    }
    return tell(context, list, owner, address, talloc_asprintf(owner, "%s: left / quittée", list->address),
                text, err);
}

/* Who has shown that the address is theirs. */
static bool join_confirmed(const struct link_act_context *context, const void *owner,
                           const struct list_settings *list, const char *address, const char *peer,
                           int64_t request_id, struct err *err)
{
    const struct actor actor = { .name = address, .peer = peer };

    if (list->joining == LIST_OPEN)
        return admit(context, owner, list, &actor, address, err) &&
               (!request_id || list_request_remove(directory_of(context), request_id, err));
    if (list->joining == LIST_CLOSED)
        return err_set(err, ERR_NOT_FOUND, "This list takes no members by mail.");
    if (request_id ? !list_request_confirm(directory_of(context), request_id, err)
                   : !list_request_add(directory_of(context), list->recipient_id, address, false, true,
                                       &request_id, err)) {
        if (err->kind != ERR_LIMIT)
            return false;
        *err = ERR_INIT;
        return true;
    }
    return ask_to_admit(context, owner, list, address, request_id, err);
}

/* ---- by mail */

static bool request(const struct link_act_context *context, const void *owner,
                    const struct list_settings *list, const char *address, bool leaves, struct err *err)
{
    int64_t request_id;

    if (list_request_add(directory_of(context), list->recipient_id, address, leaves, false, &request_id, err))
        return ask_to_confirm(context, owner, list, address, request_id, leaves, err);
    if (err->kind != ERR_LIMIT)
        return false;
    log_event(LOG_LEVEL_INFO, "list.request.again", log_text("list", list->address),
              log_text("from", address));
    *err = ERR_INIT;
    return true;
}

bool link_join(const struct link_act_context *context, const struct list_settings *list, const char *address,
               bool is_sure, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool done;

    *err = ERR_INIT;
    if (list->joining == LIST_CLOSED)
        done = !is_sure || tell(context, list, scratch, address,
                                talloc_asprintf(scratch, "%s: closed / fermée", list->address),
                                "Members of this list are named by its owners.\n\n----\n\n"
                                "Les membres de cette liste sont nommés par ses responsables.\n",
                                err);
    else if (is_sure)
        done = join_confirmed(context, scratch, list, address, NULL, 0, err);
    else
        done = request(context, scratch, list, address, false, err);
    talloc_free(scratch);
    return done;
}

bool link_leave(const struct link_act_context *context, const struct list_settings *list, const char *address,
                bool is_sure, struct err *err)
{
    const struct actor actor = { .name = address };
    void *scratch = talloc_new(NULL);
    bool done;

    *err = ERR_INIT;
    done = is_sure ? dismiss(context, scratch, list, &actor, address, err)
                   : request(context, scratch, list, address, true, err);
    talloc_free(scratch);
    return done;
}

bool link_help(const struct link_act_context *context, const struct list_settings *list, const char *address,
               struct err *err)
{
    void *scratch = talloc_new(NULL);
    const char *join = list_word_address(scratch, list->address, LIST_WORD_JOIN),
               *leave = list_word_address(scratch, list->address, LIST_WORD_LEAVE),
               *owner = list_word_address(scratch, list->address, LIST_WORD_OWNER);
    const char *text =
        talloc_asprintf(scratch,
                        "The list %s\n\n  join:   %s\n  leave:  %s\n  owners: %s\n\n----\n\n"
                        "La liste %s\n\n  rejoindre :    %s\n  quitter :      %s\n  responsables : %s\n",
                        list->address, join, leave, owner, list->address, join, leave, owner);
    bool done;

    *err = ERR_INIT;
    done = tell(context, list, scratch, address, talloc_asprintf(scratch, "%s: help / aide", list->address),
                text, err);
    talloc_free(scratch);
    return done;
}

/* ---- by a token */

static bool act_moderate(const struct link_act_context *context, const void *owner,
                         const struct link_token *token, const char *peer, const char *reason,
                         struct err *err)
{
    struct actor actor = { .name = "", .peer = peer };
    struct moderation_entry entry;

    if (!moderation_find(directory_of(context), &actor, owner, (int64_t)token->a, &entry, err))
        return false;
    if (token->b >= entry.moderator_count)
        return err_set(err, ERR_NOT_FOUND, "No message with this number waits for a moderator (any more).");
    actor.name = entry.moderators[token->b];
    if (!moderation_decide(directory_of(context), &actor, entry.moderation_id,
                           token->act == LINK_APPROVE ? MODERATION_APPROVE : MODERATION_REJECT, reason, err))
        return false;
    wake_publish(context->accept->options.wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
    return true;
}

/* The wish to join or leave that a token speaks of, and its list. */
static bool request_of(const struct link_act_context *context, const void *owner,
                       const struct link_token *token, struct list_request *request_out,
                       struct list_settings *list_out, struct err *err)
{
    return list_request_find(directory_of(context), owner, (int64_t)token->a, request_out, err) &&
           list_load(directory_of(context), owner, request_out->list_id, list_out, err);
}

static bool act_confirm(const struct link_act_context *context, const void *owner,
                        const struct link_token *token, const char *peer, const char *reason, struct err *err)
{
    struct list_request request;
    struct list_settings list;

    (void)reason;
    if (!request_of(context, owner, token, &request, &list, err))
        return false;
    const struct actor actor = { .name = request.address, .peer = peer };
    if (!request.leaves)
        return join_confirmed(context, owner, &list, request.address, peer, request.request_id, err);
    return dismiss(context, owner, &list, &actor, request.address, err) &&
           list_request_remove(directory_of(context), request.request_id, err);
}

static bool act_admit(const struct link_act_context *context, const void *owner,
                      const struct link_token *token, const char *peer, const char *reason, struct err *err)
{
    struct list_request request;
    struct list_settings list;

    (void)reason;
    if (!request_of(context, owner, token, &request, &list, err))
        return false;
    const struct list_person *people = list.moderator_count ? list.moderators : list.owners;
    size_t count = list.moderator_count ? list.moderator_count : list.owner_count;
    if (!request.is_confirmed || token->b >= count)
        return err_set(err, ERR_NOT_FOUND, "Nobody waits to join with this number (any more).");
    const struct actor actor = { .name = people[token->b].address, .peer = peer };
    return admit(context, owner, &list, &actor, request.address, err) &&
           list_request_remove(directory_of(context), request.request_id, err);
}

static bool act_unsubscribe(const struct link_act_context *context, const void *owner,
                            const struct link_token *token, const char *peer, const char *reason,
                            struct err *err)
{
    const struct actor actor = { .name = "link", .peer = peer };
    const char *address;

    (void)reason;
    if (!list_leave(directory_of(context), &actor, owner, (int64_t)token->a, token->b, &address, err))
        return false;
    if (address)
        log_event(LOG_LEVEL_INFO, "list.left", log_i64("list", (int64_t)token->a),
                  log_text("member", address), log_text("peer", peer ? peer : ""));
    return true; /* who has left already has left */
}

typedef bool act_function(const struct link_act_context *context, const void *owner,
                          const struct link_token *token, const char *peer, const char *reason,
                          struct err *err);

static act_function *const acts[LINK_ACTS] = {
    [LINK_UNSUBSCRIBE] = act_unsubscribe, [LINK_CONFIRM] = act_confirm, [LINK_ADMIT] = act_admit,
    [LINK_APPROVE] = act_moderate,        [LINK_REJECT] = act_moderate,
};

bool link_act(const struct link_act_context *context, const struct link_token *token, const char *peer,
              const char *reason, struct err *err)
{
    void *scratch = talloc_new(NULL);
    bool done;

    *err = ERR_INIT;
    done = acts[token->act] ? acts[token->act](context, scratch, token, peer, reason, err)
                            : err_set(err, ERR_NOT_FOUND, "There is nothing to be done here (any more).");
    talloc_free(scratch);
    return done;
}
