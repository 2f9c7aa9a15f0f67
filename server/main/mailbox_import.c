/* mailbox_import.c -- `chappe mailbox import`: batches of messages, each brought once. */
#include "base/buf.h"
#include "base/digest.h"
#include "main/api_client.h"
#include "main/command.h"
#include "main/mailbox_source.h"
#include "main/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { BATCH_MESSAGES = 64, BATCH_BYTES = 4 << 20, BUSY_TRIES = 30 };

struct import {
    struct invocation *in;
    struct api *api;
    struct progress progress;
    char *path; /* of the request */
    struct buf batch;
    unsigned waiting; /* messages in it */
    bool has_begun;
    uint64_t filed, known;
};

/* SHA-256 of folder, source name and content, as the receipt wants it. */
static void key_of(void *arena, const struct source_message *m, char hex[2 * SHA256_BYTES + 1])
{
    struct sha256 *sha = sha256_new(arena);
    uint8_t digest[SHA256_BYTES];

    sha256_add(sha, span_of(m->folder, strlen(m->folder) + 1));
    sha256_add(sha, span_of(m->name, strlen(m->name) + 1));
    sha256_add(sha, m->bytes);
    sha256_finish(sha, digest);
    hex_encode(span_of(digest, sizeof digest), hex);
}

/* The server may be starting again: what was not acknowledged is sent again, and its receipts sort out the rest. */
static bool send_batch(struct import *import, json_t **answer, struct err *err)
{
    const char *path =
        import->has_begun ? import->path : talloc_asprintf(import->in->arena, "%s?begin=1", import->path);

    for (int tries = 1;; tries++) {
        *err = ERR_INIT;
        if (api_send(import->api, "POST", path, "application/x-chappe-messages", buf_span(&import->batch),
                     answer, err))
            return true;
        if (tries == BUSY_TRIES ||
            (err->kind != ERR_BUSY && err->kind != ERR_CONFLICT && err->kind != ERR_UNKNOWN))
            return false;
        sleep(1);
    }
}

static bool flush(struct import *import, struct err *err)
{
    json_t *answer = NULL;

    if (import->waiting == 0)
        return true;
    if (!send_batch(import, &answer, err))
        return false;
    import->has_begun = true;
    import->filed += (uint64_t)json_integer_value(json_object_get(answer, "filed"));
    import->known += (uint64_t)json_integer_value(json_object_get(answer, "known"));
    progress_add(&import->progress, import->waiting);
    buf_clear(&import->batch);
    import->waiting = 0;
    json_decref(answer);
    return true;
}

static bool add(void *argument, const struct source_message *m, struct err *err)
{
    struct import *import = argument;
    void *arena = talloc_new(import->in->arena);
    char key[2 * SHA256_BYTES + 1], *text;
    json_t *head;

    key_of(arena, m, key);
    head = json_pack("{s:s, s:s, s:I, s:s, s:I}", "folder", m->folder, "flags", m->flags, "date",
                     (json_int_t)m->date_us, "key", key, "size", (json_int_t)span_length(m->bytes));
    talloc_free(arena);
    if (!head)
        return err_set(err, ERR_INVALID, "The folder name %s is not UTF-8.", m->folder);
    text = json_dumps(head, JSON_COMPACT);
    buf_add_text(&import->batch, text);
    buf_add_byte(&import->batch, '\n');
    buf_add_span(&import->batch, m->bytes);
    free(text);
    json_decref(head);
    import->waiting++;
    return (import->waiting < BATCH_MESSAGES && import->batch.length < BATCH_BYTES) || flush(import, err);
}

int command_mailbox_import(struct invocation *in, struct err *err)
{
    struct import import = { .in = in, .batch = BUF_INIT(in->arena) };
    uint64_t total;
    bool done;

    import.path = talloc_asprintf(in->arena, "/mailboxes/%s/import", api_encode(in->arena, in->arguments[0]));
    if (!source_count(in->arguments[1], &total, err) || !api_open(in->config, &import.api, err))
        return -1;
    progress_start(&import.progress, total, in->is_json || option_value(in, "--quiet"));
    done =
        source_walk(in->arguments[1], option_value(in, "--folder"), add, &import, err) && flush(&import, err);
    progress_end(&import.progress);
    api_close(&import.api);
    printf(in->is_json ? "{\"filed\": %llu, \"known\": %llu}\n" : "%llu brought, %llu were there already\n",
           (unsigned long long)import.filed, (unsigned long long)import.known);
    return done ? 0 : -1;
}
