/* mailbox_export.c -- `chappe mailbox export`: a mailbox as Maildir++ or as mbox files. */
#include "base/buf.h"
#include "format/folder_name.h"
#include "format/maildir.h"
#include "format/mbox.h"
#include "main/api_client.h"
#include "main/command.h"
#include "main/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <talloc.h>
#include <unistd.h>

struct export
{
    struct invocation *in;
    struct api *api;
    struct progress progress;
    const char *root;
    bool is_mbox;
    char *place; /* of the folder: a Maildir, or an mbox file */
    FILE *mbox;
    struct buf pending; /* of the stream: head and bytes of the next message */
    char **keywords;    /* of the Maildir: letters a, b, c ... */
    size_t keyword_count;
    uint64_t messages;
};

/* ---- one message */

static const struct {
    const char *name;
    unsigned flag;
} flag_names[] = {
    { "\\Seen", MAILDIR_SEEN },       { "\\Answered", MAILDIR_ANSWERED }, { "\\Flagged", MAILDIR_FLAGGED },
    { "\\Deleted", MAILDIR_DELETED }, { "\\Draft", MAILDIR_DRAFT },       { "$Forwarded", MAILDIR_PASSED },
};

static uint32_t keyword_bit_of(struct export *export, struct span word)
{
    for (size_t i = 0; i < export->keyword_count; i++)
        if (span_equals_text(word, export->keywords[i]))
            return 1u << i;
    if (export->keyword_count == 26)
        return 0;
    export->keywords =
        talloc_realloc(export->in->arena, export->keywords, char *, (unsigned)export->keyword_count + 1);
    export->keywords[export->keyword_count] = span_copy(export->in->arena, word);
    return 1u << export->keyword_count++;
}

static void read_flags(struct export *export, const char *text, unsigned *flags_out, uint32_t *keywords_out)
{
    struct span rest = span_text(text), word;

    *flags_out = *keywords_out = 0;
    while (!span_is_empty(rest = span_trim(rest))) {
        bool is_known = false;
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        for (size_t i = 0; i < COUNT_OF(flag_names); i++)
            if (span_equals_nocase(word, flag_names[i].name)) {
                *flags_out |= flag_names[i].flag;
                is_known = true;
            }
        if (!is_known && *word.p != '\\')
            *keywords_out |= keyword_bit_of(export, word);
    }
}

static bool write_file(const char *path, struct span bytes, int64_t date_us, struct err *err)
{
    struct timeval times[2] = { { .tv_sec = (time_t)(date_us / 1000000) },
                                { .tv_sec = (time_t)(date_us / 1000000) } };
    FILE *out = fopen(path, "wxe");
    bool done = out && fwrite(bytes.p, 1, span_length(bytes), out) == span_length(bytes);

    if (out && fclose(out) != 0)
        done = false;
    if (!done)
        return err_set(err, ERR_INTERNAL, "%s cannot be written: %s.", path, strerror(errno));
    (void)utimes(path, times);
    return true;
}

static bool write_maildir(struct export *export, const json_t *head, struct span bytes, struct err *err)
{
    json_int_t date = json_integer_value(json_object_get(head, "date"));
    void *arena = talloc_new(export->in->arena);
    struct buf name = BUF_INIT(arena);
    unsigned flags;
    uint32_t keywords;
    bool done;

    read_flags(export, json_string_value(json_object_get(head, "flags")), &flags, &keywords);
    buf_add_format(&name, "%s/cur/%lld.U%lld.chappe,S=%zu", export->place, (long long)(date / 1000000),
                   (long long)json_integer_value(json_object_get(head, "uid")), span_length(bytes));
    maildir_add_flags(&name, flags, keywords);
    done = write_file(buf_text(&name), bytes, date, err);
    talloc_free(arena);
    return done;
}

/* The flags as old mail programs keep them in the header. */
static void add_status(struct buf *out, const char *flags)
{
    buf_add_text(out, strstr(flags, "\\Seen") ? "Status: RO\r\n" : "Status: O\r\n");
    buf_add_text(out, "X-Status: ");
    buf_add_text(out, strstr(flags, "\\Answered") ? "A" : "");
    buf_add_text(out, strstr(flags, "\\Flagged") ? "F" : "");
    buf_add_text(out, strstr(flags, "\\Draft") ? "T" : "");
    buf_add_text(out, strstr(flags, "\\Deleted") ? "D\r\n" : "\r\n");
}

static bool write_mbox(struct export *export, const json_t *head, struct span bytes, struct err *err)
{
    void *arena = talloc_new(export->in->arena);
    struct buf whole = BUF_INIT(arena), out = BUF_INIT(arena);
    bool done;

    add_status(&whole, json_string_value(json_object_get(head, "flags")));
    buf_add_span(&whole, bytes);
    mbox_add_quoted(&out, "MAILER-DAEMON", json_integer_value(json_object_get(head, "date")),
                    buf_span(&whole));
    done = fwrite(out.p, 1, out.length, export->mbox) == out.length;
    talloc_free(arena);
    return done || err_set(err, ERR_INTERNAL, "%s cannot be written: %s.", export->place, strerror(errno));
}

/* ---- the stream */

static bool take_messages(struct export *export, struct err *err)
{
    struct span rest = buf_span(&export->pending), line, bytes;
    bool done = true;

    while (done && !span_is_empty(rest)) {
        struct span here = rest;
        json_t *head;
        size_t size;
        if (!span_find_byte(here, '\n') || !span_take_line(&here, &line))
            break;
        head = json_loadb(line.p, span_length(line), 0, NULL);
        size = (size_t)json_integer_value(json_object_get(head, "size"));
        if (!head)
            return err_set(err, ERR_INTERNAL, "The stream of messages is not well formed.");
        if (span_length(here) < size) {
            json_decref(head);
            break;
        }
        bytes = span_of(here.p, size);
        done =
            export->is_mbox ? write_mbox(export, head, bytes, err) : write_maildir(export, head, bytes, err);
        json_decref(head);
        export->messages++;
        progress_add(&export->progress, 1);
        rest = span_of(here.p + size, span_length(here) - size);
    }
    if (rest.p != export->pending.p && export->pending.p) {
        export->pending.length = span_length(rest);
        memmove(export->pending.p, rest.p, export->pending.length);
    }
    return done;
}

static bool take_piece(void *argument, struct span piece, struct err *err)
{
    struct export *export = argument;

    buf_add_span(&export->pending, piece);
    return take_messages(export, err);
}

/* ---- one folder */

static bool make_folder(const char *path, struct err *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ||
           err_set(err, ERR_DENIED, "%s cannot be made: %s.", path, strerror(errno));
}

/* Maildir++: "Projects/2031" is ".Projects.2031", in modified UTF-7; a dot in a name would be a level. */
static char *maildir_of(void *arena, const char *root, const char *folder)
{
    struct buf encoded = BUF_INIT(arena);
    char *path;

    if (strcmp(folder, "INBOX") == 0)
        return talloc_strdup(arena, root);
    folder_name_add_utf7(&encoded, span_text(folder));
    path = talloc_asprintf(arena, "%s/.%s", root, buf_text(&encoded));
    for (char *p = path + strlen(root) + 2; *p; p++)
        *p = *p == '.' ? '_' : *p == '/' ? '.' : *p;
    return path;
}

static bool open_place(struct export *export, const char *folder, struct err *err)
{
    static const char *const parts[] = { "", "/cur", "/new", "/tmp" };

    if (export->is_mbox) {
        export->place = talloc_asprintf(export->in->arena, "%s/%s.mbox", export->root, folder);
        for (char *p = export->place + strlen(export->root) + 1; *p; p++)
            *p = *p == '/' ? '.' : *p;
        export->mbox = fopen(export->place, "wxe");
        return export->mbox ||
               err_set(err, ERR_EXISTS, "%s cannot be written: %s.", export->place, strerror(errno));
    }
    export->place = maildir_of(export->in->arena, export->root, folder);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!make_folder(talloc_asprintf(export->in->arena, "%s%s", export->place, parts[i]), err))
            return false;
    return true;
}

static bool close_place(struct export *export, struct err *err)
{
    bool done;
    char *path;
    FILE *out;

    if (export->is_mbox) {
        done = fclose(export->mbox) == 0;
        export->mbox = NULL;
        return done ||
               err_set(err, ERR_INTERNAL, "%s cannot be written: %s.", export->place, strerror(errno));
    }
    if (export->keyword_count == 0)
        return true;
    path = talloc_asprintf(export->in->arena, "%s/dovecot-keywords", export->place);
    out = fopen(path, "we");
    done = out != NULL;
    for (size_t i = 0; done && i < export->keyword_count; i++)
        done = fprintf(out, "%zu %s\n", i, export->keywords[i]) > 0;
    if (out)
        done = fclose(out) == 0 && done;
    export->keyword_count = 0;
    return done || err_set(err, ERR_INTERNAL, "%s cannot be written: %s.", path, strerror(errno));
}

static bool export_folder(struct export *export, const char *folder, struct err *err)
{
    char *path = talloc_asprintf(export->in->arena, "/mailboxes/%s/export?folder=%s",
                                 api_encode(export->in->arena, export->in->arguments[0]),
                                 api_encode(export->in->arena, folder));

    buf_clear(&export->pending);
    if (!open_place(export, folder, err) || !api_stream(export->api, path, take_piece, export, err))
        return false;
    if (export->pending.length != 0)
        return err_set(err, ERR_BUSY, "The stream of messages ended early.");
    return close_place(export, err);
}

static bool export_all(struct export *export, struct err *err)
{
    char *path = talloc_asprintf(export->in->arena, "/mailboxes/%s/folders",
                                 api_encode(export->in->arena, export->in->arguments[0]));
    json_t *answer = NULL, *folders, *folder;
    uint64_t total = 0;
    bool done = true;
    size_t i;

    if (!api_call(export->api, "GET", path, NULL, &answer, err))
        return false;
    folders = json_object_get(answer, "folders");
    json_array_foreach(folders, i, folder) total +=
        (uint64_t)json_integer_value(json_object_get(folder, "messages"));
    progress_start(&export->progress, total, export->in->is_json || option_value(export->in, "--quiet"));
    json_array_foreach(folders, i, folder) if (done) done =
        export_folder(export, json_string_value(json_object_get(folder, "name")), err);
    progress_end(&export->progress);
    json_decref(answer);
    return done;
}

int command_mailbox_export(struct invocation *in, struct err *err)
{
    const char *format = option_value(in, "--format");
    struct export export = { .in = in,
                             .root = in->arguments[1],
                             .pending = BUF_INIT(in->arena),
                             .is_mbox = format && strcmp(format, "mbox") == 0 };
    bool done;

    if (format && !export.is_mbox && strcmp(format, "maildir") != 0) {
        err_set(err, ERR_INVALID, "--format is maildir or mbox.");
        return -1;
    }
    done =
        make_folder(export.root, err) && api_open(in->config, &export.api, err) && export_all(&export, err);
    if (export.mbox)
        fclose(export.mbox);
    api_close(&export.api);
    printf(in->is_json ? "{\"messages\": %llu}\n" : "%llu messages written\n",
           (unsigned long long)export.messages);
    return done ? 0 : -1;
}
