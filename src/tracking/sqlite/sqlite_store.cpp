#include "tracking/sqlite/sqlite_store.h"
