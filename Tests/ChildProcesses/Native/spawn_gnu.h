// Functions that glibc declares for _GNU_SOURCE only, which Swift's module of glibc does not define.
#include <spawn.h>

#ifdef __linux__
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
#endif
