#include <fftw3.h>

// Swift cannot see an array without a length.
static inline const char *hb_fftw_version(void) { return fftwf_version; }
