"""Names for the array types that the methods exchange.

Belongs here: type names only. Does not belong here: anything that runs.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
