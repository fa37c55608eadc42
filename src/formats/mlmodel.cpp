#include "formats/mlmodel.h"
