// Standard input, output and error, as whoever starts the program leaves them.
#pragma once

namespace sluice::daemon {

// Opens /dev/null in place of those that are closed: otherwise the next file or socket would take its number, which
// libuv may not close (it aborts) and into which messages would be written. Also ignores SIGXFSZ, so that a write
// beyond RLIMIT_FSIZE is an error (EFBIG) rather than the end. To be called first. False if there is no /dev/null.
bool ready_standard_streams();

}  // namespace sluice::daemon
