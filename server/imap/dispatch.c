/*
 * dispatch.c -- see dispatch.h.
 */
#include "imap/dispatch.h"

#include "imap/dialogue.h"

#include <talloc.h>

static const struct imap_command no_command = { "?", 0, NO_UPDATES, NULL, "" };

static const char *state_text(enum imap_state state)
{
    return state == NOT_AUTHENTICATED ? "before login"
           : state == AUTHENTICATED   ? "without a selected folder"
                                      : "now";
}

struct imap_request *imap_request_new(struct imap_session *session, struct span tag,
                                      const struct imap_command *command)
{
    void *arena = session_arena(session->net);
    struct imap_request *req = talloc_zero(arena, struct imap_request);

    req->session = session;
    req->arena = arena;
    req->command = command;
    req->tag = tag;
    req->in.arena = arena;
    req->in.takes_utf8 = imap_speaks_utf8(session);
    return req;
}

/* The unit without its CRLF; the head of a streamed literal at its end stays, and its bytes are said to be elsewhere. */
static bool give_input(struct imap_request *req, struct span unit)
{
    struct imap_literal_head head;

    req->unit = unit;
    if (span_length(unit) < 2 || unit.end[-2] != '\r')
        return false;
    req->in.rest = (struct span){ unit.p, unit.end - 2 };
    if (req->session->is_streamed && imap_literal_head(req->in.rest, &head)) {
        struct imap_spooled *spooled = talloc(req->arena, struct imap_spooled);

        req->in.rest.end = unit.end;
        *spooled = (struct imap_spooled){ .at = unit.end, .size = head.size };
        req->in.spooled = spooled;
        req->in.spooled_count = 1;
    }
    return true;
}

static bool take_name(struct imap_request *req, struct span *name_out)
{
    if (!imap_take_space(&req->in) || !imap_take_atom(&req->in, name_out))
        return false;
    if (!span_equals_nocase(*name_out, "UID"))
        return true;
    req->by_uid = true;
    return imap_take_space(&req->in) && imap_take_atom(&req->in, name_out);
}

static enum session_next check_and_run(struct imap_request *req)
{
    struct imap_session *session = req->session;
    const struct imap_command *command = req->command;

    if (!(command->states & session->state))
        return imap_bad(req, "%s is not possible %s.", command->name, state_text(session->state));
    if ((command->needs & USES_NUMBERS) && !req->by_uid && imap_has(session, ENABLED_UIDONLY))
        return imap_bad_code(req, "UIDREQUIRED", "Only UIDs are used in this session.");
    if (!imap_selected_is_still_readable(session)) {
        imap_bye(session, NULL, "The selected folder was deleted.");
        return SESSION_CLOSE;
    }
    if ((command->needs & WRITES) && session->selected->is_read_only)
        return imap_no(req, "READ-ONLY", "This folder is open for reading only.");
    return command->run(req);
}

/* The literal with whose head a unit ends is on its way, unasked (RFC 7888). */
static bool has_literal_coming(const struct imap_request *req, uint64_t *size_out)
{
    struct imap_literal_head head;
    struct span line = { req->unit.p, req->unit.end - 2 };

    if (!req->session->is_streamed || !imap_literal_head(line, &head) || head.is_synchronising)
        return false;
    *size_out = head.size;
    return true;
}

static enum session_next swallow(struct imap_request *req, uint64_t size)
{
    if (size > (uint64_t)req->session->context->append_limit_bytes) {
        imap_bye(req->session, "TOOBIG", "The message that follows is too large.");
        return SESSION_CLOSE;
    }
    session_expect_bytes(req->session->net, size, 0);
    return SESSION_DONE;
}

static enum session_next on_swallowed(struct imap_request *req, struct spool *body)
{
    (void)req;
    (void)body;
    return SESSION_DONE;
}

static enum session_next on_rest(struct imap_request *req)
{
    uint64_t size;

    if (has_literal_coming(req, &size))
        return swallow(req, size);
    imap_dialogue_end(req->session);
    return SESSION_DONE;
}

/* A literal that nobody will take is on its way: it and the rest of its command must not be read as commands. */
static enum session_next refuse_streamed(struct imap_request *req, enum session_next answer)
{
    struct imap_dialogue *dialogue;
    uint64_t size;

    if (answer != SESSION_DONE || req->session->dialogue || !has_literal_coming(req, &size))
        return answer;
    dialogue = imap_dialogue_open(req, FRAMING_CONTINUATION, on_rest);
    dialogue->body = on_swallowed;
    return swallow(req, size);
}

enum session_next imap_dispatch(struct imap_session *session, struct span unit)
{
    struct imap_request *req = imap_request_new(session, (struct span){ NULL, NULL }, &no_command);
    const struct imap_command *command;
    struct span name;

    session->running = req;
    if (!give_input(req, unit)) {
        req->in.rest = unit;
        (void)!imap_take_tag(&req->in, &req->tag);
        return imap_bad(req, "Lines end with CR and LF.");
    }
    if (!imap_take_tag(&req->in, &req->tag))
        return refuse_streamed(req, imap_bad(req, "A command begins with a tag."));
    if (!take_name(req, &name))
        return refuse_streamed(req, imap_bad(req, "After the tag comes a command."));
    if (!imap_session_still_valid(session)) {
        imap_bye(session, "EXPIRED", "The account was changed, log in again.");
        return SESSION_CLOSE;
    }
    command = imap_command_find(name);
    if (!command || (req->by_uid && !(command->needs & MAY_UID)))
        return refuse_streamed(req, imap_bad(req, "I do not know this command."));
    req->command = command;
    return refuse_streamed(req, check_and_run(req));
}

enum session_next imap_dispatch_dialogue(struct imap_session *session, struct span unit)
{
    struct imap_dialogue *dialogue = session->dialogue;
    struct imap_request *req = imap_request_new(session, span_text(dialogue->tag), dialogue->command);

    session->running = req;
    req->by_uid = dialogue->by_uid;
    req->tag = span_text(talloc_strdup(req->arena, dialogue->tag)); /* outlives the dialogue */
    if (!give_input(req, unit)) {
        imap_dialogue_end(session);
        return imap_bad(req, "Lines end with CR and LF.");
    }
    return refuse_streamed(req, dialogue->line(req));
}

bool imap_dispatch_is_cheap(struct imap_session *session, struct span unit)
{
    struct imap_in in = { .rest = unit };
    const struct imap_command *command;
    struct span tag, name;

    if (session->dialogue || session->running || session->selected || session->is_streamed ||
        imap_session_is_due(session))
        return false;
    if (!imap_take_tag(&in, &tag) || !imap_take_space(&in) || !imap_take_atom(&in, &name))
        return false;
    command = imap_command_find(name);
    return command && (command->needs & IS_CHEAP);
}
