// What is known of a target, from all sources: its model's family, its provider's list, the configuration.
#pragma once

#include "api/model_list.h"
#include "api/target_facts.h"
#include "routing/router.h"

namespace sluice::gateway {

// The origin of opaque data: provider, credential and model. The digest does not reveal the credential.
api::Origin origin_of(const routing::Target& target, Dialect dialect);
// The target's facts when asked in `dialect`, one of its provider's. Sources, each overriding the one before: the
// model's family, the provider's list (`told`), the configuration.
api::TargetFacts facts_of(const routing::Target& target, Dialect dialect, const api::ModelFacts& told = api::no_facts);

}  // namespace sluice::gateway
