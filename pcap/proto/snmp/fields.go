package snmp

import "httptap/stack/field"

// Ports of UDP. RFC 3417, 3.2
const (
	Port     = 161
	TrapPort = 162
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "snmp", Label: "Simple Network Management Protocol", Kind: field.Layer, Ref: "RFC 3416, 3"},
	Title: "SNMP [RFC3416]",
	Tail:  func(c *field.Context) { (&decoder{c: c, end: c.Limit}).message() },
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

var (
	header    = field.Spec{Name: "snmp.ber", Label: "Type and length", Kind: field.Custom, Ref: "X.690, 8.1", Format: formatHeader}
	undecoded = field.Spec{Name: "snmp.undecoded", Label: "Undecoded", Kind: field.Payload, Ref: "X.690, 8.1"}

	versions  = field.Values{0: "version-1", 1: "v2c", 2: "v2u", 3: "snmpv3"}
	version   = integer("snmp.version", "version", "RFC 1901, 3", field.Operation, versions)
	version3  = integer("snmp.msgVersion", "msgVersion", "RFC 3412, 6", field.Operation, versions)
	community = field.Spec{Name: "snmp.community", Label: "community", Kind: field.Text, Class: field.Name, Ref: "RFC 1901, 3"}

	data      = field.Spec{Name: "snmp.data", Label: "data", Kind: field.Custom, Class: field.Operation, Ref: "RFC 3416, 3", Format: formatPDU}
	requestID = integer("snmp.request_id", "request-id", "RFC 3416, 3", field.Sequence, nil)
	status    = integer("snmp.error_status", "error-status", "RFC 3416, 3", field.Operation, statuses)
	index     = integer("snmp.error_index", "error-index", "RFC 3416, 3", field.Detail, nil)
	repeaters = integer("snmp.non_repeaters", "non-repeaters", "RFC 3416, 3", field.Detail, nil)
	maxRepeat = integer("snmp.max_repetitions", "max-repetitions", "RFC 3416, 3", field.Detail, nil)
	bindings  = field.Spec{Name: "snmp.variable_bindings", Label: "variable-bindings", Kind: field.Custom, Ref: "RFC 3416, 3", Format: formatCount}
	binding   = field.Spec{Name: "snmp.varbind", Label: "Variable binding", Kind: field.Group, Ref: "RFC 3416, 3"}
	name      = oid("snmp.name", "Object Name", "RFC 3416, 3", field.Name)

	enterprise = oid("snmp.enterprise", "enterprise", "RFC 1157, 4.1.6", field.Name)
	agent      = field.Spec{Name: "snmp.agent_addr", Label: "agent-addr", Kind: field.IPv4, Class: field.Address, Ref: "RFC 1157, 4.1.6"}
	generic    = integer("snmp.generic_trap", "generic-trap", "RFC 1157, 4.1.6", field.Operation, traps)
	specific   = integer("snmp.specific_trap", "specific-trap", "RFC 1157, 4.1.6", field.Detail, nil)
	stamp      = unsigned("snmp.time_stamp", "time-stamp", "RFC 1157, 4.1.6")

	global  = field.Spec{Name: "snmp.msgGlobalData_element", Label: "msgGlobalData", Kind: field.Group, Ref: "RFC 3412, 6"}
	msgID   = integer("snmp.msgID", "msgID", "RFC 3412, 6.2", field.Sequence, nil)
	maxSize = integer("snmp.msgMaxSize", "msgMaxSize", "RFC 3412, 6.3", field.Length, nil)
	flags   = field.Spec{Name: "snmp.msgFlags", Label: "msgFlags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 3412, 6.4", Sub: []field.Spec{
		{Name: "snmp.v3.flags.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "RFC 3412, 6.4"},
		{Name: "snmp.v3.flags.report", Label: "Reportable", Bits: 1, Kind: field.Flag, Ref: "RFC 3412, 6.4"},
		{Name: "snmp.v3.flags.crypt", Label: "Encrypted", Bits: 1, Kind: field.Flag, Ref: "RFC 3412, 6.4"},
		{Name: "snmp.v3.flags.auth", Label: "Authenticated", Bits: 1, Kind: field.Flag, Ref: "RFC 3412, 6.4"},
	}}
	model    = integer("snmp.msgSecurityModel", "msgSecurityModel", "RFC 3412, 6.5", field.Detail, field.Values{1: "V1", 2: "V2C", 3: "USM", 4: "TSM"})
	engine   = octets("snmp.msgAuthoritativeEngineID", "msgAuthoritativeEngineID", "RFC 3414, 2.4")
	boots    = integer("snmp.msgAuthoritativeEngineBoots", "msgAuthoritativeEngineBoots", "RFC 3414, 2.4", field.Detail, nil)
	time     = integer("snmp.msgAuthoritativeEngineTime", "msgAuthoritativeEngineTime", "RFC 3414, 2.4", field.Timestamp, nil)
	user     = field.Spec{Name: "snmp.msgUserName", Label: "msgUserName", Kind: field.Text, Class: field.Name, Ref: "RFC 3414, 2.4"}
	authPar  = octets("snmp.msgAuthenticationParameters", "msgAuthenticationParameters", "RFC 3414, 2.4")
	privPar  = octets("snmp.msgPrivacyParameters", "msgPrivacyParameters", "RFC 3414, 2.4")
	security = octets("snmp.msgSecurityParameters", "msgSecurityParameters", "RFC 3412, 6.6")
	msgData  = field.Spec{Name: "snmp.msgData", Label: "msgData", Kind: field.Custom, Class: field.Operation, Ref: "RFC 3412, 6.7", Format: formatData}
	plain    = field.Spec{Name: "snmp.plaintext_element", Label: "plaintext", Kind: field.Group, Ref: "RFC 3412, 6.8"}
	sealed   = octets("snmp.encryptedPDU", "encryptedPDU", "RFC 3412, 6.7")
	ctxID    = octets("snmp.contextEngineID", "contextEngineID", "RFC 3412, 6.8")
	ctxName  = field.Spec{Name: "snmp.contextName", Label: "contextName", Kind: field.Text, Class: field.Name, Ref: "RFC 3412, 6.8"}
)

// pdus are the messages, by the number of their tag, and the groups that have their parts.
var pdus = [...]struct {
	name    string
	element field.Spec
}{
	pdu("get-request", "get_request"), pdu("get-next-request", "get_next_request"), pdu("get-response", "get_response"), pdu("set-request", "set_request"), pdu("trap", "trap"),
	pdu("getBulkRequest", "getBulkRequest"), pdu("informRequest", "informRequest"), pdu("snmpV2-trap", "snmpV2_trap"), pdu("report", "report"),
}

func pdu(label, name string) struct {
	name    string
	element field.Spec
} {
	return struct {
		name    string
		element field.Spec
	}{label, field.Spec{Name: "snmp." + name + "_element", Label: label, Kind: field.Group, Ref: "RFC 3416, 3"}}
}

// statuses: RFC 3416, 3
var statuses = field.Values{0: "noError", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess", 7: "wrongType", 8: "wrongLength", 9: "wrongEncoding",
	10: "wrongValue", 11: "noCreation", 12: "inconsistentValue", 13: "resourceUnavailable", 14: "commitFailed", 15: "undoFailed", 16: "authorizationError", 17: "notWritable", 18: "inconsistentName"}

// traps: RFC 1157, 4.1.6
var traps = field.Values{0: "coldStart", 1: "warmStart", 2: "linkDown", 3: "linkUp", 4: "authenticationFailure", 5: "egpNeighborLoss", 6: "enterpriseSpecific"}

// values are the types of values, by their tag. RFC 2578, 7.1; RFC 3416, 3
var values = map[byte]*field.Spec{
	tagInteger:     ptr(integer("snmp.value.int", "Value (Integer32)", "RFC 2578, 7.1.1", field.Detail, nil)),
	tagOctetString: {Name: "snmp.value.octets", Label: "Value (OctetString)", Kind: field.Custom, Class: field.Name, Format: formatOctets, Ref: "RFC 2578, 7.1.2"},
	tagNull:        {Name: "snmp.value.null", Label: "Value (Null)", Kind: field.Bytes, Ref: "RFC 3416, 3"},
	tagOID:         ptr(oid("snmp.value.oid", "Value (OID)", "RFC 2578, 7.1.3", field.Name)),
	0x40:           {Name: "snmp.value.ipv4", Label: "Value (IpAddress)", Kind: field.IPv4, Class: field.Address, Ref: "RFC 2578, 7.1.5"},
	0x41:           ptr(unsigned("snmp.value.counter", "Value (Counter32)", "RFC 2578, 7.1.6")),
	0x42:           ptr(unsigned("snmp.value.g32", "Value (Gauge32)", "RFC 2578, 7.1.7")),
	0x43:           ptr(unsigned("snmp.value.timeticks", "Value (Timeticks)", "RFC 2578, 7.1.8")),
	0x44:           ptr(octets("snmp.value.opaque", "Value (Opaque)", "RFC 2578, 7.1.9")),
	0x46:           ptr(unsigned("snmp.value.counter", "Value (Counter64)", "RFC 2578, 7.1.10")),
	0x80:           {Name: "snmp.noSuchObject", Label: "noSuchObject", Kind: field.Bytes, Ref: "RFC 3416, 3"},
	0x81:           {Name: "snmp.noSuchInstance", Label: "noSuchInstance", Kind: field.Bytes, Ref: "RFC 3416, 3"},
	0x82:           {Name: "snmp.endOfMibView", Label: "endOfMibView", Kind: field.Bytes, Ref: "RFC 3416, 3"},
}

func ptr(s field.Spec) *field.Spec { return &s }

func integer(name, label, ref string, class field.Class, values field.Values) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Int, Class: class, Values: values, Ref: ref}
}

func unsigned(name, label, ref string) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Uint, Ref: ref}
}

func octets(name, label, ref string) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Bytes, Ref: ref}
}

func oid(name, label, ref string, class field.Class) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Custom, Class: class, Format: formatOID, Ref: ref}
}

var (
	unexpected = &field.Fault{Name: "snmp.ber.unexpected", Label: "a value of another type has to stand here", Severity: field.Error}
	badLength  = &field.Fault{Name: "snmp.ber.length.invalid", Label: "a length that is not allowed: without an end, or of over four bytes", Severity: field.Error}
	overrun    = &field.Fault{Name: "snmp.ber.length.overrun", Label: "this length reaches past the end of what is around it", Severity: field.Error}
	badNumber  = &field.Fault{Name: "snmp.ber.number", Label: "a number of no byte, or of more than eight", Severity: field.Error}
	badOID     = &field.Fault{Name: "snmp.ber.oid", Label: "an object identifier that ends within a number", Severity: field.Error}
	badAddress = &field.Fault{Name: "snmp.ber.address", Label: "an address has four bytes", Severity: field.Error}
	trailing   = &field.Fault{Name: "snmp.ber.trailing", Label: "bytes behind the last value", Severity: field.Warn}
)

func more() []*field.Spec {
	all := []*field.Spec{&header, &undecoded, &version, &version3, &community, &data, &requestID, &status, &index, &repeaters, &maxRepeat, &bindings, &binding, &name,
		&enterprise, &agent, &generic, &specific, &stamp, &global, &msgID, &maxSize, &flags, &model, &engine, &boots, &time, &user, &authPar, &privPar, &security, &msgData, &plain, &sealed, &ctxID, &ctxName}
	for i := range pdus {
		all = append(all, &pdus[i].element)
	}
	for t := range 256 {
		if s := values[byte(t)]; s != nil {
			all = append(all, s)
		}
	}
	return all
}
