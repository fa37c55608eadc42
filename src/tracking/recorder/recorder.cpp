#include "tracking/recorder/recorder.h"
