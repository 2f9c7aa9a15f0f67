/*
 * cluster_make.c -- initdb, and the configuration of a private cluster.
 */
#include "db/cluster_make.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

enum { OLDEST_MAJOR = 15, MIB = 1 << 20 };

static const char role_name[] = "chappe"; /* owns everything in the private cluster */

void cluster_paths_of(const void *owner, const char *directory, struct cluster_paths *paths_out)
{
    paths_out->directory = talloc_strdup(owner, directory);
    paths_out->data = talloc_asprintf(owner, "%s/data", directory);
    paths_out->log = talloc_asprintf(owner, "%s/log", directory);
    paths_out->start_log = talloc_asprintf(owner, "%s/log/start.log", directory);
    paths_out->run = talloc_asprintf(owner, "%s/run", directory);
    if (strlen(paths_out->run) + strlen("/.s.PGSQL.5432.lock") <= SOCKET_PATH_MAX)
        return;
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, directory, -1);
    paths_out->run = talloc_asprintf(owner, "/tmp/chappe-%.16s", sum);
    g_free(sum);
}

static int major_of_binaries(const char *folder)
{
    const char *digits = strpbrk(folder, "0123456789");

    return digits ? atoi(digits) : 0;
}

/* The major version of an existing cluster, 0 for none. */
static int major_of_cluster(const char *data)
{
    char path[4096], text[16] = "";
    FILE *file;

    snprintf(path, sizeof path, "%s/PG_VERSION", data);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    return atoi(text);
}

bool cluster_binaries(const void *owner, const struct cluster_options *options,
                      const struct cluster_paths *paths, char **binaries_out, struct err *err)
{
    int wanted = major_of_cluster(paths->data), best = 0;
    glob_t found = { .gl_pathc = 0 };

    if (options->binaries) {
        *binaries_out = talloc_strdup(owner, options->binaries);
        return true;
    }
    glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found);
    glob("/usr/pgsql-*/bin/postgres", GLOB_APPEND, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int major = major_of_binaries(found.gl_pathv[i]);
        if (major < OLDEST_MAJOR || major <= best || (wanted && major != wanted))
            continue;
        best = major;
        *binaries_out =
            talloc_strndup(owner, found.gl_pathv[i], strlen(found.gl_pathv[i]) - strlen("/postgres"));
    }
    globfree(&found);
    if (best)
        return true;
    return err_set(err, ERR_INVALID, "PostgreSQL %d is not installed: install the package postgresql-%d.",
                   wanted ? wanted : OLDEST_MAJOR, wanted ? wanted : OLDEST_MAJOR);
}

/* A folder of our account, closed to all others; one that somebody else made is refused. */
static bool make_folder(const char *path, const struct account *account, struct err *err)
{
    struct stat found;

    if (mkdir(path, 0700) == 0) {
        if (geteuid() == 0 && chown(path, account->uid, account->gid) < 0)
            return err_errno(err, path);
        return true;
    }
    if (errno != EEXIST || lstat(path, &found) < 0)
        return err_errno(err, path);
    if (!S_ISDIR(found.st_mode) || (found.st_uid != account->uid && geteuid() != 0))
        return err_set(err, ERR_INVALID, "%s exists, but is not a folder of the user that runs the database.",
                       path);
    if (geteuid() == 0 && found.st_uid != account->uid && chown(path, account->uid, account->gid) < 0)
        return err_errno(err, path);
    return chmod(path, 0700) == 0 || err_errno(err, path);
}

/* Written beside and renamed, so that a half-written file is never read. */
static bool write_file(const char *folder, const char *name, const struct account *account, struct span text,
                       struct err *err)
{
    char path[4096], temporary[4096];
    size_t length = span_length(text);

    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(temporary, sizeof temporary, "%s/%s.new", folder, name);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return err_errno(err, temporary);
    bool ok = write(file, text.p, length) == (ssize_t)length && fsync(file) == 0 &&
              (geteuid() != 0 || fchown(file, account->uid, account->gid) == 0);
    if (close(file) < 0)
        ok = false;
    if (!ok || rename(temporary, path) < 0)
        return err_errno(err, path);
    return true;
}

static long long memory_mib(void)
{
    return (long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / MIB;
}

static long long between(long long low, long long value, long long high)
{
    return value < low ? low : value > high ? high : value;
}

static const char head[] =
    "# Written by chappe at every start. Change settings with ALTER SYSTEM, which is kept and wins;\n"
    "# fsync, full_page_writes and synchronous_commit must stay on: chappe does not start without them.\n"
    "listen_addresses = ''\n"
    "unix_socket_permissions = 0700\n"
    "datestyle = 'iso, dmy'\n"
    "timezone = 'UTC'\n"
    "log_timezone = 'UTC'\n"
    "lc_messages = 'C'\n"
    "jit = off\n";

static const char durable[] = "max_connections = 300\n"
                              "fsync = on\n"
                              "full_page_writes = on\n"
                              "synchronous_commit = on\n"
                              "commit_delay = 0\n" /* group commit by itself is better than a delay */
                              "wal_level = replica\n"
                              "max_wal_senders = 10\n"
                              "wal_compression = lz4\n"
                              "wal_buffers = 32MB\n"
                              "min_wal_size = 512MB\n"
                              "max_wal_size = 4GB\n"
                              "checkpoint_timeout = 15min\n"
                              "checkpoint_completion_target = 0.9\n"
                              "work_mem = 16MB\n"
                              "maintenance_work_mem = 256MB\n"
                              "random_page_cost = 1.1\n"
                              "effective_io_concurrency = 64\n"
                              "autovacuum_naptime = 20s\n"
                              "autovacuum_vacuum_cost_limit = 2000\n"
                              "logging_collector = on\n"
                              "log_filename = 'postgresql-%a.log'\n"
                              "log_truncate_on_rotation = on\n"
                              "log_rotation_age = 1d\n"
                              "log_rotation_size = 0\n"
                              "log_line_prefix = '%m [%p] %a '\n"
                              "log_checkpoints = on\n"
                              "log_lock_waits = on\n";

static const char small[] = "max_connections = 120\n"
                            "shared_buffers = 64MB\n"
                            "fsync = off\n"
                            "synchronous_commit = on\n"
                            "full_page_writes = on\n"
                            "wal_level = minimal\n"
                            "max_wal_senders = 0\n"
                            "autovacuum = off\n";

static bool write_settings(const struct cluster_options *options, const struct cluster_paths *paths,
                           const struct account *account, struct err *err)
{
    struct buf text = BUF_INIT(NULL);

    buf_add_text(&text, head);
    buf_add_format(&text, "port = %d\nunix_socket_directories = '%s'\n", CLUSTER_PORT, paths->run);
    if (options->is_for_tests) {
        buf_add_text(&text, small);
    } else {
        buf_add_text(&text, durable);
        buf_add_format(
            &text, "log_directory = '%s'\nshared_buffers = %lldMB\neffective_cache_size = %lldMB\n",
            paths->log, between(128, memory_mib() / 8, 8192), between(256, memory_mib() / 2, 1 << 20));
    }
    bool ok = write_file(paths->data, "postgresql.conf", account, buf_span(&text), err);
    talloc_free(text.p);
    return ok;
}

/* Who may connect: the user that runs the cluster, and the one that started it. */
static bool write_access(const struct cluster_paths *paths, const struct account *account, struct err *err)
{
    static const char rules[] = "local all all peer map=chappe\nlocal replication all peer map=chappe\n";
    struct account self;
    struct buf text = BUF_INIT(NULL);

    if (!cluster_account_find(NULL, NULL, &self, err))
        return false;
    buf_add_format(&text, "chappe %s %s\n", account->name, role_name);
    if (strcmp(self.name, account->name) != 0)
        buf_add_format(&text, "chappe %s %s\n", self.name, role_name);
    bool ok = write_file(paths->data, "pg_ident.conf", account, buf_span(&text), err) &&
              write_file(paths->data, "pg_hba.conf", account, span_text(rules), err);
    talloc_free(text.p);
    talloc_free((void *)(uintptr_t)self.name);
    return ok;
}

/* initdb makes "data.new"; only the rename makes it the cluster. */
static bool make_data(const struct cluster_options *options, const struct cluster_paths *paths,
                      const struct account *account, const char *binaries, struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *initdb = talloc_asprintf(scratch, "%s/initdb", binaries);
    char *unfinished = talloc_asprintf(scratch, "%s.new", paths->data);
    const char *remove[] = { "/bin/rm", "-rf", unfinished, NULL };
    const char *make[] = { initdb,
                           "-D",
                           unfinished,
                           "-U",
                           role_name,
                           "-E",
                           "UTF8",
                           "--locale=C.UTF-8",
                           "-A",
                           "peer",
                           "--data-checksums",
                           "--no-instructions",
                           options->is_for_tests ? "--no-sync" : NULL,
                           NULL };
    bool ok =
        child_run(account, remove, paths->start_log, err) && child_run(account, make, paths->start_log, err);

    if (ok && rename(unfinished, paths->data) < 0)
        ok = err_errno(err, paths->data);
    talloc_free(scratch);
    return ok;
}

bool cluster_make(const struct cluster_options *options, const struct cluster_paths *paths,
                  const struct account *account, const char *binaries, struct err *err)
{
    if (!make_folder(paths->directory, account, err) || !make_folder(paths->log, account, err) ||
        !make_folder(paths->run, account, err))
        return false;
    if (major_of_cluster(paths->data) == 0 && !make_data(options, paths, account, binaries, err))
        return false;
    return write_settings(options, paths, account, err) && write_access(paths, account, err);
}
