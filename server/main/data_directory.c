/* data_directory.c -- creating, checking and locking the data directory. */
#include "main/data_directory.h"

#include "base/sealing.h"
#include "main/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

static const char *const folders[] = { "", "run", "tls", "postgres", "spool", "log", "secrets" };

/* mkdir -p, for the folders above the data directory. */
static bool make_parents(const char *path, struct err *err)
{
    char *copy = talloc_strdup(NULL, path);

    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST) {
            err_set(err, ERR_DENIED, "The folder %s cannot be made: %s.", copy, strerror(errno));
            talloc_free(copy);
            return false;
        }
        *slash = '/';
    }
    talloc_free(copy);
    return true;
}

static bool make_folder(const char *path, const struct account *account, struct err *err)
{
    bool is_new = mkdir(path, 0700) == 0;

    if (!is_new && errno != EEXIST)
        return err_set(err, ERR_DENIED, "The folder %s cannot be made: %s.", path, strerror(errno));
    if (is_new && geteuid() == 0 && chown(path, account->uid, account->gid) != 0)
        return err_errno(err, "chown");
    return true;
}

/* The first key that secrets in the database are sealed with. A folder that has one is left alone: without its keys what is sealed
 * already could not be opened. */
static bool make_secret_key(const char *folder, const struct account *account, struct err *err)
{
    char id[SEALING_ID_BYTES + 1];
    char *path;

    if (sealing_count_keys(folder) > 0)
        return true;
    if (!sealing_add_key(folder, id, err))
        return false;
    path = talloc_asprintf(NULL, "%s/%s.key", folder, id);
    bool done = geteuid() != 0 || chown(path, account->uid, account->gid) == 0;
    talloc_free(path);
    return done || err_errno(err, "chown");
}

bool data_directory_add_secret_key(const struct config *config, char id_out[DATA_DIRECTORY_KEY_ID],
                                   struct err *err)
{
    char *folder = config_path(NULL, config, "secrets"), *path;
    struct account account;
    bool done = account_of_server(config, &account, err) && sealing_add_key(folder, id_out, err);

    path = talloc_asprintf(folder, "%s/%s.key", folder, done ? id_out : "");
    if (done && geteuid() == 0 && chown(path, account.uid, account.gid) != 0)
        done = err_errno(err, "chown");
    talloc_free(folder);
    return done;
}

bool data_directory_create(const struct config *config, struct err *err)
{
    struct account account;
    void *arena = talloc_new(NULL);
    bool done = account_of_server(config, &account, err) && make_parents(config->data, err);

    for (size_t i = 0; done && i < COUNT_OF(folders); i++) {
        const char *path = *folders[i] ? config_path(arena, config, folders[i]) : config->data;
        done = make_folder(path, &account, err);
    }
    done = done && make_secret_key(config_path(arena, config, "secrets"), &account, err);
    talloc_free(arena);
    return done;
}

static bool check_folder(const char *path, const struct account *account, struct err *err)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return err_set(err, ERR_INVALID, "%s: %s. Run: chappe --data DIR init", path, strerror(errno));
    if (!S_ISDIR(found.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a folder.", path);
    if (found.st_uid != account->uid)
        return err_set(err, ERR_INVALID, "%s does not belong to the user %s. Run: chown -R %s: %s", path,
                       account->name, account->name, path);
    if (found.st_mode & 077)
        return err_set(err, ERR_INVALID, "%s is open to other users. Run: chmod 700 %s", path, path);
    return true;
}

bool data_directory_check(const struct config *config, struct err *err)
{
    struct account account;
    void *arena = talloc_new(NULL);
    bool good = account_of_server(config, &account, err);

    for (size_t i = 1; good && i < COUNT_OF(folders); i++)
        good = check_folder(config_path(arena, config, folders[i]), &account, err);
    if (good &&
        strlen(config->data) + strlen("/run/housekeeping.ctl") >= sizeof((struct sockaddr_un *)0)->sun_path)
        good = err_set(err, ERR_INVALID,
                       "The path %s is too long for a socket in it. Take one below 80 characters.",
                       config->data);
    talloc_free(arena);
    return good;
}

static int open_lock(const struct config *config)
{
    char *path = config_path(NULL, config, "run/supervisor.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    talloc_free(path);
    return fd;
}

bool data_directory_lock(const struct config *config, struct err *err)
{
    int fd = open_lock(config);

    if (fd < 0)
        return err_set(err, ERR_DENIED, "%s/run cannot be written: %s.", config->data, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return err_set(err, ERR_CONFLICT, "A server is running already in %s.", config->data);
    }
    return true; /* the descriptor, and the lock with it, ends with the process */
}

bool data_directory_is_locked(const struct config *config)
{
    int fd = open_lock(config);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return locked;
}
