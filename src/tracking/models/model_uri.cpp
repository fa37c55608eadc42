#include "tracking/models/model_uri.h"
