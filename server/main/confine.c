/* confine.c -- Landlock and seccomp for the roles. */
#include "main/confine.h"

#include "base/log.h"
#include "main/certificates.h"
#include "main/front_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <talloc.h>
#include <unistd.h>

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS                                                                                         \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |        \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK)
/* All that version 1 of Landlock knows: what is handled and not granted is refused, execution among it. */
#define HANDLED ((UINT64_C(1) << 13) - 1)

struct grant {
    const char *path; /* relative: inside the data directory */
    uint64_t rights;
};

static const struct grant grants[] = {
    { "/usr", READ_RIGHTS },
    { "/etc", READ_RIGHTS },
    { "/lib", READ_RIGHTS },
    { "/lib64", READ_RIGHTS },
    { "/proc", READ_RIGHTS },
    { "/sys/devices/system/cpu", READ_RIGHTS },
    { "/run", READ_RIGHTS },
    { "/dev", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE },
    { "chappe.conf", LANDLOCK_ACCESS_FS_READ_FILE },
    { "tls", READ_RIGHTS },
    { "secrets", READ_RIGHTS },
    { "run", READ_RIGHTS | WRITE_RIGHTS },
    { "log", WRITE_RIGHTS },
    { "spool", READ_RIGHTS | WRITE_RIGHTS },
    { "postgres/postmaster.pid", LANDLOCK_ACCESS_FS_READ_FILE },
    { "postgres/data/postmaster.pid", LANDLOCK_ACCESS_FS_READ_FILE },
};

static void grant(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = rights };

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return; /* not on this machine */
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        log_event(LOG_LEVEL_WARNING, "main.confine.rule", log_text("path", path),
                  log_text("cause", strerror(errno)));
    close(rule.parent_fd);
}

static void grant_folder_of(int ruleset, const void *arena, const char *path)
{
    char *folder = talloc_strdup(arena, path), *slash = strrchr(folder, '/');

    if (!slash || slash == folder)
        return; /* never the whole file system */
    *slash = '\0';
    grant(ruleset, folder, READ_RIGHTS);
}

/* Folders rather than files: a renewed certificate is another file under the old name, and it may be a link to where
 * the next renewal makes a new file. */
static void grant_certificate(int ruleset, const void *arena, const char *file)
{
    char *real = realpath(file, NULL);

    grant_folder_of(ruleset, arena, file);
    if (real)
        grant_folder_of(ruleset, arena, real);
    free(real);
}

static void grant_certificates(int ruleset, const void *arena, const struct config *config)
{
    struct tls_config tls;
    struct err err = ERR_INIT;

    grant(ruleset, config->tls_certificates, READ_RIGHTS);
    if (!certificates_find(arena, config, &tls, &err))
        return; /* the role does not start, and says why */
    for (size_t i = 0; i < tls.count; i++) {
        grant_certificate(ruleset, arena, tls.pairs[i].certificate_file);
        grant_certificate(ruleset, arena, tls.pairs[i].key_file);
    }
}

static bool confine_files(const struct config *config)
{
    struct landlock_ruleset_attr attributes = { .handled_access_fs = HANDLED };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    void *arena = talloc_new(NULL);
    const char *front_ends;
    bool done;

    if (ruleset < 0) {
        talloc_free(arena);
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(grants); i++)
        grant(ruleset, config_path(arena, config, grants[i].path), grants[i].rights);
    grant(ruleset, config->file, LANDLOCK_ACCESS_FS_READ_FILE);
    grant_certificates(ruleset, arena, config);
    grant(ruleset, config->kerberos_keytabs, READ_RIGHTS);
    grant(ruleset, config->trust_anchor, LANDLOCK_ACCESS_FS_READ_FILE);
    grant(ruleset, config->trusted_certificates, LANDLOCK_ACCESS_FS_READ_FILE);
    front_ends = front_ends_folder(arena, config);
    if (front_ends)
        grant(ruleset, front_ends, READ_RIGHTS);
    done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    talloc_free(arena);
    return done;
}

static const int refused[] = {
#ifndef __SANITIZE_ADDRESS__
    SCMP_SYS(ptrace), /* the leak sanitizer looks at its own threads with it */
#endif
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(personality),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(syslog),
};

static bool confine_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool done = filter != NULL;

    for (size_t i = 0; done && i < COUNT_OF(refused); i++)
        done = refused[i] < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0) == 0;
    done = done && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return done;
}

void confine_role(const struct config *config, const char *role)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !confine_files(config))
        log_event(LOG_LEVEL_WARNING, "main.confine.files", log_text("role", role),
                  log_text("cause", strerror(errno)));
    if (!confine_calls())
        log_event(LOG_LEVEL_WARNING, "main.confine.calls", log_text("role", role));
}
