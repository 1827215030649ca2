// Package syslog describes messages of syslog over UDP, old and new.
//
//	RFC 5424, 6   <34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 [id name="value"] text
//	RFC 3164, 4   <34>Oct 11 22:14:15 mymachine su: text
//
// Read fields.go, then message.go.
//
// # Implemented
//
// RFC 5424, 6.1 to 6.4: the header; structured data and text are one field, as Wireshark has it. RFC 3164, 4.1: priority, time,
// host, tag. A message without a priority is text.
//
// # Not implemented
//
// RFC 5424, 6.3 taken apart. Syslog over TCP and TLS (RFC 6587, 5425).
package syslog
