// Package snmp describes messages of the Simple Network Management Protocol, which are ASN.1 in BER: each value stands
// behind its type and its length.
//
//	RFC 1157, RFC 1901                      RFC 3412, 6
//	SEQUENCE                                SEQUENCE
//	├── version                             ├── version
//	├── community                           ├── SEQUENCE: message id, size, flags, security model
//	└── [0..8] request, response, trap      ├── OCTET STRING, in it SEQUENCE: engine, boots, time, user, parameters
//	    ├── id, error, index                └── SEQUENCE: engine, context, [0..8] as on the left; or OCTET STRING, encrypted
//	    └── SEQUENCE of SEQUENCE: name, value
//
// Type and length of each value are a field of their own, snmp.ber. Read fields.go, then message.go (the structure), ber.go
// (how a value is found) and values.go (how it prints).
//
// # Implemented
//
// RFC 1157, 4.1, and RFC 3416, 3 (all PDUs), RFC 3412, 6 (version 3), RFC 3414, 2.4 (user-based security), RFC 2578, 7.1 (types of values).
//
// # Not implemented
//
// Decryption. Names of objects: there is no MIB here. Engine IDs taken apart. SNMP over TCP (RFC 3430).
package snmp
