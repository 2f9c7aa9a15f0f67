/* api_client.c -- HTTP/1.1 over a Unix socket, one request at a time. */
#include "main/api_client.h"

#include "base/buf.h"
#include "main/offline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

enum { LINE_BYTES = 16384, READ_BYTES = 65536 };

struct api {
    const struct config *config;
    char *path; /* of the socket */
    int fd;     /* -1: not connected */
    struct offline *offline;
    struct buf in; /* received and not consumed */
    size_t at;     /* where the unconsumed part begins */
};

struct head {
    unsigned status;
    bool is_chunked, is_closing;
    uint64_t length;
};

/* ---- connecting */

static bool try_connect(const char *path, int *fd_out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        *fd_out = fd;
        return true;
    }
    if (fd >= 0)
        close(fd);
    return false;
}

static bool reconnect(struct api *api, struct err *err)
{
    if (api->fd >= 0)
        close(api->fd);
    api->fd = -1;
    buf_clear(&api->in);
    api->at = 0;
    for (int tries = 0; tries < 50; tries++) { /* the process that serves it may be starting again */
        if (try_connect(api->path, &api->fd))
            return true;
        usleep(100000);
    }
    return err_set(err, ERR_BUSY, "The administration socket %s does not answer.", api->path);
}

bool api_open(const struct config *config, struct api **api_out, struct err *err)
{
    struct api *api = talloc_zero(NULL, struct api);

    *api = (struct api){
        .config = config, .path = config_path(api, config, "run/admin.sock"), .fd = -1, .in = BUF_INIT(api)
    };
    if (!try_connect(api->path, &api->fd)) {
        if (errno == EACCES) {
            err_set(err, ERR_DENIED, "%s belongs to another user. Run this as root or as the server's user.",
                    config->data);
            goto fail;
        }
        if (!offline_needed(config)) {
            if (!reconnect(api, err))
                goto fail;
        } else {
            if (!offline_start(config, &api->offline, err))
                goto fail;
            api->path = talloc_strdup(api, offline_socket(api->offline));
            if (!reconnect(api, err))
                goto fail;
        }
    }
    *api_out = api;
    return true;
fail:
    api_close(&api);
    return false;
}

void api_close(struct api **api)
{
    if (!*api)
        return;
    if ((*api)->fd >= 0)
        close((*api)->fd);
    offline_stop(&(*api)->offline);
    talloc_free(*api);
    *api = NULL;
}

/* ---- sending and receiving */

static bool send_all(int fd, struct span bytes)
{
    while (!span_is_empty(bytes)) {
        ssize_t sent = send(fd, bytes.p, span_length(bytes), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.p += sent;
    }
    return true;
}

static bool fill(struct api *api, struct err *err)
{
    ssize_t got;

    if (api->at > 0) {
        memmove(api->in.p, api->in.p + api->at, api->in.length - api->at);
        api->in.length -= api->at;
        api->at = 0;
    }
    got = recv(api->fd, buf_reserve(&api->in, READ_BYTES), READ_BYTES, 0);
    if (got <= 0)
        return err_set(err, ERR_BUSY, "The server closed the administration connection.");
    api->in.length += (size_t)got;
    return true;
}

static bool read_line(struct api *api, char line[LINE_BYTES], struct err *err)
{
    for (;;) {
        struct span rest = span_of(api->in.p + api->at, api->in.length - api->at);
        const char *end = span_find_byte(rest, '\n');
        size_t length;
        if (!end) {
            if (span_length(rest) >= LINE_BYTES)
                return err_set(err, ERR_INTERNAL, "The server's answer is not HTTP.");
            if (!fill(api, err))
                return false;
            continue;
        }
        length = (size_t)(end - rest.p);
        api->at += length + 1;
        if (length > 0 && rest.p[length - 1] == '\r')
            length--;
        if (length >= LINE_BYTES)
            return err_set(err, ERR_INTERNAL, "The server's answer is not HTTP.");
        memcpy(line, rest.p, length);
        line[length] = '\0';
        return true;
    }
}

static bool read_head(struct api *api, struct head *head, struct err *err)
{
    char line[LINE_BYTES];

    *head = (struct head){ 0 };
    do {
        if (!read_line(api, line, err))
            return false;
        if (strncmp(line, "HTTP/1.1 ", 9) != 0)
            return err_set(err, ERR_INTERNAL, "The server's answer is not HTTP.");
        head->status = (unsigned)strtoul(line + 9, NULL, 10);
        while (read_line(api, line, err) && *line) {
            if (strncasecmp(line, "Content-Length:", 15) == 0)
                head->length = strtoull(line + 15, NULL, 10);
            else if (strncasecmp(line, "Transfer-Encoding: chunked", 26) == 0)
                head->is_chunked = true;
            else if (strncasecmp(line, "Connection: close", 17) == 0)
                head->is_closing = true;
        }
        if (*line)
            return false;
    } while (head->status == 100);
    return true;
}

static bool read_bytes(struct api *api, uint64_t length, api_piece *each, void *argument, struct err *err)
{
    while (length > 0) {
        size_t here = api->in.length - api->at;
        struct span piece;
        if (here == 0) {
            if (!fill(api, err))
                return false;
            continue;
        }
        piece = span_of(api->in.p + api->at, here < length ? here : (size_t)length);
        api->at += span_length(piece);
        length -= span_length(piece);
        if (!each(argument, piece, err))
            return false;
    }
    return true;
}

static bool read_body(struct api *api, const struct head *head, api_piece *each, void *argument,
                      struct err *err)
{
    char line[LINE_BYTES];
    uint64_t length;

    if (!head->is_chunked)
        return read_bytes(api, head->length, each, argument, err);
    do {
        if (!read_line(api, line, err))
            return false;
        length = strtoull(line, NULL, 16);
        if (!read_bytes(api, length, each, argument, err) || !read_line(api, line, err))
            return false;
    } while (length > 0);
    return true;
}

/* ---- one request */

static bool send_request(struct api *api, const char *method, const char *path, const char *type,
                         struct span body)
{
    struct buf request = BUF_INIT(talloc_new(api));
    bool sent;

    buf_add_format(&request, "%s /api/v1%s HTTP/1.1\r\nHost: localhost\r\n", method, path);
    if (type)
        buf_add_format(&request, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, span_length(body));
    buf_add_text(&request, "\r\n");
    sent = send_all(api->fd, buf_span(&request)) && send_all(api->fd, body);
    talloc_free(request.owner);
    return sent;
}

static bool collect(void *argument, struct span piece, struct err *err)
{
    (void)err;
    buf_add_span(argument, piece);
    return true;
}

/* {"error": {"kind": "not-found", "message": "..."}} */
static bool error_of(unsigned status, json_t *answer, struct err *err)
{
    const char *kind = NULL, *message = NULL;

    if (answer && json_unpack(answer, "{s:{s:s, s:s}}", "error", "kind", &kind, "message", &message) == 0)
        for (enum err_kind k = ERR_NONE; k < ERR_KINDS; k++)
            if (strcmp(err_kind_name(k), kind) == 0)
                return err_set(err, k, "%s", message);
    return err_set(err, ERR_INTERNAL, "The server answered with status %u.", status);
}

static bool finish(struct api *api, const struct head *head, json_t **out, struct err *err)
{
    struct buf body = BUF_INIT(talloc_new(api));
    json_t *answer;
    bool done = read_body(api, head, collect, &body, err);

    answer = done && body.length ? json_loadb(body.p, body.length, JSON_DECODE_ANY, NULL) : NULL;
    talloc_free(body.owner);
    if (done && head->status / 100 != 2)
        done = error_of(head->status, answer, err);
    if (head->is_closing) {
        close(api->fd);
        api->fd = -1;
    }
    if (done && out)
        *out = answer;
    else
        json_decref(answer);
    return done;
}

static bool begin(struct api *api, const char *method, const char *path, const char *type, struct span body,
                  struct head *head, struct err *err)
{
    if (api->fd < 0 && !reconnect(api, err))
        return false;
    if (!send_request(api, method, path, type, body) &&
        (!reconnect(api, err) || !send_request(api, method, path, type, body)))
        return err_set(err, ERR_BUSY, "The server closed the administration connection.");
    return read_head(api, head, err);
}

bool api_send(struct api *api, const char *method, const char *path, const char *type, struct span body,
              json_t **out, struct err *err)
{
    struct head head;

    return begin(api, method, path, type, body, &head, err) && finish(api, &head, out, err);
}

bool api_call(struct api *api, const char *method, const char *path, const json_t *in, json_t **out,
              struct err *err)
{
    char *text = in ? json_dumps(in, JSON_COMPACT) : NULL;
    bool done = api_send(api, method, path, in ? "application/json" : NULL, span_text(text), out, err);

    free(text);
    return done;
}

bool api_stream(struct api *api, const char *path, api_piece *each, void *argument, struct err *err)
{
    struct head head;

    if (!begin(api, "GET", path, NULL, span_of(NULL, 0), &head, err))
        return false;
    if (head.status / 100 != 2)
        return finish(api, &head, NULL, err);
    return read_body(api, &head, each, argument, err);
}

char *api_encode(void *owner, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";
    struct buf out = BUF_INIT(owner);

    for (; *text; text++)
        if (strchr(plain, *text))
            buf_add_byte(&out, *text);
        else
            buf_add_format(&out, "%%%02X", (unsigned char)*text);
    return buf_text(&out);
}
