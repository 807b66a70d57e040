#include "host/cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "host/cli/commands.hpp"
#include "host/config/nearest_name.hpp"

namespace sluice::host::cli {
namespace {

constexpr const char* top_footer = R"(Exit codes:
  0        done
  1        internal error
  2        rejected request or configuration
  3        environment: unreachable, missing, no permission
  4        the run failed in a plugin
  5        done, with rejected records above tolerance
  6        cancelled, with a valid checkpoint
  7        staging damaged, data set aside
  128+n    ended by signal n

Environment: SLUICE_CONFIG, SLUICE_PLUGIN_PATH, SLUICE_LOG (trace, debug, info, warning, error, json), NO_COLOR.

Example:
  sluice run --endpoint events --unit 2026-11.ndjson --sink lake --checkpoint-file events.checkpoint)";

// What the parser fills; the commands get copies.
struct Words {
  RunArguments run;
  ProveArguments prove;
  CutOffArguments cut_off;
  BenchArguments bench;
  std::string endpoint, unit, plugin, template_id, request, stage_ref;
  std::optional<uint32_t> stream;
  StagingGcOptions gc;
  uint32_t records = 10;
  bool version = false;
};

// A name the user typed, and what it could have been.
struct Known {
  std::vector<std::string> names;
  std::vector<std::string_view> views() const { return {names.begin(), names.end()}; }
};

Known commands_of(const CLI::App& app) {
  Known known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) known.names.push_back(command->get_name());
  return known;
}

Known options_of(const CLI::App* app) {
  Known known;
  for (; app; app = app->get_parent())
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) known.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) known.names.push_back("-" + name);
    }
  return known;
}

// The innermost command that was named, or the top.
const CLI::App* innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  for (auto chosen = at->get_subcommands(); !chosen.empty(); chosen = at->get_subcommands())
    at = chosen.back();
  return at;
}

std::string spoken_name(const CLI::App* app) {
  std::string name = app->get_name();
  while ((app = app->get_parent())) name = app->get_name() + " " + name;
  return name;
}

Error usage(std::string message, const CLI::App* where, std::string hint) {
  const std::string name = spoken_name(where);
  if (hint.empty()) hint = "see " + name + " --help";
  return {ErrorClass::config, "E_USAGE", std::move(message), name, std::move(hint)};
}

// A word that nothing takes.
Error unknown_word(const std::string& word, const CLI::App* where) {
  if (word.size() > 1 && word.front() == '-') {
    const std::string name = word.substr(0, word.find('='));
    const Known known = options_of(where);
    return usage("unknown option " + name, where, did_you_mean(name, known.views()));
  }
  const Known known = commands_of(*where);
  if (!known.names.empty())
    return usage("unknown command \"" + word + "\"", where, did_you_mean(word, known.views()));
  return usage("\"" + word + "\" is one argument too many", where, {});
}

Error missing_command(const CLI::App* where) {
  std::string names;
  for (const std::string& name : commands_of(*where).names) names += (names.empty() ? "" : ", ") + name;
  return usage(spoken_name(where) + " needs a command", where, "one of " + names);
}

Error explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* where = innermost(app);
  const std::vector<std::string> extra = app.remaining(true);
  // Behind an unknown option may stand its value: the option is what was meant to be said.
  const auto option =
      std::find_if(extra.begin(), extra.end(), [](const std::string& w) { return w.starts_with("-"); });
  if (option != extra.end()) return unknown_word(*option, where);
  if (!extra.empty()) return unknown_word(extra.front(), where);
  return usage(error.what(), where, {});
}

class Parser {
 public:
  explicit Parser(CommandLine& line)
      : line_(line), app_("Sluice moves records from a source through staging to a sink.", "sluice") {
    app_.footer(top_footer);
    app_.require_subcommand(0, 1);
    app_.get_formatter()->column_width(34);
    add_global_options();
    add_run();
    add_endpoint_commands();
    add_listings();
    add_staging();
    add_the_rest();
  }

  void parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
      if (words_.version) line_.command = version_command;
      const CLI::App* where = innermost(app_);
      if (!line_.command) line_.error = missing_command(where);
    } catch (const CLI::CallForHelp&) {
      line_.help = app_.help();
    } catch (const CLI::ParseError& error) {
      line_.error = explain(app_, error);
    }
    if (line_.error) line_.command = nullptr;
  }

 private:
  void add_global_options() {
    GlobalOptions& to = line_.options;
    app_.add_flag("--json", to.json, "One JSON object on standard output");
    app_.add_flag("-q,--quiet", to.quiet, "Errors only on standard error: no progress, no warnings");
    app_.add_flag("-v,--verbose", to.verbose, "More log lines; twice for still more");
    app_.add_flag("--no-color", to.no_color, "No colours");
    app_.add_option("--config", to.config_file, "Configuration file")->type_name("FILE");
    app_.add_option("--plugins", to.plugin_folders, "Plugin folder; may be repeated")
        ->type_name("DIR")
        ->allow_extra_args(false);
    app_.add_flag("--version", words_.version, "Same as the command version");
  }

  CLI::App* add(CLI::App& to, const char* name, const char* title, const char* example,
                std::function<int(Session&)> run) {
    CLI::App* command = to.add_subcommand(name, title);
    command->fallthrough();
    command->footer(
        std::string("Every command takes --json, -q, -v, --no-color, --config FILE and --plugins DIR too.\n\n"
                    "Example:\n  ") +
        example);
    if (run) {
      command->callback([this, run] { line_.command = run; });
    } else {
      command->require_subcommand(0, 1);
    }
    return command;
  }

  void add_run() {
    CLI::App* run =
        add_mover("run", "Run one ingestion: source, staging, sink", RunCommand::run,
                  "sluice run request.json\n  sluice run --endpoint events --unit 2026-11.ndjson --sink "
                  "lake --checkpoint-file events.checkpoint");
    add_request(run);
    add_source_flags(run);
    add_sink_flags(run);
    CLI::App* exporter = add_mover(
        "export", "The first half of a run: source to staging; its result names the stage",
        RunCommand::export_stage, "sluice export --endpoint events --unit 2026-11.ndjson --staging mmap");
    add_request(exporter);
    add_source_flags(exporter);
    add_sink_flags(exporter);
    CLI::App* importer = add_mover(
        "import", "The second half: staging to sink; never touches the source", RunCommand::import_stage,
        "sluice import --stage mmap:nightly --sink lake\n  sluice import --stage mmap:nightly --sink lake "
        "--follow");
    add_request(importer);
    add_text(importer, "--sink", words_.run.flags.sink, "Sink endpoint, in place of the export's", "ID");
    add_text(importer, "--stage", words_.run.flags.stage_ref, "Staging session, as export gives it",
             "STAGEREF");
    importer->add_flag("--follow", words_.run.follow, "Wait for the export to begin, and read beside it");
    CLI::App* resume =
        add_mover("resume", "Finish a run that was cut off, from what is staged", RunCommand::resume,
                  "sluice resume mmap:stage-0123456789abcdef0123456789abcdef");
    resume
        ->add_option("STAGEREF", words_.run.flags.stage_ref,
                     "Staging session, as results and `staging list` name it")
        ->required()
        ->type_name("");
    add_request(resume);
  }

  CLI::App* add_mover(const char* name, const char* title, RunCommand command, const char* example) {
    CLI::App* mover = add(app_, name, title, example, [this, command](Session& session) {
      words_.run.command = command;
      return run_command(session, words_.run);
    });
    mover->add_flag("--strict", words_.run.strict, "Unknown keys of the request are errors");
    add_text(mover, "--checkpoint-file", words_.run.checkpoint_file,
             "Go on from the checkpoint in this file, and put the new one there after the run", "FILE");
    return mover;
  }

  void add_request(CLI::App* mover) {
    mover->add_option("REQUEST", words_.run.request, "Request as JSON: a file, or - for standard input")
        ->type_name("");
  }
  void add_source_flags(CLI::App* mover) {
    RequestFlags& flags = words_.run.flags;
    add_text(mover, "--endpoint", flags.endpoint, "Source endpoint, in place of the request's", "ID");
    add_text(mover, "--unit", flags.unit, "Unit, in place of the request's", "ID");
    add_text(mover, "--mode", flags.mode, "FULL or INCREMENTAL", "MODE");
    add_text(mover, "--checkpoint", flags.checkpoint, "Checkpoint to go on from", "JSON|@FILE");
  }
  void add_sink_flags(CLI::App* mover) {
    RequestFlags& flags = words_.run.flags;
    add_text(mover, "--sink", flags.sink, "Sink endpoint, in place of the request's", "ID");
    add_text(mover, "--staging", flags.staging, "Staging provider, in place of the request's", "ID");
    add_text(mover, "--stage", flags.stage_ref, "Name of the new staging session, such as mmap:nightly",
             "STAGEREF");
  }
  static void add_text(CLI::App* mover, const char* name, std::string& to, const char* about,
                       const char* type) {
    mover->add_option(name, to, about)->type_name(type);
  }

  void add_endpoint_commands() {
    auto endpoint = [this](CLI::App* command) {
      command->add_option("ENDPOINT", words_.endpoint, "Endpoint of the configuration file")
          ->required()
          ->type_name("");
    };
    endpoint(add(app_, "check", "Test an endpoint's connection without moving data", "sluice check lake",
                 [this](Session& session) { return check_command(session, words_.endpoint); }));
    endpoint(add(app_, "units", "List what an endpoint can ingest", "sluice units events",
                 [this](Session& session) { return units_command(session, words_.endpoint); }));
    CLI::App* preview = add(app_, "preview", "Show the first records of a unit",
                            "sluice preview events 2026-11.ndjson -n 3", [this](Session& session) {
                              return preview_command(session, words_.endpoint, words_.unit, words_.records);
                            });
    endpoint(preview);
    preview->add_option("UNIT", words_.unit, "Unit as the command units lists it")->required()->type_name("");
    preview->add_option("-n,--records", words_.records, "Number of records, 1 to 10000 (10)")
        ->type_name("N")
        ->check(CLI::Range(uint32_t{1}, uint32_t{10000}));
  }

  void add_listings() {
    CLI::App* plugins = add(app_, "plugins", "List and inspect plugins", "sluice plugins list", nullptr);
    add(*plugins, "list", "Loaded plugins, and refused ones with the reason",
        "sluice plugins list --plugins ./build/lib", plugins_list_command);
    add(*plugins, "inspect", "What is in a plugin, read without loading it",
        "sluice plugins inspect ./libmine.so",
        [this](Session& session) { return plugins_inspect_command(session, words_.plugin); })
        ->add_option("PLUGIN", words_.plugin, "A plugin's file or id")
        ->required()
        ->type_name("");
    add(*plugins, "test", "Try a plugin in processes of its own: load it, make and check its endpoints",
        "sluice plugins test ./libmine.so",
        [this](Session& session) { return plugins_test_command(session, words_.plugin); })
        ->add_option("FILE", words_.plugin, "A plugin's file")
        ->required()
        ->type_name("");
    add(*plugins, "retry", "Forget that a plugin was refused, and look again",
        "sluice plugins retry libmine.so",
        [this](Session& session) { return plugins_retry_command(session, words_.plugin); })
        ->add_option("FILE", words_.plugin, "A plugin's file or id; none: every refused one")
        ->type_name("");
    CLI::App* endpoints =
        add(app_, "endpoints", "List endpoints and describe templates", "sluice endpoints list", nullptr);
    add(*endpoints, "list", "Configured endpoints, and templates that the plugins bring",
        "sluice endpoints list", endpoints_list_command);
    add(*endpoints, "describe", "A template's configuration keys, formats and abilities",
        "sluice endpoints describe file.ndjson",
        [this](Session& session) { return endpoints_describe_command(session, words_.template_id); })
        ->add_option("TEMPLATE", words_.template_id, "Template id")
        ->required()
        ->type_name("");
  }

  void add_staging() {
    auto stage = [this](CLI::App* command, const char* about) {
      return command->add_option("STAGEREF", words_.stage_ref, about)->type_name("");
    };
    const char* one = "Staging session as `staging list` names it, or its id alone";
    CLI::App* staging = add(app_, "staging", "Look at and look after what lies in mmap staging",
                            "sluice staging list", nullptr);
    add(*staging, "list", "Staging sessions, what they hold and who uses them", "sluice staging list",
        staging_list_command);
    stage(add(*staging, "check", "Read everything and compare every checksum; change nothing",
              "sluice staging check mmap:nightly",
              [this](Session& session) { return staging_check_command(session, words_.stage_ref); }),
          "Staging session; without it all of them");
    stage(add(*staging, "repair", "Make a damaged session whole as far as it goes, with a backup",
              "sluice staging repair mmap:nightly",
              [this](Session& session) { return staging_repair_command(session, words_.stage_ref); }),
          one)
        ->required();
    CLI::App* cat = add(*staging, "cat", "Print the records that are staged and not committed",
                        "sluice staging cat mmap:nightly | head", [this](Session& session) {
                          return staging_cat_command(session, words_.stage_ref, words_.stream);
                        });
    stage(cat, one)->required();
    cat->add_option("--stream", words_.stream, "This stream alone: slices have one each, from 0 on")
        ->type_name("N");
    CLI::App* gc = add(*staging, "gc", "Remove sessions that nobody uses and nobody needs",
                       "sluice staging gc --dry-run\n  sluice staging gc --older-than 7d",
                       [this](Session& session) { return staging_gc_command(session, words_.gc); });
    gc->add_option("STAGEREF", words_.gc.stage_refs, "These alone, whatever is in them")->type_name("");
    gc->add_option("--older-than", words_.gc.older_than, "Those made so long ago too, whatever is in them")
        ->type_name("DURATION");
    gc->add_flag("--all", words_.gc.all, "All that nobody uses, whatever is in them");
    gc->add_flag("--dry-run", words_.gc.dry_run, "Only say what would be done");
  }

  void add_the_rest() {
    add(app_, "validate", "Check the configuration, and a request if given", "sluice validate request.json",
        [this](Session& session) { return validate_command(session, words_.request); })
        ->add_option("REQUEST", words_.request, "Request as JSON: a file, or - for standard input")
        ->type_name("");
    CLI::App* prove =
        add(app_, "prove", "Cut a pipeline off at its durable steps, finish it, and count what is lost",
            "sluice prove request.json --points 500",
            [this](Session& session) { return prove_command(session, words_.prove); });
    prove->add_option("REQUEST", words_.prove.request, "Request as JSON: a file, or - for standard input")
        ->required()
        ->type_name("");
    prove->add_option("--points", words_.prove.points, "So many points, by chance; 0: all (200)")
        ->type_name("N");
    prove->add_option("--seed", words_.prove.seed, "Of the chance (1)")->type_name("N");
    prove->add_flag("--power-loss", words_.prove.power_loss,
                    "In every other trial all unsynced writes of staging are lost too");
    // The child process of prove.
    CLI::App* cut_off = add(app_, "cut-off", "", "",
                            [this](Session& session) { return cut_off_command(session, words_.cut_off); });
    cut_off->group("");
    cut_off->add_option("REQUEST", words_.cut_off.request)->required();
    cut_off->add_option("ANSWER", words_.cut_off.answer)->required();
    cut_off->add_option("STAGING", words_.cut_off.staging_folder)->required();
    cut_off->add_option("AT", words_.cut_off.at)->required();
    cut_off->add_option("LOSS", words_.cut_off.loss)->required();
    add_bench();
    add(app_, "doctor", "Examine configuration, plugins and this machine", "sluice doctor", doctor_command);
    add(app_, "version", "Versions of Sluice and its plugin interface", "sluice version --json",
        version_command);
  }

  void add_bench() {
    BenchArguments& to = words_.bench;
    CLI::App* bench =
        add(app_, "bench", "Measure Sluice on this machine, beside what the machine does by itself",
            "sluice bench\n  sluice bench --workload file-to-file --size 1GiB --rounds 5 --json",
            [this](Session& session) { return bench_command(session, words_.bench); });
    bench->add_option("--size", to.size, "Of the input, in the folder for temporary files (256MiB)")
        ->type_name("SIZE");
    bench->add_option("--rounds", to.rounds, "That count; one before them warms up (3)")->type_name("N");
    bench->add_option("--workload", to.workloads, "file-to-file, generator or empty-run; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    bench->add_flag("--keep", to.keep, "Leave the input where it is");
  }

  CommandLine& line_;
  Words words_;
  CLI::App app_;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  // The words must outlive the command that reads them.
  auto parser = std::make_shared<Parser>(line);
  parser->parse(argc, argv);
  if (line.command)
    line.command = [parser, run = std::move(line.command)](Session& session) { return run(session); };
  // Options behind the word that was not understood count too.
  if (line.error)
    line.options.json =
        line.options.json || std::any_of(argv + 1, argv + std::max(argc, 1),
                                         [](std::string_view word) { return word == "--json"; });
  return line;
}

}  // namespace sluice::host::cli
