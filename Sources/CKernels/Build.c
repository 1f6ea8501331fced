#include "Build.h"

int hb_instruction_level(void) {
#if defined(HORNBEAM_AVX2)
    return 3;
#elif defined(__x86_64__) && defined(__linux__)
    // The question that the resolver of HB_KERNEL's clones asks.
    __builtin_cpu_init();
    return __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 1;
#elif defined(__x86_64__)
    return 1;
#else
    return 0;
#endif
}

int hb_is_optimized(void) {
#if defined(__OPTIMIZE__)
    return 1;
#else
    return 0;
#endif
}
