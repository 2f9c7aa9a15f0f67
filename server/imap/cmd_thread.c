/*
 * cmd_thread.c -- THREAD and UID THREAD (RFC 5256): reads what thread.h needs of the messages found, and writes the reply.
 */
#include "imap/condstore.h"
#include "imap/progress.h"
#include "imap/result.h"
#include "imap/search.h"
#include "imap/thread.h"
#include "mailbox/pack.h"
#include "message/columns.h"

#include <assert.h>
#include <talloc.h>

typedef void thread_algorithm(const void *owner, const struct thread_message *messages, size_t count,
                              struct buf *out);

static const struct {
    const char *word;
    thread_algorithm *run;
} algorithms[] = {
    { "ORDEREDSUBJECT", thread_by_subject },
    { "REFERENCES", thread_by_references },
};

struct reading {
    struct imap_request *req;
    struct thread_message *messages;
    size_t count;
};

static const char *const *copy_references(const void *owner, const struct message_columns *columns)
{
    const char **copies = talloc_array(owner, const char *, (unsigned)columns->reference_count + 1);

    for (size_t i = 0; i < columns->reference_count; i++)
        copies[i] = span_copy(copies, columns->references[i]);
    return copies;
}

static bool keep(const struct view_message *message, const struct pack_row *row, void *arg, struct err *err)
{
    static const struct message_columns none;
    struct reading *reading = arg;
    struct message_columns columns;

    if (!imap_search_goes_on(reading->req, reading->count, view_count(reading->req->session->selected->told),
                             err))
        return false;
    if (span_is_empty(row->columns) || !columns_unpack(row->columns, &columns))
        columns = none;
    reading->messages[reading->count++] = (struct thread_message){
        .number = reading->req->by_uid ? message->uid : message->number,
        .sent_us = columns.has_date ? columns.sent_us : message->received_us,
        .base_subject = span_copy(reading->messages, columns.base_subject),
        .is_reply = columns.is_reply,
        .message_id = span_copy(reading->messages, columns.message_id),
        .references = copy_references(reading->messages, &columns),
        .reference_count = columns.reference_count,
    };
    return true;
}

static bool thread(struct imap_request *req, const struct imap_search_program *program,
                   thread_algorithm *algorithm, struct err *err)
{
    struct imap_selected *selected = req->session->selected;
    struct reading reading = { .req = req };
    struct buf *out = imap_out(req->session);
    struct buf threads = BUF_INIT(req->arena);
    struct uid_set uids, numbers;

    if (!imap_search(req, program, &uids, err))
        return false;
    reading.messages = talloc_array(req->arena, struct thread_message, (unsigned)uid_set_size(&uids) + 1);
    numbers = view_numbers_of(req->arena, selected->told, &uids);
    if (!uid_set_is_empty(&uids) &&
        !pack_scan(selected->mailbox, selected->told, &numbers, PACK_COLUMNS, keep, &reading, err))
        return false;
    algorithm(req->arena, reading.messages, reading.count, &threads);
    buf_add_text(out, "* THREAD");
    if (reading.count > 0)
        buf_add_byte(out, ' ');
    buf_add_span(out, buf_span(&threads));
    buf_add_text(out, "\r\n");
    return true;
}

static thread_algorithm *take_algorithm(struct imap_in *in)
{
    for (size_t i = 0; i < COUNT_OF(algorithms); i++)
        if (imap_take_keyword(in, algorithms[i].word))
            return algorithms[i].run;
    return NULL;
}

enum session_next cmd_thread(struct imap_request *req)
{
    const struct imap_return_options options = { 0 };
    struct imap_search_program program;
    const char *wrong = "THREAD knows ORDEREDSUBJECT and REFERENCES, then a charset and search keys.";
    enum imap_search_parse parse = SEARCH_WRONG;
    thread_algorithm *algorithm = NULL;
    struct err err = ERR_INIT;
    enum session_next answer;

    if (imap_take_space(&req->in))
        algorithm = take_algorithm(&req->in);
    if (algorithm && imap_take_space(&req->in))
        parse = imap_take_search_charset_and_keys(&req->in, &program, &wrong);
    if (!imap_search_was_parsed(req, &(struct imap_return_options){ 0 }, parse, wrong, &program, &answer))
        return answer;
    assert(algorithm);
    if (program.names_modseq)
        imap_enable_condstore(req->session);
    if (!thread(req, &program, algorithm, &err))
        return imap_search_failed(req, &options, &err);
    return imap_ok(req, NULL, "THREAD done.");
}
