#include "tracking/client/open_store.h"
