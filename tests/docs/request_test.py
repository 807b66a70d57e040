"""docs/data-plane.md names every key of the request, the policy and the result that the code knows."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
page = (source / "docs" / "data-plane.md").read_text()
run = source / "host" / "run"
spoken = {word for cell in re.findall(r"`([^`\n]+)`", page) for word in cell.split(".")}

wrong, seen = [], 0
for path, pattern in ((run / "policy.cpp", r'(?:text|one_of|count|size|duration|object|read|section)\("(\w+)"'),
                      (run / "request.cpp", r'reader\.\w+\("(\w+)"'),
                      (run / "run_result.cpp", r'\{"([a-z]\w+)"')):
    for key in re.findall(pattern, path.read_text()):
        seen += 1
        if key not in spoken:
            wrong.append(f"{key} of {path.relative_to(source)} is not in docs/data-plane.md")

# Defaults as policy.hpp has them.
policy = (run / "policy.hpp").read_text()
for key, default in (("batch.maxRecords", "max_records = 10'000"), ("batch.maxBytes", "max_bytes = uint64_t{1} << 20"),
                     ("batch.maxDelay", "max_delay = std::chrono::milliseconds(200)"),
                     ("staging.maxBytes", "max_bytes = uint64_t{64} << 20"), ("staging.keep", 'keep = "on-failure"'),
                     ("commit.everyBytes", "every_bytes = uint64_t{64} << 20"), ("commit.every", "every = std::chrono::seconds(5)"),
                     ("retry.maxAttempts", "max_attempts = 5"), ("retry.initialBackoff", "initial_backoff = std::chrono::milliseconds(200)"),
                     ("retry.maxBackoff", "max_backoff = std::chrono::seconds(30)"), ("errors.maxRejected", "max_rejected = 0"),
                     ("parallelism.slices", "slices = 1")):
    if default not in policy:
        wrong.append(f"the default of {key} changed in policy.hpp: correct docs/data-plane.md, then this test")
exit_codes = dict(re.findall(r"exit_(\w+) = (\d+)", (run / "exit_code.hpp").read_text()))
for name, code in exit_codes.items():
    if not re.search(rf"^\| {code} \|", page, re.M):
        wrong.append(f"exit code {code} ({name}) is not in docs/data-plane.md")
if wrong or seen < 60:
    sys.exit("\n".join(wrong) or f"only {seen} keys found: does this test still see them?")
