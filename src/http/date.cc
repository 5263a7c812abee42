#include "http/date.h"

#include <time.h>

#include "base/time_text.h"

namespace sluice::http {

std::string http_date_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return sluice::http_date(now.tv_sec);
}

}  // namespace sluice::http
