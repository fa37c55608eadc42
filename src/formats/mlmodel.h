#pragma once

namespace liquid::formats {}
