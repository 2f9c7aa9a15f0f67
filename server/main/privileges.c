/* privileges.c -- from root to the server's user. */
#include "main/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_FILES = 1048576 };

static bool fill(const struct passwd *entry, struct account *account_out)
{
    if (!entry || strlen(entry->pw_name) >= sizeof account_out->name)
        return false;
    memcpy(account_out->name, entry->pw_name, strlen(entry->pw_name) + 1);
    account_out->uid = entry->pw_uid;
    account_out->gid = entry->pw_gid;
    return true;
}

bool account_of_server(const struct config *config, struct account *account_out, struct err *err)
{
    if (geteuid() != 0) {
        if (!fill(getpwuid(geteuid()), account_out)) {
            snprintf(account_out->name, sizeof account_out->name, "%ld", (long)geteuid());
            account_out->uid = geteuid();
            account_out->gid = getegid();
        }
        return true;
    }
    if (!fill(getpwnam(config->user), account_out))
        return err_set(
            err, ERR_INVALID,
            "There is no user %s. Run: useradd --system --no-create-home --shell /usr/sbin/nologin %s",
            config->user, config->user);
    if (account_out->uid == 0)
        return err_set(err, ERR_INVALID, "%s: user must not be root.", config->file);
    return true;
}

static bool set_capabilities(uint32_t capabilities)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { { capabilities, capabilities, capabilities }, { 0, 0, 0 } };

    return syscall(SYS_capset, &header, data) == 0;
}

bool privileges_drop(const struct account *account, bool keeps_bind, struct err *err)
{
    if (geteuid() == account->uid)
        return true;
    if (geteuid() != 0)
        return err_set(err, ERR_DENIED, "This can be done by root or %s only.", account->name);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(account->name, account->gid) != 0 ||
        setresgid(account->gid, account->gid, account->gid) != 0 ||
        setresuid(account->uid, account->uid, account->uid) != 0)
        return err_errno(err, "give up root");
    if (!set_capabilities(keeps_bind ? 1u << CAP_NET_BIND_SERVICE : 0))
        return err_errno(err, "capset");
    if (keeps_bind && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0)
        return err_errno(err, "keep CAP_NET_BIND_SERVICE");
    return true;
}

void privileges_raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (geteuid() == 0 && limit.rlim_max < OPEN_FILES)
        limit.rlim_max = OPEN_FILES;
    limit.rlim_cur = limit.rlim_max < OPEN_FILES ? limit.rlim_max : OPEN_FILES;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max; /* the machine's own ceiling is lower */
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}
