// Package ntp is the Network Time Protocol, version 4: asking a server for the time and
// answering who asks. RFC 5905, RFC 7822 for extension fields, RFC 4330 for the simple client.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+---+-----+-----+---------------+---------------+---------------+
//	|LI | VN  |Mode |    Stratum    |     Poll      |   Precision   |
//	+---+-----+-----+---------------+---------------+---------------+
//	|                          Root Delay                           |
//	+---------------------------------------------------------------+
//	|                        Root Dispersion                        |
//	+---------------------------------------------------------------+
//	|                         Reference ID                          |
//	+---------------------------------------------------------------+
//	|                  Reference Timestamp (64)                     |
//	|                  Origin Timestamp (64)                        |
//	|                  Receive Timestamp (64)                       |
//	|                  Transmit Timestamp (64)                      |
//	+---------------------------------------------------------------+
//	|          extension fields, key identifier and digest          |
//	+---------------------------------------------------------------+
//
// One exchange gives four times, two on each clock:
//
//	client  T1 ──────╮                     ╭────── T4
//	server            ╰── T2 ········ T3 ──╯
//
//	offset = ((T2-T1) + (T3-T4)) / 2      delay = (T4-T1) - (T3-T2)
//
// Read timestamp.go (what a time is, and its era), wire.go (the checked view and the
// encoder), client.go, server.go, then fields.go and
// fields_control.go (the field tables).
//
// After [Parse] no method of a [Message] can panic. A Message is a view: it lives as long as
// the caller's buffer. Nothing here locks. The client keeps no buffer of the caller; a query
// and a message that is ignored allocate nothing.
//
// # Implemented
//
//   - RFC 5905, 6: timestamps in any era, the short format
//   - RFC 5905, 7.3: the header, modes 3 and 4 spoken, the others shown
//   - RFC 5905, 7.4: kiss-o'-death; DENY, RSTR and RATE end a query
//   - RFC 5905, 8: the on-wire protocol of a client: origin check, offset, delay
//   - RFC 5905, 9.2: a server's reply
//   - RFC 7822, 3: where extension fields end and the authenticator begins
//   - RFC 4330, 5: a client's sanity checks
//   - RFC 9327, 2 to 4: control messages, shown: status words, associations, variables
//   - ntpd's mode 7, shown: its header and items, those of the monitor list taken apart
//
// # Not implemented
//
//   - RFC 5905, 10 to 12: filter, selection and discipline: one sample is all a host asks for
//   - RFC 5905, 7.3: verifying authenticators; RFC 5906 and RFC 8915: keys of any kind
//   - RFC 5905, 3: symmetric and broadcast modes
package ntp
