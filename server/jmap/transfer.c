/* transfer.c -- uploads and downloads (RFC 8620, 6.1 and 6.2). What is downloaded is foreign: it is given out as a file to be
 * saved, and whatever a browser does with it happens in no origin of ours. */
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/crowd.h"
#include "jmap/pages.h"

#include <stdio.h>
#include <talloc.h>

#define UPLOAD_PREFIX "/jmap/upload/"
#define DOWNLOAD_PREFIX "/jmap/download/"
#define ANY_TYPE "application/octet-stream"

enum { TYPE_MAX = 200 };

/* RFC 6838, 4.2, and parameters without what could end a header. */
static const char *media_type(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+/;= \"";
    const char *slash = text ? strchr(text, '/') : NULL;

    return slash && slash > text && slash[1] && strlen(text) <= TYPE_MAX &&
                   strspn(text, letters) == strlen(text)
               ? text
               : ANY_TYPE;
}

static void not_found(struct http_reply *reply)
{
    struct err err = ERR_INIT;

    err_set(&err, ERR_NOT_FOUND, "There is nothing here.");
    jmap_send_err(reply, &err);
}

static void put(struct jmap_request *request, struct jmap_account *account, const struct http_request *http,
                struct http_reply *reply)
{
    const char *type = media_type(http_header(http, "Content-Type")), *id;
    struct span body = http_body(http);
    struct err err = ERR_INIT;
    json_t *json;

    if (!jmap_blob_put(request, account, type, body, &id, &err)) {
        jmap_send_err(reply, &err);
        return;
    }
    json = json_pack("{s:s, s:s, s:s, s:I}", "accountId", account->id, "blobId", id, "type", type, "size",
                     (json_int_t)span_length(body));
    http_reply_status(reply, 201);
    jmap_send_json(reply, json);
    json_decref(json);
}

void jmap_upload(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    const char *path = http_path(http) + strlen(UPLOAD_PREFIX), *id = jmap_take_segment(request, &path);
    struct jmap_account *account;
    struct err err = ERR_INIT;

    if (!id || *path) {
        not_found(reply);
    } else if (!jmap_account_find(request, id, &account, &err)) {
        jmap_send_err(reply, &err);
    } else if (!jmap_crowd_enter(request->jmap->crowd, jmap_client_of(request->identity), CROWD_UPLOADS)) {
        jmap_send_problem(reply,
                          jmap_problem("limit", 400, "maxConcurrentUpload", "Too many uploads at once."));
    } else {
        put(request, account, http, reply);
        jmap_crowd_leave(request->jmap->crowd, jmap_client_of(request->identity), CROWD_UPLOADS);
    }
}

/* ---- downloads */

/* "bytes=FIRST-LAST", "bytes=FIRST-", "bytes=-LENGTH": one range; anything else asks for all. */
enum range { RANGE_ALL, RANGE_PART, RANGE_IMPOSSIBLE };

static enum range read_range(const char *text, uint64_t size, uint64_t *first_out, uint64_t *last_out)
{
    struct span in = span_text(text);
    uint64_t first = 0, last = UINT64_MAX;
    bool has_first, has_last;

    if (!text || !span_take_word(&in, "bytes="))
        return RANGE_ALL;
    has_first = span_take_u64(&in, &first);
    if (!span_take_byte(&in, '-'))
        return RANGE_ALL;
    has_last = span_take_u64(&in, &last);
    if (!span_is_empty(in) || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_ALL;
    if (!has_first) {
        if (last == 0 || size == 0)
            return RANGE_IMPOSSIBLE;
        first = last >= size ? 0 : size - last;
        last = size - 1;
    }
    if (first >= size)
        return RANGE_IMPOSSIBLE;
    *first_out = first;
    *last_out = last >= size ? size - 1 : last;
    return RANGE_PART;
}

/* Whatever the name is, it is a name only: all but letters, digits and few signs goes encoded (RFC 6266, 8187). */
static char *disposition(const void *arena, const char *name)
{
    struct buf out = buf_owned_by(arena);

    buf_add_text(&out, "attachment; filename*=UTF-8''");
    for (const char *p = name; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '.' ||
            *p == '-' || *p == '_')
            buf_add_byte(&out, *p);
        else
            buf_add_format(&out, "%%%02X", (unsigned char)*p);
    return buf_text(&out);
}

static void send(struct jmap_request *request, const struct blob *blob, const char *name,
                 const struct http_request *http, struct http_reply *reply)
{
    uint64_t size = span_length(blob->bytes), first = 0, last = size ? size - 1 : 0;
    enum range range = read_range(http_header(http, "Range"), size, &first, &last);
    const char *type = http_query(http, "type");

    http_reply_header(reply, "Accept-Ranges", "bytes");
    if (range == RANGE_IMPOSSIBLE) {
        http_reply_status(reply, 416);
        http_reply_header(reply, "Content-Range",
                          talloc_asprintf(request->arena, "bytes */%llu", (unsigned long long)size));
        return;
    }
    if (range == RANGE_PART) {
        http_reply_status(reply, 206);
        http_reply_header(reply, "Content-Range",
                          talloc_asprintf(request->arena, "bytes %llu-%llu/%llu", (unsigned long long)first,
                                          (unsigned long long)last, (unsigned long long)size));
    }
    http_reply_type(reply, media_type(type ? type : blob->type));
    http_reply_header(reply, "Content-Disposition", disposition(request->arena, name));
    http_reply_header(reply, "Content-Security-Policy", "sandbox; default-src 'none'");
    http_reply_header(reply, "Cross-Origin-Resource-Policy", "same-origin");
    http_reply_header(reply, "Cache-Control", "private, immutable, max-age=31536000");
    buf_add_span(http_reply_body(reply),
                 size ? span_part(blob->bytes, first, last - first + 1) : blob->bytes);
}

void jmap_download(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    const char *path = http_path(http) + strlen(DOWNLOAD_PREFIX),
               *account_id = jmap_take_segment(request, &path);
    const char *blob_id = jmap_take_segment(request, &path), *name = jmap_take_segment(request, &path);
    struct jmap_account *account;
    struct err err = ERR_INIT;
    struct blob blob;

    if (!account_id || !blob_id || !name || *path)
        not_found(reply);
    else if (!jmap_account_find(request, account_id, &account, &err) ||
             !jmap_blob_of(request, account, blob_id, &blob, &err))
        jmap_send_err(reply, &err);
    else
        send(request, &blob, name, http, reply);
}
