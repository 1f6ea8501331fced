#define _GNU_SOURCE
#include "Processors.h"
#if defined(__linux__)
#include <sched.h>
#include <stddef.h>

int hb_processors_in_mask(void) {
    // The system refuses a mask that is shorter than its own.
    for (int most = 1024; most <= 1 << 16; most *= 4) {
        cpu_set_t *mask = CPU_ALLOC(most);
        if (mask == NULL) return 0;
        size_t size = CPU_ALLOC_SIZE(most);
        int count = sched_getaffinity(0, size, mask) == 0 ? CPU_COUNT_S(size, mask) : 0;
        CPU_FREE(mask);
        if (count > 0) return count;
    }
    return 0;
}
#else
int hb_processors_in_mask(void) { return 0; }
#endif
