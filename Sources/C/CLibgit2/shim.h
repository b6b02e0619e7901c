#include <git2.h>

/* git_libgit2_opts is variadic, which Swift cannot call. */
static inline int catboat_git_set_flag(int option, int value)
{
    return git_libgit2_opts(option, value);
}
static inline int catboat_git_set_search_path(int level, const char *path)
{
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}
