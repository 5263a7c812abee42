// OpenSSL's callbacks into a TlsStream: its bytes, its new sessions, problems of a certificate.
#pragma once

#include <cstddef>

#include "tls/handles.h"

namespace sluice::tls {

class TlsStream;

struct StreamBio {
  // Makes `connection` read and write through `stream`, which must outlive it. False if out of memory.
  static bool attach(SSL* connection, TlsStream& stream);

  // For SSL_CTX_sess_set_new_cb and SSL_CTX_set_verify.
  static int keep_session(SSL* connection, SSL_SESSION* session);
  static int note_problem(int fine, X509_STORE_CTX* chain);

  // For the BIO_METHOD.
  static int read(BIO* bio, char* room, size_t room_bytes, size_t* read_bytes);
  static int write(BIO* bio, const char* bytes, size_t size, size_t* written_bytes);
  static long control(BIO* bio, int command, long number, void* pointer);
};

}  // namespace sluice::tls
