# Sourced by .ci/run: sees to it that a Docker engine answers. One that is there is taken; else root gets one
# from Debian's packages, which is stopped again at the end.
#
#   ensure_docker_engine    returns 1, having said why, when there is none in the end
#   stop_docker_engine      stops what ensure_docker_engine has started

docker_engine_pid=""
docker_engine_log="${TMPDIR:-/tmp}/rlmflow-dockerd.log"

docker_engine_answers() {
  node -e '
    const { DOCKER_HOST: host = "unix:///var/run/docker.sock" } = process.env;
    if (!host.startsWith("unix://")) process.exit(0); // The tests will tell.
    const options = { socketPath: host.slice(7), path: "/_ping", timeout: 2000 };
    const request = require("node:http").get(options, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
    request.on("error", () => process.exit(1)).on("timeout", () => process.exit(1));
  '
}

install_docker_engine() {
  command -v dockerd >/dev/null && return 0
  command -v apt-get >/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  timeout 300 apt-get update -qq && timeout 600 apt-get install -y -qq --no-install-recommends docker.io
}

# Starts an engine with these arguments and waits for it, a minute at most.
start_docker_engine() {
  dockerd "$@" >>"$docker_engine_log" 2>&1 &
  docker_engine_pid=$!
  for _ in $(seq 60); do
    docker_engine_answers && return 0
    kill -0 "$docker_engine_pid" 2>/dev/null || break
    sleep 1
  done
  stop_docker_engine
  return 1
}

stop_docker_engine() {
  [[ -z "$docker_engine_pid" ]] && return 0
  kill "$docker_engine_pid" 2>/dev/null || true
  wait "$docker_engine_pid" 2>/dev/null || true
  docker_engine_pid=""
}

ensure_docker_engine() {
  docker_engine_answers && return 0
  if [[ "$(id -u)" != 0 ]]; then
    echo "[ci] No Docker engine answers, and only root can start one." >&2
    return 1
  fi
  if ! install_docker_engine >"$docker_engine_log" 2>&1; then
    echo "[ci] No Docker engine could be installed: see $docker_engine_log" >&2
    return 1
  fi
  # The second way is for machines whose kernel lacks overlays or packet filters.
  start_docker_engine || start_docker_engine --storage-driver=vfs --iptables=false --bridge=none || {
    echo "[ci] The Docker engine did not start: see $docker_engine_log" >&2
    return 1
  }
}
