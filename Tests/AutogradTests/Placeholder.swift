import Testing

import Autograd
