# shellcheck shell=bash disable=SC2034 # variables are for those that source this
# Sourced by the scripts beside it: options, messages, the cluster that is meant, and waiting for pods. Runs on the bash
# 3.2 of macOS, where an empty array counts as unset and there are no associative ones.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$checkout/package.json")
# The name that k8s/deployment.yaml says.
local_image=localhost/berth-server:$version
# Shorter in messages. Nothing changes the folder, so that relative paths of options and of KUBECONFIG stay right.
case $checkout/ in
  "$PWD"/*) checkout=.${checkout#"$PWD"} ;;
esac

app=model-serving
selector=app.kubernetes.io/name=$app
config_map=$app-config
last_good=berth.dev/last-good-config

context='' namespace='' here='' dry_run=false

bold='' dim='' red='' green='' yellow='' plain=''
if [[ -t 1 && -t 2 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
fi

temp=$(mktemp -d "${TMPDIR:-/tmp}/berth.XXXXXX")
background=''
end() {
  if [[ -n $background ]]; then { kill "$background" && wait "$background"; } 2>/dev/null || true; fi
  rm -rf "$temp"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ok() { printf '%sok%s    %s\n' "$green" "$plain" "$1"; }
say() { printf '%s\n' "$1"; }
title() { printf '%s%s%s\n' "$bold" "$1" "$plain"; }
warn() { printf '%snote%s  %s\n' "$yellow" "$plain" "$1" >&2; }

# fail WHY [NEXT...]: each of NEXT is a line that says what to do.
fail() {
  local next
  printf '%s%s: %s%s\n' "$red" "${0##*/}" "$1" "$plain" >&2
  shift
  for next; do printf '  %s\n' "$next" >&2; done
  exit 1
}

# The comment at the head of the script, and what all scripts have.
usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  cat <<END
  -n, --namespace NS   the namespace; without it, the one of the context
  --context NAME       the context of kubectl; without it, the current one
  -h, --help           this text

Exit codes: 0 done, 1 failed, 2 wrong usage.
END
}

misused() {
  printf '%s: %s\n\n' "${0##*/}" "$1" >&2
  usage >&2
  exit 2
}

# options 'NAME= FLAG...' ARGUMENT...: sets the variable of each option to its value, or of a flag to true.
options() {
  local known=" $1 namespace= context= " name value
  shift
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help) usage && exit ;;
      -n) name=namespace ;;
      -o) name=output ;;
      --*) name=${1#--} name=${name%%=*} ;;
      *) misused "unexpected argument: $1" ;;
    esac
    if [[ $known == *" $name= "* ]]; then
      case $1 in
        --*=*) value=${1#*=} ;;
        *) value=${2:-} ;;
      esac
      [[ -n $value ]] || misused "--$name needs a value"
      [[ $1 == --*=* ]] || shift
      printf -v "${name//-/_}" %s "$value"
    elif [[ $known == *" $name "* && $1 != *=* ]]; then
      printf -v "${name//-/_}" true
    else
      misused "unknown option: $1"
    fi
    shift
  done
}

# run COMMAND...: shows what changes something, and does it unless this is a dry run.
run() {
  show "$@"
  $dry_run || "$@" || fail "${1##*/} failed: its message is above"
}

# run_to FILE COMMAND...: as run, with the output in a file.
run_to() {
  local file=$1
  shift
  show "$@" ">$file"
  $dry_run || "$@" >"$file" || fail "${1##*/} failed: its message is above"
}

# A word is quoted only where the shell wants it, so that most commands read as a person would type them.
show() {
  local word line='+' quote="'" inner="'\\''"
  for word; do
    case $word in
      *[!A-Za-z0-9_./:=@,%+\>-]* | '') word="'${word//$quote/$inner}'" ;;
    esac
    line="$line $word"
  done
  printf '%s%s%s\n' "$dim" "$line" "$plain"
}

# Sets context, cluster and namespace to names that stand in the kubeconfig, and kubectl to a command that goes nowhere
# else, whatever becomes current meanwhile.
find_context() {
  command -v kubectl >/dev/null || fail 'kubectl is not installed' 'How: https://kubernetes.io/docs/tasks/tools/'
  local found provider
  kubectl=(kubectl)
  [[ -z $context ]] || kubectl+=("--context=$context")
  found=$("${kubectl[@]}" config view --minify \
    -o jsonpath='{.current-context}|{.contexts[0].context.cluster}|{.contexts[0].context.namespace}|{..extension.provider}' \
    2>"$temp/error") || fail "kubectl has no such context: $(tail -n 1 "$temp/error")" \
    'Which there are: kubectl config get-contexts' 'To choose one: --context NAME'
  IFS='|' read -r context cluster found provider <<<"$found"
  namespace=${namespace:-${found:-default}}
  kubectl=(kubectl "--context=$context" "--namespace=$namespace")
  here="--context $context -n $namespace"
  # What runs the cluster, where that says how images come into it: a name for kind or minikube.
  case $cluster/$provider in
    kind-*) runtime=kind cluster=${cluster#kind-} ;;
    */minikube*) runtime=minikube ;;
    *) runtime=other ;;
  esac
}

# find_cluster: as find_context; and the cluster answers. Sets server to what it says of its version.
find_cluster() {
  find_context
  server=$("${kubectl[@]}" get --raw /version --request-timeout=10s 2>"$temp/error") ||
    fail "the cluster of context $context does not answer: $(tail -n 1 "$temp/error")" \
      'To choose another: --context NAME (kubectl config get-contexts)'
}

# ask ARGUMENT...: what kubectl says, to be used inside $(...).
ask() {
  "${kubectl[@]}" "$@" 2>"$temp/error" || fail "kubectl $1 ${2:-} failed: $(tail -n 1 "$temp/error")"
}

need_deployment() {
  local found
  found=$(ask get deployment "$app" --ignore-not-found -o name)
  [[ -n $found ]] ||
    fail "there is no deployment $app in namespace $namespace of context $context" \
      "To make it: $checkout/scripts/deploy $here" 'To look elsewhere: -n NS, --context NAME'
}

# The current one of the Deployment: it counts the changes of what pods are made of.
revision() {
  ask get deployment "$app" --ignore-not-found -o 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}'
}

need_image_name() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._/:@-]*$ ]] || misused "--image must be the name of an image, found $1"
}

# An image is pushed to the host that its name begins with.
need_registry() {
  [[ $1 == */* && ${1%%/*} == *[.:]* ]] ||
    misused "--image must begin with a registry that the cluster can pull from, such as docker.io/NAME/berth-server:$version"
}

need_timeout() {
  [[ $1 =~ ^[1-9][0-9]*[sm]$ ]] || misused "--timeout must be seconds or minutes such as 90s or 2m, found $1"
}

# wait_for_rollout TIMEOUT: a line whenever the number of pods changes. Fails as `kubectl rollout status` does, and then
# says of each pod that is not ready why.
wait_for_rollout() {
  local line last='' began=$SECONDS
  "${kubectl[@]}" rollout status "deployment/$app" "--timeout=$1" >"$temp/rollout" 2>&1 &
  background=$!
  while kill -0 "$background" 2>/dev/null; do
    line=$(pod_counts)
    [[ $line == "$last" ]] || printf '%5d s  %s\n' "$((SECONDS - began))" "$line"
    last=$line
    sleep 1
  done
  if wait "$background"; then
    background=''
    line=$(pod_counts)
    [[ $line == "$last" ]] || printf '%5d s  %s\n' "$((SECONDS - began))" "$line"
  else
    background=''
    say "$(tail -n 1 "$temp/rollout")" >&2
    explain_pods >&2
    return 1
  fi
}

# Numbers that are 0 are left out by the API.
pod_counts() {
  local wanted updated ready
  IFS='|' read -r wanted updated ready < <("${kubectl[@]}" get deployment "$app" \
    -o jsonpath='{.spec.replicas}|{.status.updatedReplicas}|{.status.readyReplicas}' 2>/dev/null) || true
  say "${ready:-0} of ${wanted:-0} pods ready, ${updated:-0} of the newest revision"
}

# A sentence about a pod: nothing of one that is ready and was never restarted.
pod_template='{{range .status.conditions}}{{if and (eq .type "PodScheduled") (eq .status "False")}}not scheduled ({{.message}}); {{end}}{{end}}'
pod_template+='{{range .status.containerStatuses}}{{if not .ready}}not ready{{with .state.waiting}}, waiting: {{.reason}}{{with .message}} ({{.}}){{end}}{{end}}{{with .state.terminated}}, ended with code {{.exitCode}} ({{.reason}}){{end}}; {{end}}'
pod_template+='{{if .restartCount}}restarted {{.restartCount}} times{{with .lastState.terminated}}, last ended with code {{.exitCode}} ({{.reason}}){{end}}; {{end}}{{end}}'

# describe_pod NAME
describe_pod() {
  local found
  found=$("${kubectl[@]}" get pod "$1" -o go-template="$pod_template" 2>/dev/null | tr '\n' ' ')
  printf '%s' "${found%; }"
}

# Of each pod that is not ready: why, its last warning, and the end of its log. Without pods, why there are none.
explain_pods() {
  local name is_ready sentence restarts
  "${kubectl[@]}" get deployment "$app" \
    -o jsonpath='{range .status.conditions[?(@.type=="ReplicaFailure")]}  no pod can be made: {.message}{"\n"}{end}' || true
  while IFS='|' read -r name is_ready restarts; do
    [[ -n $name && $is_ready != True ]] || continue
    sentence=$(describe_pod "$name")
    say "  $name: ${sentence:-not ready}"
    "${kubectl[@]}" get events "--field-selector=involvedObject.name=$name,type=Warning" --sort-by=.lastTimestamp \
      -o jsonpath='{.items[-1:].message}{"\n"}' 2>/dev/null | sed -n '1s/^/    last warning: /p' || true
    pod_log "$name" "${restarts:-0}" --tail=3 2>/dev/null | sed 's/^/    log: /' || true
  done < <(pods)
}

# A line for each pod: its name, whether it is ready, how often it was started again.
pods() {
  "${kubectl[@]}" get pods -l "$selector" \
    -o jsonpath='{range .items[*]}{.metadata.name}|{.status.conditions[?(@.type=="Ready")].status}|{.status.containerStatuses[0].restartCount}{"\n"}{end}'
}

# pod_log NAME RESTARTS OPTION...: of the container that ended, where one did: it says why.
pod_log() {
  local name=$1 restarts=$2
  shift 2
  if [[ $restarts -gt 0 ]]; then set -- --previous "$@"; fi
  "${kubectl[@]}" logs "$name" "$@"
}
