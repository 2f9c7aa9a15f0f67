/* site.c -- files by name, each with its type, its digest and its compressed forms. */
#include "http/site.h"

#include "base/compiler.h"
#include "base/digest.h"
#include "http/weight.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

enum { FILES_MAX = 1000, SITE_BYTES_MAX = 64 << 20, DEPTH_MAX = 8, TAG_BYTES = 12 };

enum form { PLAIN, GZIP, BROTLI, FORMS };
static const struct {
    const char *ending, *coding;
} forms[FORMS] = { [PLAIN] = { "", NULL }, [GZIP] = { ".gz", "gzip" }, [BROTLI] = { ".br", "br" } };

struct file {
    const char *type;
    char *tag; /* hexadecimal digits of the plain bytes' digest */
    struct span bytes[FORMS];
};

struct site {
    GHashTable *files; /* "assets/x.js" -> struct file */
    size_t count, total;
};

static const struct {
    const char *ending, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/vnd.microsoft.icon" },
    { ".woff2", "font/woff2" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".webmanifest", "application/manifest+json" },
};

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), wanted = strlen(ending);

    return length >= wanted && strcmp(text + length - wanted, ending) == 0;
}

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (ends_in(name, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

/* ---- loading */

static bool read_file(struct site *site, int folder, const char *name, struct span *out, struct err *err)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat found;
    char *bytes;
    ssize_t got = -1;

    if (fd < 0 || fstat(fd, &found) != 0) {
        if (fd >= 0)
            close(fd);
        err_log(err, "%s: %s", name, strerror(errno));
        return err_set(err, ERR_INTERNAL, "A file of the front ends cannot be read.");
    }
    site->total += (size_t)found.st_size;
    if (++site->count > FILES_MAX || site->total > SITE_BYTES_MAX) {
        close(fd);
        return err_set(err, ERR_LIMIT, "The folder of the front ends has more in it than it may.");
    }
    bytes = talloc_size(site, (size_t)found.st_size + 1);
    got = read(fd, bytes, (size_t)found.st_size);
    close(fd);
    if (got != found.st_size)
        return err_set(err, ERR_INTERNAL, "A file of the front ends cannot be read.");
    *out = span_of(bytes, (size_t)got);
    return true;
}

static struct file *file_of(struct site *site, const char *name)
{
    struct file *file = g_hash_table_lookup(site->files, name);

    if (!file) {
        file = talloc_zero(site, struct file);
        file->type = type_of(name);
        g_hash_table_insert(site->files, talloc_strdup(site, name), file);
    }
    return file;
}

static void tag(struct file *file, struct span bytes)
{
    unsigned char digest[SHA256_BYTES];

    sha256(bytes, digest);
    file->tag = talloc_zero_size(file, 2 * TAG_BYTES + 1);
    hex_encode(span_of((const char *)digest, TAG_BYTES), file->tag);
}

static bool add(struct site *site, int folder, const char *name, const char *place, struct err *err)
{
    enum form form = ends_in(name, ".gz") ? GZIP : ends_in(name, ".br") ? BROTLI : PLAIN;
    char *whole =
        talloc_asprintf(site, "%s%.*s", place, (int)(strlen(name) - strlen(forms[form].ending)), name);
    struct file *file = file_of(site, whole);

    if (!read_file(site, folder, name, &file->bytes[form], err))
        return false;
    if (form == PLAIN)
        tag(file, file->bytes[form]);
    return true;
}

/* Takes over the descriptor. `place`: "" or "assets/". */
static bool load_folder(struct site *site, int fd, const char *place, int depth, struct err *err)
{
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    struct stat found;
    bool done = true;

    if (!list) {
        if (fd >= 0)
            close(fd);
        return err_set(err, ERR_NOT_FOUND, "There is no folder of front ends.");
    }
    while (done && (entry = readdir(list))) {
        if (*entry->d_name == '.' || fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(found.st_mode) && depth < DEPTH_MAX)
            done =
                load_folder(site, openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
                            talloc_asprintf(site, "%s%s/", place, entry->d_name), depth + 1, err);
        else if (S_ISREG(found.st_mode))
            done = add(site, fd, entry->d_name, place, err);
    }
    closedir(list);
    return done;
}

static int site_destroy(struct site *site)
{
    g_hash_table_destroy(site->files);
    return 0;
}

static const struct file *find(const struct site *site, const char *name)
{
    const struct file *file = g_hash_table_lookup(site->files, name);

    return file && file->tag ? file : NULL;
}

bool site_load(const void *owner, const char *folder, struct site **site_out, struct err *err)
{
    struct site *site = talloc_zero(owner, struct site);

    site->files = g_hash_table_new(g_str_hash, g_str_equal);
    talloc_set_destructor(site, site_destroy);
    if (!load_folder(site, open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", 0, err) ||
        (!find(site, "index.html") && !err_set(err, ERR_NOT_FOUND, "There is no index.html."))) {
        talloc_free(site);
        return false;
    }
    *site_out = site;
    return true;
}

struct span site_file(const struct site *site, const char *path)
{
    const struct file *file = find(site, path);

    return file ? file->bytes[PLAIN] : span_of("", 0);
}

bool site_has(const struct site *site, const char *path)
{
    return find(site, path) != NULL;
}

/* ---- answering */

static enum form form_for(const struct file *file, const struct http_request *request)
{
    const char *accepted = http_header(request, "Accept-Encoding");

    for (enum form form = BROTLI; form > PLAIN; form--)
        if (file->bytes[form].p && http_weight(accepted, forms[form].coding, HTTP_EXACTLY) > 0)
            return form;
    return PLAIN;
}

static void answer_plain(struct http_reply *reply, unsigned status, const char *text)
{
    http_reply_status(reply, status);
    http_reply_type(reply, "text/plain; charset=utf-8");
    buf_add_text(http_reply_body(reply), text);
}

static bool is_asset(const char *path)
{
    return strncmp(path, "assets/", strlen("assets/")) == 0;
}

static void send_file(const struct file *file, const char *path, const struct http_request *request,
                      struct http_reply *reply)
{
    enum form form = form_for(file, request);
    const char *known = http_header(request, "If-None-Match");
    char *etag = talloc_asprintf(http_arena(request), "\"%s%s\"", file->tag, forms[form].ending);

    http_reply_header(reply, "ETag", etag);
    http_reply_header(reply, "Vary", "Accept-Encoding");
    http_reply_header(reply, "Cache-Control",
                      is_asset(path) ? "public, max-age=31536000, immutable" : "no-cache");
    if (known && strstr(known, etag)) {
        http_reply_status(reply, 304);
        return;
    }
    http_reply_type(reply, file->type);
    if (forms[form].coding)
        http_reply_header(reply, "Content-Encoding", forms[form].coding);
    buf_add_span(http_reply_body(reply), file->bytes[form]);
}

void site_answer(const struct site *site, const char *path, const struct http_request *request,
                 struct http_reply *reply)
{
    const struct file *file = find(site, path);

    if (!file && !is_asset(path))
        file = find(site, "index.html");
    if (!file)
        answer_plain(reply, 404, "There is nothing here.\n");
    else if (strcmp(http_method(request), "GET") != 0 && strcmp(http_method(request), "HEAD") != 0)
        answer_plain(reply, 405, "This page can only be read.\n");
    else
        send_file(file, path, request, reply);
}
