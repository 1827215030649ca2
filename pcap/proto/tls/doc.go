// Package tls decodes TLS and DTLS as far as they are in clear: records, alerts, heartbeats and the
// handshake. RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 6347 (DTLS 1.2), and for extensions RFC 6066,
// 7301, 8422, 8879, 9146 and what the fields name. It decodes only; nothing here speaks TLS.
//
//	record     content type │ version │ [epoch │ sequence number │ [connection ID]] │ length │ content
//	  handshake  type │ length │ [message_seq │ fragment offset │ fragment length] │ body
//	    hello      version │ random │ session ID │ [cookie] │ suites │ compression │ extensions
//	      extension  type │ length │ data
//
// What stands in brackets is DTLS's. Both protocols are one room, since all below the record is one
// table: Wireshark's fields of DTLS are those of TLS under another name.
//
// Read fields.go (the table), decode.go (records and handshake headers), messages.go (bodies),
// extensions.go, exchange.go (the key exchanges before TLS 1.3), datagram.go (DTLS); values.go and
// suites.go name numbers. Nothing allocates; the walks go forward only.
//
// A frame is decoded from itself: what was agreed in another frame is not known. So
//
//   - a record that its segment cuts is shown as far as it goes and marked; bytes that do not begin
//     as a record are continuation data;
//   - behind a ChangeCipherSpec, and in DTLS from epoch 1 on, content is encrypted; elsewhere a
//     handshake record is taken for encrypted when it does not begin with a message;
//   - the key exchange of a suite that another frame named is known by its form when only one form
//     fits; else it is shown as bytes.
//
// Both are known by their ports, and on others by their form: records that follow one another, and in a
// datagram fill it.
//
// # Implemented
//
//   - records of SSL 3.0 to TLS 1.3 and DTLS 1.0, 1.2 and 1.2 with connection IDs
//   - RFC 8446, 4 and RFC 5246, 7.4: every handshake message; of certificates and OCSP responses the
//     lengths, and the rest as data
//   - the extensions of fields.go; those that are not there have their data as bytes
//
// # Not implemented
//
//   - decryption, and the hello of SSL 2.0
//   - RFC 9147, 4 (the short records of DTLS 1.3)
//   - the parts of explicit curves, SRP, Kerberos, GOST and ECJPAKE key exchanges
//
// # Where this differs from Wireshark
//
//   - tls.record.opaque_type stands for the content type only behind the ServerHello in the same
//     frame; Wireshark knows of TLS 1.3 from other frames.
//   - tls.handshake.random_time is left out where a ClientHello offers TLS 1.3, whose Random is no time
//     (RFC 8446, 4.1.2); Wireshark shows it until it saw the answer.
//   - Of a record that the segment cuts Wireshark shows nothing.
//   - Of RSA and DHE, tls.handshake.epms and yc need the suite from another frame.
//   - tls.handshake.hint, and what follows it, are shown for DHE_PSK and ECDHE_PSK, too.
//   - dtls.alert_message covers an encrypted alert whole, not its first two bytes.
//   - Certificates are not taken apart: x509*, pkix*, pkcs-1 are not here.
package tls
