// The room of one wire format: everything that sluice knows about it and that differs from the others. A dialect is a
// folder below src/api whose dialect.cc fills its room, and a line in dialects.cc; no other code names one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "api/error_body.h"
#include "api/keeping.h"
#include "api/model_list.h"
#include "api/model_list_reader.h"
#include "api/places.h"
#include "api/rate_limit_fields.h"
#include "api/request_peek.h"
#include "api/resumption.h"
#include "api/translation.h"
#include "base/dialect.h"
#include "base/result.h"

namespace sluice::api {

// What metrics call an endpoint (gen_ai.operation.name of OpenTelemetry's conventions for generative AI).
struct Operation {
  std::string_view endpoint, name;
};

// All of it is constant, and lives as long as the program.
struct DialectRoom {
  Dialect id{};

  // Paths. `version_optional`: they are written with /v1 here and accepted without it, as many programs are given a
  // base URL that lacks it; a provider's base URL has it. `roots`: every path below them is this dialect's.
  EndpointTable endpoints{};
  bool version_optional = false;
  std::span<const std::string_view> roots{};
  // What passes through unchanged, what of that is restricted, and what some programs write before its paths.
  std::span<const Endpoint> subtrees{};
  std::span<const GuardedPath> guarded{};
  std::span<const std::string_view> prefixes{};
  // What stands before the model's name in paths like /v1beta/models/NAME:verb.
  std::span<const std::string_view> verb_roots{};
  std::span<const Operation> operations{};         // of endpoints that have another name in metrics
  std::span<const std::string_view> translated{};  // endpoints whose requests may go to a target of another dialect

  // Header fields. `own_field`: one that only its callers send.
  std::string_view own_field{};
  std::span<const std::string_view> key_fields{};      // where a caller's key may be
  std::span<const std::string_view> account_fields{};  // that choose an account among those of the key
  std::string_view key_parameter{};                    // the same in the query
  std::string_view address_field{};                    // of an answer: an address at the provider to continue at
  const RateLimitNames& rate_limits = plain_rate_limit_names;

  // Requests. `rename_models`: edits of the places in the body that also name the model, where the URL names it.
  PeekRules peek{};
  std::string_view model_prefix{};  // what some callers write before a model's name in a URL
  Result<std::vector<Edit>> (*rename_models)(std::string_view body, std::string_view named,
                                             std::string_view target) = nullptr;

  // Answers.
  const Places& places;
  // What may be sent between two frames of a stream, or before the first, while there is nothing to relay: no SDK takes
  // it for part of the answer.
  std::string_view heartbeat{};
  bool takes_event_ids = false;  // no SDK is disturbed by an `id:` line at an event's end
  ModelShape models = plain_model_shape;
  const ListQuestion& model_question = plain_list_question;
  WriteError write_error = nullptr;
  WriteError write_error_event = nullptr;  // in an event stream, where its data differs from the body
  bool names_events = false;               // an error's event has an `event:` line
  std::string_view error_schema{};         // JSON Schema of the body

  TranslationRoom translation{};
  const KeepingRoom* keeping = nullptr;        // nullptr: its answers cannot be asked for again
  const ResumptionRoom* resumption = nullptr;  // nullptr: a stream that broke off cannot be resumed
};

// All dialects, in the order of the enum. The first is the default where nothing shows which is meant.
std::span<const DialectRoom* const> rooms();
inline const DialectRoom& room_of(Dialect dialect) { return *rooms()[static_cast<size_t>(dialect)]; }

}  // namespace sluice::api
