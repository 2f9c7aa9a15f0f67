/* post_word.c -- mail to addresses that understand something: no person reads it, and no program may answer for one. */
#include "accept/link_act.h"
#include "base/clock.h"
#include "base/log.h"
#include "resolve/link.h"
#include "run/post.h"

#include <talloc.h>

static struct link_act_context context_of(const struct posting *p)
{
    return (struct link_act_context){ .accept = p->run->accept,
                                      .host_name = p->run->options.host_name,
                                      .base_url = p->run->options.link_base };
}

bool post_word(struct posting *p, const struct list_settings *list, unsigned word, struct err *err)
{
    const struct queue_message *m = p->outcome->row->message;
    struct link_act_context context = context_of(p);
    bool is_sure = m->login_id != 0, done;

    if (!*m->sender || post_is_automatic(p->bytes, false))
        return post_drop(p, "Written by nobody");
    if (!list->is_list)
        return post_fail(p, "5.1.1", "There is no such recipient here.");
    switch ((enum list_word)word) {
    case LIST_WORD_JOIN:
        done = link_join(&context, list, m->sender, is_sure, err);
        break;
    case LIST_WORD_LEAVE:
        done = link_leave(&context, list, m->sender, is_sure, err);
        break;
    default:
        done = link_help(&context, list, m->sender, err);
    }
    if (done)
        return post_done(p, "Taken");
    return !err_is_temporary(err->kind) && post_fail(p, "5.7.1", err->user);
}

bool post_token(struct posting *p, struct span text, struct err *err)
{
    struct link_act_context context = context_of(p);
    struct link_token token;
    struct link_key key;

    if (post_is_automatic(p->bytes, false) || !*p->outcome->row->message->sender)
        return post_drop(p, "Written by nobody"); /* an absence is no approval */
    if (!link_key(p->run->options.directory, &key, err))
        return false;
    if (link_token_read(key.bytes, text, clock_now_us(), &token) != LINK_GOOD)
        return post_fail(p, "5.7.1", "The time for this answer is over.");
    if (!link_act(&context, &token, NULL, NULL, err)) {
        if (err_is_temporary(err->kind))
            return false;
        log_event(LOG_LEVEL_INFO, "list.token.late", log_text("id", p->outcome->row->message->name),
                  log_text("reason", err->user));
        *err = ERR_INIT;
    }
    run_wake(p->run);
    return post_done(p, "Taken");
}
