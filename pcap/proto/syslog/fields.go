package syslog

import (
	"strconv"

	"httptap/stack/field"
)

// Port is UDP's. RFC 5426, 3.3
const Port = 514

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "syslog", Label: "Syslog message", Kind: field.Layer, Ref: "RFC 5424, 6"},
	Title: "Syslog [RFC5424]",
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

// facilities and levels: RFC 5424, 6.2.1
var (
	facilities = [...]string{"kernel messages", "user-level messages", "mail system", "system daemons", "security/authorization messages", "messages generated internally by syslogd",
		"line printer subsystem", "network news subsystem", "UUCP subsystem", "clock daemon", "security/authorization messages", "FTP daemon", "NTP subsystem", "log audit", "log alert",
		"clock daemon", "local use 0", "local use 1", "local use 2", "local use 3", "local use 4", "local use 5", "local use 6", "local use 7"}
	levels = [...]string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}
)

var (
	// facility and level are one number in digits, <34>: the level stands in the facility.
	facility = field.Spec{Name: "syslog.facility", Label: "Facility", Kind: field.Custom, Class: field.Operation, Ref: "RFC 5424, 6.2.1", Format: func(dst, msg []byte, off, n int) []byte {
		return named(dst, priority(msg[off:off+n])>>3, facilities[:])
	}}
	level = field.Spec{Name: "syslog.level", Label: "Level", Kind: field.Custom, Class: field.Operation, Ref: "RFC 5424, 6.2.1", Format: func(dst, msg []byte, off, n int) []byte {
		return named(dst, priority(msg[off:off+n])&7, levels[:])
	}}
	message   = field.Spec{Name: "syslog.msg", Label: "Message", Kind: field.Text, Ref: "RFC 5424, 6"}
	version   = field.Spec{Name: "syslog.version", Label: "Syslog version", Kind: field.Text, Ref: "RFC 5424, 6.2.2"}
	timestamp = field.Spec{Name: "syslog.timestamp", Label: "Syslog timestamp", Kind: field.Text, Class: field.Timestamp, Ref: "RFC 5424, 6.2.3"}
	oldTime   = field.Spec{Name: "syslog.timestamp_rfc3164", Label: "Syslog timestamp (RFC3164)", Kind: field.Text, Class: field.Timestamp, Ref: "RFC 3164, 4.1.2"}
	hostname  = field.Spec{Name: "syslog.hostname", Label: "Syslog hostname", Kind: field.Text, Class: field.Name, Ref: "RFC 5424, 6.2.4"}
	appname   = field.Spec{Name: "syslog.appname", Label: "Syslog app name", Kind: field.Text, Class: field.Name, Ref: "RFC 5424, 6.2.5"}
	procid    = field.Spec{Name: "syslog.procid", Label: "Syslog process id", Kind: field.Text, Ref: "RFC 5424, 6.2.6"}
	msgid     = field.Spec{Name: "syslog.msgid", Label: "Syslog message id", Kind: field.Text, Class: field.Name, Ref: "RFC 5424, 6.2.7"}
	space     = field.Spec{Name: "syslog.sp", Label: "Space", Kind: field.Padding, Ref: "RFC 5424, 6"}
)

var (
	noPriority = &field.Fault{Name: "syslog.facility.missing", Label: "no priority such as <34> stands before it", Severity: field.Warn}
	tooHigh    = &field.Fault{Name: "syslog.facility.unknown", Label: "191 is the highest priority", Severity: field.Error}
	zeros      = &field.Fault{Name: "syslog.facility.zeros", Label: "a priority has no zeros before it", Severity: field.Warn}
)

// named prints a number with its name.
func named(dst []byte, n int, names []string) []byte {
	if n < len(names) {
		dst = append(append(dst, names[n]...), " ("...)
		return append(strconv.AppendInt(dst, int64(n), 10), ')')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

// priority returns the number in "<34>", or in its start.
func priority(b []byte) (n int) {
	for _, c := range b {
		if '0' <= c && c <= '9' {
			n = 10*n + int(c-'0')
		}
	}
	return n
}

func more() []*field.Spec {
	return []*field.Spec{&facility, &level, &message, &version, &timestamp, &oldTime, &hostname, &appname, &procid, &msgid, &space}
}
