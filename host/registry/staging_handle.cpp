#include "host/registry/staging_handle.hpp"

#include <utility>

#include "host/registry/instance.hpp"
#include "host/registry/plugin_answer.hpp"
#include "host/registry/plugin_call.hpp"

namespace sluice::host {

Result<StagingHandle> StagingHandle::create(EndpointTemplatePtr of, std::string_view config,
                                            const sluice_host* host) {
  if (!of->descriptor.staging) return wrong_role(*of, "staging");
  sluice_staging_provider provider{};
  provider.size = sizeof provider;
  Status created = create_instance(*of, &sluice_plugin::create_staging, config, host, provider);
  if (!created) return std::move(created).take_error();
  StagingHandle handle(std::move(of), provider);
  if (Status complete = handle.complete(); !complete) return std::move(complete).take_error();
  return handle;
}

StagingHandle::StagingHandle(EndpointTemplatePtr of, const sluice_staging_provider& provider)
    : template_(std::move(of)), provider_(provider) {}

StagingHandle::StagingHandle(StagingHandle&& other) noexcept
    : template_(std::move(other.template_)),
      provider_(std::exchange(other.provider_, sluice_staging_provider{})) {}

StagingHandle& StagingHandle::operator=(StagingHandle&& other) noexcept {
  if (this == &other) return *this;
  destroy();
  template_ = std::move(other.template_);
  provider_ = std::exchange(other.provider_, sluice_staging_provider{});
  return *this;
}

StagingHandle::~StagingHandle() {
  destroy();
}

void StagingHandle::destroy() noexcept {
  destroy_instance(provider_);
}

Status StagingHandle::complete() const {
  using Api = sluice_staging_provider_api;
  Status status = check_instance(*template_, "create_staging", provider_, &Api::destroy, &Api::open);
  if (!status) return status;
  if (provider_.api->strongest_durability > SLUICE_DURABILITY_DISK)
    return bad_answer(*template_, "create_staging", "its durability is nothing known");
  return {};
}

Status StagingHandle::check_session(const sluice_staging_session& session) const {
  using Api = sluice_staging_session_api;
  return check_instance(*template_, "open", session, &Api::close, &Api::claim, &Api::publish, &Api::abandon,
                        &Api::seal, &Api::next, &Api::release, &Api::acknowledge, &Api::cancel, &Api::stats);
}

Result<OpenStaging> StagingHandle::open(const sluice_staging_request& request) const {
  OpenStaging opened{};
  opened.session.size = sizeof opened.session;
  auto take = [&](boost::json::object&& answer) {
    const boost::json::value* id = answer.if_contains("stageId");
    if (!id || !id->is_string() || id->get_string().empty())
      throw bad_answer(*template_, "open", "no stageId in it");
    opened.stage_id = std::string(id->get_string());
    return true;
  };
  // Whether the plugin's own call succeeded decides who owns the session.
  bool plugin_opened = false;
  Status status =
      collect_answers(*template_, "open", {.answers = 1}, take, [&](sluice_emit out, sluice_error* error) {
        sluice_status answer = provider_.api->open(provider_.self, &request, out, &opened.session, error);
        plugin_opened = answer == SLUICE_OK;
        return answer;
      });
  if (!plugin_opened) {
    if (status) return bad_answer(*template_, "open", "it failed after it was told to stop");
    return std::move(status).take_error();
  }
  if (Status complete = check_session(opened.session); !complete) return std::move(complete).take_error();
  if (status && opened.stage_id.empty()) status = bad_answer(*template_, "open", "no stageId");
  if (!status) {
    call_silently([&] { opened.session.api->close(opened.session.self, 0); });
    return std::move(status).take_error();
  }
  return opened;
}

}  // namespace sluice::host
