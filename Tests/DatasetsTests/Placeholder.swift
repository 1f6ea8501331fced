import Testing

import Datasets
