// What is known of a target, of all that tells of it: its model's family, its provider, the configuration.
#pragma once

#include "api/model_list.h"
#include "api/target_facts.h"
#include "routing/router.h"

namespace sluice::gateway {

// Whose opaque data is: provider, credential and model. The digest tells nothing of the credential.
api::Origin origin_of(const routing::Target& target, Dialect dialect);
// As it is asked in `dialect`, one of its provider's. By the model's family, what the provider has told of it (`told`),
// and what the configuration says, each over the one before.
api::TargetFacts facts_of(const routing::Target& target, Dialect dialect, const api::ModelFacts& told = api::no_facts);

}  // namespace sluice::gateway
