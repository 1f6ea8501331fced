#include "DepthwiseVectors.h"

HB_DEFINE(16, 3)
HB_DEFINE(8, 3)
