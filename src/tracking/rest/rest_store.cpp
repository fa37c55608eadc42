#include "tracking/rest/rest_store.h"
