/*
 * pg.c -- the test cluster: copied from a template, thrown away at the end.
 */
#include "kit/pg.h"

#include "db/statement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

/* One cluster a program, as the head of pg.h says. */
static struct cluster *cluster;
static char folder[PATH_MAX];
static char **folders;
static unsigned folder_count, database_count;
static pid_t owner_pid;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "test kit: %s: %s\n", what, why);
    exit(99);
}

const char *kit_pg_user(void)
{
    if (geteuid() != 0)
        return NULL;
    return getpwnam("postgres") ? "postgres" : "nobody";
}

static void run(const char *what, const char *const *argv)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        die(what, argv[0]);
}

static void remove_folder(const char *path)
{
    const char *argv[] = { "/bin/rm", "-rf", path, NULL };

    run("remove", argv);
}

/* Where clusters live (tests/run). */
static const char *place(void)
{
    const char *chosen = getenv("CHAPPE_TEST_DIR");

    return chosen && *chosen ? chosen : "/tmp";
}

/* Folders of programs that were killed. Their pid is in the name. */
static void sweep(void)
{
    DIR *tmp = opendir(place());
    struct dirent *entry;
    char path[PATH_MAX];

    while (tmp && (entry = readdir(tmp))) {
        int pid;
        if (sscanf(entry->d_name, "chappe-t%d-", &pid) != 1 || kill(pid, 0) == 0 || errno != ESRCH)
            continue;
        snprintf(path, sizeof path, "%s/%.200s", place(), entry->d_name);
        struct stat found;
        if (lstat(path, &found) == 0 && (found.st_uid == geteuid() || geteuid() == 0))
            remove_folder(path);
    }
    if (tmp)
        closedir(tmp);
}

static void leave(void)
{
    if (getpid() != owner_pid)
        return; /* a forked child of the test */
    if (cluster && cluster_pid(cluster)) {
        kill(cluster_pid(cluster), SIGQUIT);
        cluster_stop(&cluster);
    }
    for (unsigned i = 0; i < folder_count; i++)
        remove_folder(folders[i]);
    talloc_free(folders);
}

const char *kit_folder(void)
{
    char path[PATH_MAX];

    if (!owner_pid) {
        owner_pid = getpid();
        sweep();
        atexit(leave);
    }
    snprintf(path, sizeof path, "%s/chappe-t%d-XXXXXX", place(), (int)getpid());
    if (!mkdtemp(path))
        die("mkdtemp", strerror(errno));
    if (kit_pg_user()) {
        const struct passwd *user = getpwnam(kit_pg_user());
        if (chown(path, user->pw_uid, user->pw_gid) < 0)
            die("chown", strerror(errno));
    }
    folders = talloc_realloc(NULL, folders, char *, folder_count + 1);
    folders[folder_count] = talloc_strdup(folders, path);
    return folders[folder_count++];
}

static struct cluster_options options_for(const char *directory)
{
    return (struct cluster_options){ .directory = directory, .run_as = kit_pg_user(), .is_for_tests = true };
}

/* The folder whose data/ is copied; made once under a lock. */
static void find_template(char *path, size_t size)
{
    char lock_path[PATH_MAX + 8], made[PATH_MAX + 16];
    struct stat found;
    struct cluster *template;
    struct err err;

    snprintf(path, size, "%s/chappe-test-%d", place(), (int)geteuid());
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    snprintf(made, sizeof made, "%s/is-complete", path);
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) < 0)
        die(lock_path, strerror(errno));
    if (stat(made, &found) < 0) {
        remove_folder(path);
        struct cluster_options options = options_for(path);
        if (!cluster_start(NULL, &options, &template, &err))
            die(err.user, err.log);
        cluster_stop(&template);
        int mark = open(made, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (mark < 0)
            die(made, strerror(errno));
        close(mark);
    }
    close(lock);
}

void kit_pg_start(void)
{
    struct cluster_options options = options_for(folder);
    struct err err;

    if (!cluster_start(NULL, &options, &cluster, &err))
        die(err.user, err.log);
}

static void start_once(void)
{
    char template[PATH_MAX], from[PATH_MAX + 8];

    if (cluster)
        return;
    find_template(template, sizeof template);
    snprintf(folder, sizeof folder, "%s", kit_folder());
    snprintf(from, sizeof from, "%s/data", template);
    const char *copy[] = { "/bin/cp", "-a", from, folder, NULL };
    run("copy of the template", copy);
    kit_pg_start();
}

struct cluster *kit_pg_cluster(void)
{
    start_once();
    return cluster;
}

void kit_pg_stop(void)
{
    cluster_stop(&cluster);
}

void kit_pg_crash(void)
{
    pid_t pid = cluster_pid(cluster);

    kill(pid, SIGKILL);
    cluster_stop(&cluster);
    kit_pg_start();
}

struct db_pool *kit_pg_pool(const void *owner, const char *conninfo, const char *role, unsigned size)
{
    struct db_pool_options options = {
        .conninfo = conninfo, .role = role, .size = size, .application_name = "chappe test"
    };
    struct db_pool *pool;
    struct err err;

    if (!db_pool_open(owner, &options, &pool, &err))
        die(err.user, err.log);
    return pool;
}

struct db *kit_pg_acquire(struct db_pool *pool)
{
    struct db *db;
    struct err err;

    if (!db_acquire(pool, DB_INTERACTIVE, 5000, &db, &err))
        die(err.user, err.log);
    return db;
}

static void run_sql(const char *sql)
{
    char *conninfo = cluster_conninfo(NULL, cluster, "postgres");
    struct db_pool *pool = kit_pg_pool(NULL, conninfo, NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    struct err err;

    if (!db_exec_script(db, sql, &err))
        die(err.user, err.log);
    db_release(&db);
    db_pool_close(&pool);
    talloc_free(conninfo);
}

/* The database that new ones of this schema are copied from; made with the first. */
static void make_schema_template(const struct db_schema *schema)
{
    char name[64];
    struct err err;
    static const struct db_schema *made[4];
    unsigned i;

    for (i = 0; i < COUNT_OF(made) && made[i]; i++)
        if (made[i] == schema)
            return;
    if (i == COUNT_OF(made))
        die("too many schemas", schema->name);
    made[i] = schema;
    snprintf(name, sizeof name, "template_%s", schema->name);
    if (!cluster_create_database(cluster, name, &err))
        die(err.user, err.log);
    char *conninfo = cluster_conninfo(NULL, cluster, name);
    struct db_pool *pool = kit_pg_pool(NULL, conninfo, NULL, 1);
    if (!db_migrate(pool, schema, &err))
        die(err.user, err.log);
    db_pool_close(&pool);
    talloc_free(conninfo);
}

char *kit_pg_database(const void *owner, const struct db_schema *schema)
{
    char name[32], sql[200];

    start_once();
    if (schema)
        make_schema_template(schema);
    snprintf(name, sizeof name, "t%u", ++database_count);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE %s%s STRATEGY file_copy", name,
             schema ? "template_" : "template0", schema ? schema->name : "");
    run_sql(sql);
    return cluster_conninfo(owner, cluster, name);
}
