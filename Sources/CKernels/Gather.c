#include "Gather.h"
#include <string.h>

// A copy whose length the compiler knows becomes a few moves, and the runs of narrow maps are that short.
#define HB_RUNS_OF(n)                                                                                  \
    case n:                                                                                            \
        for (long i = 0; i < count; i++) memcpy(target + i * (n), source + (long)sources[i] * (n), n); \
        return;

void hb_gather_runs(const void *from, void *to, const int32_t *restrict sources, long count, long bytes) {
    const char *restrict source = from;
    char *restrict target = to;
    switch (bytes) {
        HB_RUNS_OF(4)
        HB_RUNS_OF(8)
        HB_RUNS_OF(16)
        HB_RUNS_OF(32)
        HB_RUNS_OF(64)
        HB_RUNS_OF(128)
        default: break;
    }
    for (long i = 0; i < count; i++) memcpy(target + i * bytes, source + (long)sources[i] * bytes, (size_t)bytes);
}
