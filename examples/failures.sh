#!/usr/bin/env bash
# What goes wrong, and what the platform says then: every refusal has a reason, none takes a seat.
# Run it against a started platform: make start, then examples/failures.sh
# EVENTLY_URL names another platform than http://127.0.0.1:8080.
. "$(dirname "$0")/steps.sh"

step 'The cast: three buyers, an organizer, an event with 50 seats and one with 2.'
register asha
asha="$access"
register rohan
rohan="$access"
register mina
mina="$access"
log_in_admin
make_venue
make_event 'Room for Mistakes' 50
large="$event_id"
make_event 'Two Seats Only' 2
small="$event_id"

step 'Wrong numbers of seats.'
for quantity in 0 -1 1.5 '"two"' 100000000; do
  reserve "$asha" "$large" "$quantity" 'a wrong number'
  refused invalid_request 400
done
reserve "$mina" "$large" 6 'more than five'
refused any 400 409
call POST /api/booking/reserve "$mina" "{\"event_id\":\"$large\",\"quantity\":1,\"idempotency_key\":\"x\",\"price\":1}"
refused invalid_request 400
call POST /api/booking/reserve "$mina" '{"event_id":'
refused any 400
seats_left "$large" "$asha"
same 'the seats left' 50 "$seats"

step 'No token, a made-up one, a forged one.'
for token in '' 'not-a-token' "${asha%.*}.AAAA"; do
  reserve "$token" "$large" 1 'who am I'
  refused unauthorized 401
done

step 'An event that does not exist.'
reserve "$mina" 00000000-0000-7000-8000-000000000000 1 'nowhere'
refused any 404

step 'A buyer is no organizer.'
call POST /api/event/admin/venues "$asha" '{"name":"Mine","address":"Here","city":"Pune","country":"India","capacity":10}'
refused any 401 403

step 'A key used twice: the same request gets the same answer, another request is refused.'
reserve "$rohan" "$large" 2 'my key'
expect 200
reservation="$(text reservation_id)"
reserve "$rohan" "$large" 2 'my key'
expect 200
same 'the reservation' "$reservation" "$(text reservation_id)"
same 'Idempotency-Replayed' true "$(header Idempotency-Replayed)"
reserve "$rohan" "$large" 3 'my key'
refused idempotency_key_reused 422

step "Somebody else's reservation is as good as none."
call GET "/api/booking/bookings/$reservation" "$asha"
refused any 404
confirm "$asha" "$reservation" 'card-of-asha'
refused any 404
call DELETE "/api/booking/bookings/$reservation" "$asha"
refused any 404

step 'A reservation that was given back cannot be paid.'
call POST "/api/booking/bookings/$reservation/expire" "$rohan"
expect 200
confirm "$rohan" "$reservation" 'card-of-rohan'
refused any 404 409 410
seats_left "$large" "$rohan"
same 'the seats left' 50 "$seats"

step 'A cancelled booking is not cancelled twice.'
reserve "$rohan" "$large" 1 'for a while'
expect 200
reservation="$(text reservation_id)"
confirm "$rohan" "$reservation" 'card-of-rohan'
expect 200
call DELETE "/api/booking/bookings/$reservation" "$rohan"
expect 200
call DELETE "/api/booking/bookings/$reservation" "$rohan"
refused already_cancelled 409

step 'There is no waiting list while seats are left.'
call POST /api/booking/waitlist/join "$rohan" "{\"event_id\":\"$large\",\"quantity\":1}"
refused any 400

step 'Sold out: the next buyer is put on the waiting list, and gets the seats that are given back.'
reserve "$asha" "$small" 2 'both of them'
expect 200
both="$(text reservation_id)"
reserve "$rohan" "$small" 1 'one is enough'
refused sold_out 409
present waitlist_id "$(text waitlist_id)"
same 'the position' 1 "$(number position)"
call GET "/api/booking/waitlist/position?event_id=$small" "$rohan"
expect 200
same 'the status' waiting "$(text status)"
call DELETE "/api/booking/bookings/$both" "$asha"
expect 200
for _ in 1 2 3 4 5 6 7 8 9 10; do
  call GET "/api/booking/waitlist/position?event_id=$small" "$rohan"
  expect 200
  [ "$(text status)" = offered ] && break
  sleep 0.5
done
same 'the status' offered "$(text status)"
confirm "$rohan" "$(text reservation_id)" 'card-of-rohan'
expect 200
same 'the status' confirmed "$(text status)"

step 'An edit of something that has changed meanwhile.'
call GET "/api/event/events/$large" ''
expect 200
version="$(number version)"
present version "$version"
call PUT "/api/event/admin/events/$large" "$admin" "{\"description\":\"The first edit\",\"version\":$version}"
expect 200
call PUT "/api/event/admin/events/$large" "$admin" "{\"description\":\"The second edit\",\"version\":$version}"
refused version_conflict 409
present 'the current version' "$(number version)"

step 'Too much too quickly: ten reservations a minute for each buyer.'
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
  reserve "$mina" "$small" 2 "attempt $attempt"
  [ "$status" = 429 ] && break
  refused any 200 409
done
if [ "$status" = 429 ]; then
  refused rate_limited 429
  present Retry-After "$(header Retry-After)"
elif [ "${EVENTLY_LIMITS:-}" = expected ]; then
  surprise 'twelve reservations within a minute met no limit'
else
  note 'No limit was met: load testing is on here, which lifts the limits of each buyer.'
  note 'EVENTLY_LOAD_TEST=0 make start shows this one. The limits of an address stay, for what a proxy forwards:'
  for attempt in 1 2 3 4 5 6; do
    call POST /api/user/auth/register '' '{"email":"nobody"}' 'X-Forwarded-For: 203.0.113.9'
    [ "$status" = 429 ] && break
    refused invalid_request 400
  done
  refused rate_limited 429
  present Retry-After "$(header Retry-After)"
fi

step 'What was refused took nothing: every seat but the one bought is free.'
seats_left "$large" "$asha"
same 'the seats left' 50 "$seats"
seats_left "$small" "$asha"
same 'the seats left' 1 "$seats"

step 'Every refusal had its reason, and no seat was lost.'
