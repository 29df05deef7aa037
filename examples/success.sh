#!/usr/bin/env bash
# A ticket's whole life over the HTTP interface: from an empty hall to a cancelled booking.
# Run it against a started platform: make start, then examples/success.sh
# EVENTLY_URL names another platform than http://127.0.0.1:8080.
. "$(dirname "$0")/steps.sh"

step '1. A buyer registers.'
register asha
same 'the e-mail' "asha-$run@example.com" "$(text email)"

step '2. She logs in.'
call POST /api/user/auth/login '' "{\"email\":\"asha-$run@example.com\",\"password\":\"a-long-password\"}"
expect 200
asha="$(text access_token)"
same 'her id' "$user_id" "$(text user_id)"

step '3. The organizer logs in, adds a venue and an event, and publishes it.'
log_in_admin
make_venue
make_event 'An Evening of Examples' 100
present status "$(text status)"

step '4. Everybody can see it.'
call GET "/api/event/events/$event_id" ''
expect 200
same 'the capacity' 100 "$(number total_capacity)"
same 'the status' published "$(text status)"
seats_left "$event_id" "$asha"
same 'the seats left' 100 "$seats"

step '5. She reserves two seats; they are hers for fifteen minutes.'
reserve "$asha" "$event_id" 2 'two seats please'
expect 200
reservation="$(text reservation_id)"
present reservation_id "$reservation"
present booking_reference "$(text booking_reference)"
present expires_at "$(text expires_at)"
same 'the total' 999 "$(number total_amount)"
seats_left "$event_id" "$asha"
same 'the seats left' 98 "$seats"

step '6. Her network repeats the request: the same reservation, no further seats.'
reserve "$asha" "$event_id" 2 'two seats please'
expect 200
same 'the reservation' "$reservation" "$(text reservation_id)"
seats_left "$event_id" "$asha"
same 'the seats left' 98 "$seats"

step '7. She pays.'
confirm "$asha" "$reservation" 'card-of-asha'
expect 200
same 'the booking' "$reservation" "$(text booking_id)"
same 'the status' confirmed "$(text status)"
present transaction_id "$(text transaction_id)"

step '8. She pays again by mistake: the same booking, and no second charge.'
confirm "$asha" "$reservation" 'card-of-asha'
expect 200
same 'the booking' "$reservation" "$(text booking_id)"

step '9. She looks at it, alone and in the list of her bookings.'
call GET "/api/booking/bookings/$reservation" "$asha"
expect 200
same 'the status' confirmed "$(text status)"
same 'the quantity' 2 "$(number quantity)"
call GET /api/user/users/bookings "$asha"
expect 200
case "$body" in *"$reservation"*) ;; *) surprise 'her booking is not in her list' ;; esac

step '10. Her plans change, a month ahead: she cancels and gets everything back.'
call DELETE "/api/booking/bookings/$reservation" "$asha"
expect 200
case "$(text message)" in *cancelled*) ;; *) surprise 'the message does not say cancelled' ;; esac
same 'the refund' 999 "$(number refund_amount)"
seats_left "$event_id" "$asha"
same 'the seats left' 100 "$seats"

step 'All as it should be.'
