/* snippet.c -- SearchSnippet/get (RFC 8621, 5): where in subject and text the words of a query stand. */
#include "format/fold.h"
#include "format/text.h"
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "jmap/get.h"
#include "jmap/letter.h"
#include "jmap/methods.h"
#include "mailbox/attachments.h"
#include "message/columns.h"

#include <talloc.h>

enum {
    SNIPPET_BYTES = 200,
    SNIPPET_BEFORE = 60,
    TEXT_LOOKED_AT = 256 * 1024,
    NEEDLES_MAX = 64,
    SNIPPETS_MAX = 100
};

struct needles {
    const char *words[NEEDLES_MAX]; /* folded */
    size_t count;
    bool has_body; /* some of them are looked for in the text */
};

static void collect(void *arena, const struct filter *filter, struct needles *out)
{
    if (!filter || filter->operator== FILTER_NOT)
        return;
    for (size_t i = 0; i < filter->count; i++)
        collect(arena, filter->children[i], out);
    if (filter->operator!= FILTER_LEAF)
        return;
    for (const struct condition *c = filter->compiled; c; c = c->next) {
        bool is_wanted = c->kind == TEXT || c->kind == BODY || c->kind == SUBJECT;
        out->has_body = out->has_body || c->kind == TEXT || c->kind == BODY;
        for (size_t i = 0; is_wanted && i < c->word_count && out->count < NEEDLES_MAX; i++)
            out->words[out->count++] = fold_text(arena, c->words[i]);
    }
}

/* ---- marks: text and its folded form are walked together, character by character */

static size_t character_at(const char *p)
{
    size_t length = 1;

    while (((unsigned char)p[length] & 0xc0) == 0x80)
        length++;
    return length;
}

/* How many bytes at `p` a needle covers; 0: it does not stand there. */
static size_t covered(void *arena, const char *p, const char *needle)
{
    struct buf folded = BUF_INIT(arena);
    size_t wanted = strlen(needle), taken = 0;

    while (p[taken] && folded.length < wanted) {
        size_t length = character_at(p + taken);
        fold_add(&folded, span_of(p + taken, length));
        taken += length;
        if (folded.length == 0 || folded.length > wanted || memcmp(folded.p, needle, folded.length) != 0)
            return 0;
    }
    return folded.length == wanted && wanted > 0 ? taken : 0;
}

static size_t longest(void *arena, const char *p, const struct needles *needles)
{
    size_t most = 0;

    for (size_t i = 0; i < needles->count; i++) {
        size_t length = covered(arena, p, needles->words[i]);
        most = length > most ? length : most;
    }
    return most;
}

static void add_escaped(struct buf *out, const char *p, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '<')
            buf_add_text(out, "&lt;");
        else if (p[i] == '>')
            buf_add_text(out, "&gt;");
        else if (p[i] == '&')
            buf_add_text(out, "&amp;");
        else
            buf_add_byte(out, p[i] == '\n' || p[i] == '\r' || p[i] == '\t' ? ' ' : p[i]);
    }
}

/* HTML with <mark>; NULL where nothing is marked. */
static json_t *marked(void *arena, const char *text, size_t most, const struct needles *needles)
{
    struct buf out = BUF_INIT(arena);
    bool has_mark = false;
    size_t at = 0;

    while (text[at] && at < most) {
        void *scratch = talloc_new(arena);
        size_t hit = longest(scratch, text + at, needles), length = hit ? hit : character_at(text + at);
        talloc_free(scratch);
        if (hit)
            buf_add_text(&out, "<mark>");
        add_escaped(&out, text + at, length);
        if (hit)
            buf_add_text(&out, "</mark>");
        has_mark = has_mark || hit;
        at += length;
    }
    return has_mark ? json_stringn(out.p, out.length) : NULL;
}

/* Where the first needle stands in the folded text, as far as one can tell in the text itself. */
static size_t first_hit(void *arena, const char *text, const struct needles *needles)
{
    for (size_t at = 0; text[at];) {
        void *scratch = talloc_new(arena);
        bool is_hit = longest(scratch, text + at, needles) > 0;
        talloc_free(scratch);
        if (is_hit)
            return at;
        at += character_at(text + at);
    }
    return SIZE_MAX;
}

/* What stands around the first needle; NULL where none stands there. */
static json_t *section(void *arena, const char *text, const struct needles *needles)
{
    size_t hit = first_hit(arena, text, needles), start;

    if (hit == SIZE_MAX)
        return NULL;
    start = hit > SNIPPET_BEFORE ? hit - SNIPPET_BEFORE : 0;
    while (start < hit && ((unsigned char)text[start] & 0xc0) == 0x80)
        start++;
    return marked(arena, text + start, SNIPPET_BYTES, needles);
}

/* Where the letter itself does not say it, what its attachments say. */
static json_t *body_snippet(struct jmap_call *call, const struct email *email, const struct needles *needles,
                            struct err *err)
{
    struct buf text = BUF_INIT(call->arena);
    struct mime_index index;
    struct span bytes, attached;
    json_t *json;

    if (!message_read(call->account->group, call->arena, email->message_id, 0, email->size, &bytes, err))
        return json_null();
    mime_index_build(call->arena, bytes, &index);
    text_add_searchable(&text, bytes, &index, TEXT_LOOKED_AT);
    json = section(call->arena, buf_text(&text), needles);
    if (!json && attachments_text(call->account->group, call->arena, email->message_id, &attached, err))
        json = section(call->arena, span_copy(call->arena, attached), needles);
    return json ? json : json_null();
}

static json_t *snippet_of(struct jmap_call *call, const struct email *email, const struct needles *needles,
                          struct span header, struct err *err)
{
    json_t *subject = jmap_keep(call->arena, jmap_header_property(call->arena, header, "subject")),
           *shown = NULL;

    if (json_is_string(subject))
        shown = marked(call->arena, json_string_value(subject), SIZE_MAX, needles);
    return json_pack("{s:s, s:o, s:o}", "emailId", jmap_id_of(call, GROUP_ID_ITEM, email->item_id), "subject",
                     shown ? shown : json_null(), "preview",
                     needles->has_body ? body_snippet(call, email, needles, err) : json_null());
}

static bool answer(struct jmap_call *call, const json_t *ids, const struct needles *needles)
{
    json_t *list = json_array(), *missing = json_array();
    size_t count = json_array_size(ids);
    int64_t *items = talloc_array(call->arena, int64_t, (unsigned)count + 1);
    struct err err = ERR_INIT;
    struct email *emails;

    jmap_put(call, "list", list);
    jmap_put(call, "notFound", missing);
    for (size_t i = 0; i < count; i++)
        if (!jmap_id_decode(call->account, GROUP_ID_ITEM, json_string_value(json_array_get(ids, i)),
                            &items[i]))
            items[i] = -1;
    if (!jmap_emails(call, items, count, &emails, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < count; i++) {
        struct span header;
        if (!emails[i].item_id) {
            json_array_append(missing, json_array_get(ids, i));
            continue;
        }
        if (!message_header(call->account->group, call->arena, emails[i].message_id, &header, &err))
            return jmap_fail_err(call, &err);
        json_array_append_new(list, snippet_of(call, &emails[i], needles, header, &err));
        if (err.kind != ERR_NONE)
            return jmap_fail_err(call, &err);
    }
    return true;
}

bool snippet_get(struct jmap_call *call)
{
    const json_t *ids = json_object_get(call->in, "emailIds");
    struct needles needles = { .count = 0 };
    struct email_query query;

    if (!json_is_array(ids))
        return jmap_fail_argument(call, "emailIds");
    if (json_array_size(ids) > SNIPPETS_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d snippets can be asked for at once.",
                         SNIPPETS_MAX);
    if (!email_query_read(call, &query))
        return false;
    collect(call->arena, query.filter, &needles);
    return answer(call, ids, &needles);
}
