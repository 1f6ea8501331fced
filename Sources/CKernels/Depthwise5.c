#include "DepthwiseVectors.h"

HB_DEFINE(16, 5)
HB_DEFINE(8, 5)
