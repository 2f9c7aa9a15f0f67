#include "base/descriptors.h"

#include <sys/resource.h>

unsigned descriptors_for_connections(unsigned wanted)
{
    struct rlimit files;
    rlim_t reserve;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return wanted;
    reserve = files.rlim_cur / 2 < DESCRIPTORS_RESERVED ? files.rlim_cur / 2 : DESCRIPTORS_RESERVED;
    return files.rlim_cur - reserve < wanted ? (unsigned)(files.rlim_cur - reserve) : wanted;
}
