/*
 * cmd_metadata.c -- GETMETADATA and SETMETADATA (RFC 5464). The folder "" is the mailbox (server annotations).
 */
#include "imap/notify.h"
#include "imap/place.h"
#include "imap/special_use.h"
#include "mailbox/annotation.h"

#include <talloc.h>

enum { ENTRIES_MAX = 200 };

struct get_options {
    uint64_t max_size;
    enum annotation_depth depth;
};

/* "" names the reader's own mailbox itself; anything else a folder. */
static bool take_folder(struct imap_request *req, struct imap_place *place, bool *is_bad_out, struct err *err)
{
    struct span name;

    *is_bad_out = !imap_take_astring(&req->in, &name);
    if (*is_bad_out)
        return false;
    if (!span_is_empty(name))
        return imap_place_of(req, name, place, err);
    *place = (struct imap_place){ .mailbox = req->session->own, .name = "", .shown = "", .is_own = true };
    return true;
}

static bool take_depth(struct imap_in *in, enum annotation_depth *depth)
{
    static const struct {
        const char *word;
        enum annotation_depth depth;
    } depths[] = { { "0", ANNOTATION_ENTRY },
                   { "1", ANNOTATION_CHILDREN },
                   { "infinity", ANNOTATION_INFINITY } };

    for (size_t i = 0; i < COUNT_OF(depths); i++)
        if (imap_take_keyword(in, depths[i].word)) {
            *depth = depths[i].depth;
            return true;
        }
    return false;
}

/* "(" option *(SP option) ")" SP, where it stands. */
static bool take_options(struct imap_in *in, struct get_options *options)
{
    uint32_t size;

    *options = (struct get_options){ .max_size = UINT64_MAX };
    if (!imap_take_byte(in, '('))
        return true;
    do {
        if (imap_take_keyword(in, "MAXSIZE")) {
            if (!imap_take_space(in) || !imap_take_number(in, &size))
                return false;
            options->max_size = size;
        } else if (!imap_take_keyword(in, "DEPTH") || !imap_take_space(in) ||
                   !take_depth(in, &options->depth)) {
            return false;
        }
    } while (imap_take_space(in));
    return imap_take_byte(in, ')') && imap_take_space(in);
}

/* entry, or "(" entry *(SP entry) ")". */
static bool take_entries(struct imap_request *req, struct span **entries_out, size_t *count_out)
{
    struct span *entries = talloc_array(req->arena, struct span, ENTRIES_MAX);
    bool is_list = imap_take_byte(&req->in, '(');

    *count_out = 0;
    do
        if (*count_out == ENTRIES_MAX || !imap_take_astring(&req->in, &entries[(*count_out)++]))
            return false;
    while (is_list && imap_take_space(&req->in));
    *entries_out = entries;
    return !is_list || imap_take_byte(&req->in, ')');
}

static void add_values(struct imap_request *req, const struct imap_place *place,
                       const struct annotation *values, size_t count, uint64_t max_size,
                       uint64_t *longest_out)
{
    struct buf *out = imap_out(req->session);
    bool has_one = false;

    *longest_out = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = span_length(values[i].value);

        if (size > max_size) {
            *longest_out = size > *longest_out ? size : *longest_out;
            continue;
        }
        if (!has_one) {
            buf_add_text(out, "* METADATA ");
            imap_add_folder_name(req->session, out, place->shown);
        }
        buf_add_text(out, has_one ? " " : " (");
        imap_add_astring(req->session, out, span_text(values[i].entry));
        buf_add_byte(out, ' ');
        if (span_find_byte(values[i].value, '\0')) {
            buf_add_byte(out, '~'); /* a literal8: others hold no NUL */
            imap_add_literal(out, values[i].value);
        } else {
            imap_add_nstring_of(req->session, out, values[i].value);
        }
        has_one = true;
    }
    if (has_one)
        buf_add_text(out, ")\r\n");
}

enum session_next cmd_getmetadata(struct imap_request *req)
{
    struct annotation *values;
    struct get_options options, after;
    struct imap_place place;
    struct err err = ERR_INIT;
    struct span *entries;
    size_t count, entry_count;
    uint64_t longest;
    char code[48];
    bool is_bad = !imap_take_space(&req->in) || !take_options(&req->in, &options);

    if (is_bad || !take_folder(req, &place, &is_bad, &err))
        return is_bad ? imap_bad(req, "GETMETADATA takes options, a folder and entries.")
                      : imap_fail(req, &err);
    if (!imap_take_space(&req->in))
        return imap_bad(req, "GETMETADATA needs entries.");
    /* many clients send the options behind the folder, as the examples of the RFC do */
    if (imap_peek(&req->in, '(')) {
        struct span before = req->in.rest;
        if (take_options(&req->in, &after))
            options = after;
        else
            req->in.rest = before;
    }
    if (!take_entries(req, &entries, &entry_count) || !imap_at_end(&req->in))
        return imap_bad(req, "The entries are wrong.");
    if (!annotation_get(place.mailbox, &req->session->reader, place.name, entries, entry_count, options.depth,
                        req->arena, &values, &count, &err) ||
        !imap_add_special_use(req, &place, entries, entry_count, options.depth, &values, &count, &err))
        return err.kind == ERR_INVALID ? imap_bad(req, "An entry name is wrong.") : imap_fail(req, &err);
    add_values(req, &place, values, count, options.max_size, &longest);
    if (longest == 0)
        return imap_ok(req, NULL, "GETMETADATA done.");
    snprintf(code, sizeof code, "METADATA LONGENTRIES %llu", (unsigned long long)longest);
    return imap_ok(req, code, "Longer values were left out.");
}

/* value: NIL, string or literal8. */
static bool take_value(struct imap_in *in, struct span *value_out)
{
    if (imap_take_keyword(in, "NIL")) {
        *value_out = (struct span){ NULL, NULL };
        return true;
    }
    return imap_take_string8(in, value_out);
}

static bool take_pairs(struct imap_request *req, struct annotation **values_out, size_t *count_out)
{
    struct annotation *values = talloc_array(req->arena, struct annotation, ENTRIES_MAX);
    struct imap_in *in = &req->in;
    struct span entry;

    *count_out = 0;
    if (!imap_take_byte(in, '('))
        return false;
    do {
        struct annotation *value = &values[*count_out];

        if (*count_out == ENTRIES_MAX || !imap_take_astring(in, &entry) || !imap_take_space(in) ||
            !take_value(in, &value->value))
            return false;
        value->entry = span_copy(req->arena, entry);
        (*count_out)++;
    } while (imap_take_space(in));
    *values_out = values;
    return imap_take_byte(in, ')') && imap_at_end(in);
}

static enum session_next refuse(struct imap_request *req, const struct err *err)
{
    char code[48];

    if (err->kind == ERR_INVALID)
        return imap_bad(req, "An entry name is wrong.");
    if (err->kind != ERR_LIMIT)
        return imap_fail(req, err);
    snprintf(code, sizeof code, annotation_is_too_big(err) ? "METADATA MAXSIZE %d" : "METADATA TOOMANY",
             ANNOTATION_BYTES_MAX);
    return imap_no(req, code, "%s", err->user);
}

enum session_next cmd_setmetadata(struct imap_request *req)
{
    struct annotation *values;
    struct imap_place place;
    struct err err = ERR_INIT;
    bool is_bad = !imap_take_space(&req->in);
    size_t count;

    if (is_bad || !take_folder(req, &place, &is_bad, &err))
        return is_bad ? imap_bad(req, "SETMETADATA takes a folder and entries with values.")
                      : imap_fail(req, &err);
    if (!imap_take_space(&req->in) || !take_pairs(req, &values, &count))
        return imap_bad(req, "SETMETADATA takes a folder and entries with values.");
    for (size_t i = 0; i < count; i++)
        if (imap_is_special_use_entry(span_text(values[i].entry)))
            return count == 1 ? imap_set_special_use(req, &place, values[i].value)
                              : imap_no(req, "CANNOT", "The special use of a folder is set alone.");
    if (!annotation_set(place.mailbox, &req->session->reader, place.name, values, count, &err))
        return refuse(req, &err);
    imap_notify_own(req->session, place.shown, ACT_ANNOTATION);
    return imap_ok(req, NULL, "SETMETADATA done.");
}
