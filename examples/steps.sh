# What both examples share: one request at a time, what came back, and the end at the first surprise.
# Needs bash, curl, sed and grep. Read success.sh first.
set -euo pipefail

url="${EVENTLY_URL:-http://127.0.0.1:8080}"
admin_email="${EVENTLY_ADMIN_EMAIL:-atlanadmin@mail.com}"
admin_password="${EVENTLY_ADMIN_PASSWORD:-11111111}"
run="$(date +%s)-$$"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

step() { printf '\n%s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
surprise() {
  printf '\nSurprise: %s\n' "$*" >&2
  exit 1
}

# call METHOD PATH TOKEN [JSON] [HEADER]: sends it; leaves $status, $body and the file of headers.
call() {
  local method="$1" path="$2" token="$3" json="${4:-}" header="${5:-}"
  local arguments=(--silent --show-error --max-time 20 --request "$method" --dump-header "$work/headers" --output "$work/body" --write-out '%{http_code}')
  [ -n "$token" ] && arguments+=(--header "Authorization: Bearer $token")
  [ -n "$json" ] && arguments+=(--header 'Content-Type: application/json' --data "$json")
  [ -n "$header" ] && arguments+=(--header "$header")
  : >"$work/body"
  status="$(curl "${arguments[@]}" "$url$path")" || surprise "$url does not answer. Start the platform with \"make start\"."
  body="$(cat "$work/body")"
  note "$method $path${json:+ }$(shorten "$json")"
  if [ -n "$(text error)" ]; then note "   -> $status $(text code): $(text error)"; else note "   -> $status $(shorten "$body")"; fi
}

# The start of a body, without the secrets in it.
shorten() {
  printf '%s' "$1" | sed -E 's/"(access_token|refresh_token|password)":"[^"]*"/"\1":"..."/g' | cut -c 1-200
}

# text NAME / number NAME: the first member of that name in the last body.
text() { printf '%s' "$body" | grep -oE "\"$1\":\"([^\"\\\\]|\\\\.)*\"" | sed -n '1s/^[^:]*:"\(.*\)"$/\1/p' || true; }
number() { printf '%s' "$body" | grep -oE "\"$1\":-?[0-9.]+" | sed -n '1s/^[^:]*://p' || true; }
header() { sed -nE "s/^$1: *(.*)$/\1/Ip" "$work/headers" | tr -d '\r' | sed -n '1p'; }

# expect STATUS...: the last answer had one of these.
expect() {
  local wanted
  for wanted in "$@"; do [ "$status" = "$wanted" ] && return 0; done
  surprise "expected $*, got $status: $body"
}
# same WHAT WANTED GOT
same() { [ "$2" = "$3" ] || surprise "$1 should be \"$2\", is \"$3\""; }
present() { [ -n "$2" ] || surprise "$1 is missing in: $body"; }

# refused CODE STATUS...: a refusal as every client may rely on it.
refused() {
  local code="$1"
  shift
  expect "$@"
  present 'a string "error"' "$(text error)"
  [ "$code" = any ] || same 'the code' "$code" "$(text code)"
  case "$body" in *reservation_id*) surprise "a refusal contains reservation_id: $body" ;; esac
}

# in_days DAYS HOURS: a time in UTC, with GNU's date or BSD's.
in_days() {
  local seconds=$(($(date +%s) + $1 * 86400 + $2 * 3600))
  date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$seconds" +%Y-%m-%dT%H:%M:%SZ
}

# register NAME: a new user; leaves $access and $user_id.
register() {
  call POST /api/user/auth/register '' "{\"email\":\"$1-$run@example.com\",\"password\":\"a-long-password\",\"name\":\"$1\"}"
  expect 201
  access="$(text access_token)"
  user_id="$(text user_id)"
  present access_token "$access"
}

log_in_admin() {
  call POST /api/event/auth/admin/login '' "{\"email\":\"$admin_email\",\"password\":\"$admin_password\"}"
  [ "$status" = 401 ] && surprise "$admin_email is no administrator here. Run \"npx evently seed\" first."
  expect 200
  admin="$(text access_token)"
  present access_token "$admin"
}

make_venue() {
  call POST /api/event/admin/venues "$admin" "{\"name\":\"Example Hall $run\",\"address\":\"12 Residency Road\",\"city\":\"Bengaluru\",\"state\":\"Karnataka\",\"country\":\"India\",\"postal_code\":\"560025\",\"capacity\":500}"
  expect 201
  venue_id="$(text venue_id)"
  present venue_id "$venue_id"
}

# make_event NAME SEATS [MORE MEMBERS]: a published event that starts in 30 days; leaves $event_id.
make_event() {
  call POST /api/event/admin/events "$admin" "{\"name\":\"$1 $run\",\"description\":\"Made by an example\",\"venue_id\":\"$venue_id\",\"event_type\":\"concert\",\"start_datetime\":\"$(in_days 30 0)\",\"end_datetime\":\"$(in_days 30 3)\",\"total_capacity\":$2,\"base_price\":499.5,\"currency\":\"INR\",\"max_tickets_per_booking\":5${3:-}}"
  expect 201
  event_id="$(text event_id)"
  present event_id "$event_id"
  call POST "/api/event/admin/events/$event_id/publish" "$admin"
  expect 200
}

# reserve TOKEN EVENT QUANTITY KEY
reserve() {
  call POST /api/booking/reserve "$1" "{\"event_id\":\"$2\",\"quantity\":$3,\"idempotency_key\":\"$4 $run\"}"
}
# confirm TOKEN RESERVATION PAYMENT_TOKEN
confirm() {
  call POST /api/booking/confirm "$1" "{\"reservation_id\":\"$2\",\"payment_token\":\"$3\",\"payment_method\":\"card\"}"
}
seats_left() {
  call GET "/api/booking/bookings/check-availability?event_id=$1&quantity=1" "$2"
  expect 200
  seats="$(number available_seats)"
}
