#include "DepthwiseVectors.h"

HB_DEFINE(16, 7)
HB_DEFINE(8, 7)
