#define _GNU_SOURCE
#include "Processors.h"
#if defined(__linux__)
#include <sched.h>
#include <stddef.h>

int hb_processors_in_mask(int *processors, int capacity) {
    // The system refuses a mask that is shorter than its own.
    for (int most = 1024; most <= 1 << 16; most *= 4) {
        cpu_set_t *mask = CPU_ALLOC(most);
        if (mask == NULL) return 0;
        size_t size = CPU_ALLOC_SIZE(most);
        int count = 0;
        if (sched_getaffinity(0, size, mask) == 0) {
            for (int i = 0; i < most; i++) {
                if (!CPU_ISSET_S((size_t)i, size, mask)) continue;
                if (count < capacity) processors[count] = i;
                count++;
            }
        }
        CPU_FREE(mask);
        if (count > 0) return count;
    }
    return 0;
}
#else
int hb_processors_in_mask(int *processors, int capacity) {
    (void)processors;
    (void)capacity;
    return 0;
}
#endif
