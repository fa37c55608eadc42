#include "tracking/artifacts/artifact_store.h"
