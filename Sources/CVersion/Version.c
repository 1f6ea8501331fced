#include "CVersion.h"

const char *hb_version(void) { return "0.9.0"; }

// Products link CCommit, whose answers replace these. Nothing imports it, so that a new commit compiles one file and no
// module that comes after it; in tests, which are no product, these hold.
__attribute__((weak)) const char *hb_commit(void) { return ""; }

__attribute__((weak)) const char *hb_build_date(void) { return ""; }
