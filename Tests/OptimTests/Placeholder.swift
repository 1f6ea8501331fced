import Testing

import Optim
