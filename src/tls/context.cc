#include "tls/context.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "tls/host_name.h"
#include "tls/pem_files.h"
#include "tls/stream_bio.h"

namespace sluice::tls {
namespace {

constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

Owned<SSL_CTX> make_context(const SSL_METHOD* method) {
  Owned<SSL_CTX> context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection frees its record buffers (~34 KB).
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// A caller that offers only other protocols (h2) is rejected (RFC 7301 3.2); without ALPN this is not called.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  unsigned char* match = nullptr;
  const int found = SSL_select_next_proto(&match, chosen_bytes, http_1_1, sizeof(http_1_1), offered, offered_bytes);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

tl::unexpected<Error> no_memory() { return fail(ErrorCode::internal, "TLS context could not be made"); }

Result<Owned<SSL_CTX>> make_target_context(const TargetOptions& options) {
  Owned<SSL_CTX> made = make_context(TLS_client_method());
  SSL_CTX* const context = made.get();
  if (!context || SSL_CTX_set_alpn_protos(context, http_1_1, sizeof(http_1_1)) != 0) return no_memory();
  // TlsStream keeps the sessions; OpenSSL's cache would be shared by all names, under a lock.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, StreamBio::keep_session);
  if (!options.cert_file.empty() || !options.key_file.empty()) {
    if (auto ok = use_certificate(context, options.cert_file, options.key_file); !ok) {
      return tl::unexpected(std::move(ok.error()));
    }
  }
  if (!options.ca_file.empty()) {
    if (auto ok = trust_file(context, options.ca_file); !ok) return tl::unexpected(std::move(ok.error()));
  }
  if (options.insecure_skip_verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, StreamBio::note_problem);
  }
  return made;
}

}  // namespace

Result<std::shared_ptr<TargetContext>> TargetContext::create(const TargetOptions& options,
                                                             std::shared_ptr<SystemRoots> roots) {
  std::shared_ptr<TargetContext> made(new TargetContext);
  if (options != TargetOptions()) {
    auto context = make_target_context(options);
    if (!context) return tl::unexpected(std::move(context.error()));
    made->context_ = std::move(*context);
  }
  if (options.ca_file.empty() && !options.insecure_skip_verify) made->roots_ = std::move(roots);
  return made;
}

SSL_CTX* TargetContext::context() {
  std::call_once(made_, [this] {
    if (context_) return;
    if (auto made = make_target_context({})) context_ = std::move(*made);
  });
  return context_.get();
}

Owned<SSL> TargetContext::make_connection(const std::string& host) {
  Owned<SSL> connection(SSL_new(context()));
  if (!connection) return connection;
  SSL* ssl = connection.get();
  SSL_set_connect_state(ssl);
  const HostName name(host);
  bool ok = true;
  if (name.is_ip()) {
    ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.text().c_str()) == 1;
  } else {
    // RFC 9110 4.3.4: the subject's common name is ignored.
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    ok = SSL_set1_host(ssl, name.text().c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.text().c_str()) == 1;
  }
  if (ok && roots_) ok = SSL_set1_verify_cert_store(ssl, roots_->store()) == 1;
  return ok ? std::move(connection) : nullptr;
}

std::string_view TargetContext::trust_hint() {
  if (!roots_ || !roots_->where().empty()) return "";
  return "no certification authorities found on this machine: install ca-certificates or set ca_file";
}

Result<std::shared_ptr<ListenerContext>> ListenerContext::create(const ListenerOptions& options) {
  std::shared_ptr<ListenerContext> made(new ListenerContext);
  made->context_ = make_context(TLS_server_method());
  SSL_CTX* context = made->context_.get();
  if (!context) return no_memory();
  if (auto ok = use_certificate(context, options.cert_file, options.key_file); !ok) {
    return tl::unexpected(std::move(ok.error()));
  }
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // Tickets are stateless: callers keep their sessions, the context keeps only the key.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, http_1_1, sizeof(http_1_1));
  return made;
}

Owned<SSL> ListenerContext::make_connection() {
  Owned<SSL> connection(SSL_new(context_.get()));
  if (connection) SSL_set_accept_state(connection.get());
  return connection;
}

}  // namespace sluice::tls
