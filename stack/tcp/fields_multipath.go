package tcp

import "httptap/stack/field"

// The parts of options that few speak.
var (
	optSCPS = field.Spec{Name: "tcp.options.scps.vector", Label: "SCPS Capabilities Vector", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "CCSDS 714.0-B-2, 3.2.3", Sub: []field.Spec{
		{Name: "tcp.options.scpsflags.bets", Label: "Partial Reliability Capable (BETS)", Bits: 1, Kind: field.Flag, Ref: "CCSDS 714.0-B-2, 3.2.3"},
		{Name: "tcp.options.scpsflags.snack1", Label: "Short Form SNACK Capable (SNACK1)", Bits: 1, Kind: field.Flag, Ref: "CCSDS 714.0-B-2, 3.2.3"},
		{Name: "tcp.options.scpsflags.snack2", Label: "Long Form SNACK Capable (SNACK2)", Bits: 1, Kind: field.Flag, Ref: "CCSDS 714.0-B-2, 3.2.3"},
		{Name: "tcp.options.scpsflags.compress", Label: "Lossless Header Compression (COMP)", Bits: 1, Kind: field.Flag, Ref: "CCSDS 714.0-B-2, 3.2.3"},
		{Name: "tcp.options.scpsflags.nlts", Label: "Network Layer Timestamp (NLTS)", Bits: 1, Kind: field.Flag, Ref: "CCSDS 714.0-B-2, 3.2.3"},
		{Name: "tcp.options.scpsflags.reserved", Label: "Reserved", Bits: 3, Kind: field.Reserved, Ref: "CCSDS 714.0-B-2, 3.2.3"},
	}}
	optBinding  = field.Spec{Name: "tcp.options.scps.binding", Label: "Connection ID", Bits: 8, Kind: field.Uint, Ref: "CCSDS 714.0-B-2, 3.2.3"}
	optHole     = field.Spec{Name: "tcp.options.snack.offset", Label: "SNACK Offset", Bits: 16, Kind: field.Uint, Ref: "CCSDS 714.0-B-2, 3.5"}
	optHoleSize = field.Spec{Name: "tcp.options.snack.size", Label: "SNACK Size", Bits: 16, Kind: field.Uint, Ref: "CCSDS 714.0-B-2, 3.5"}

	qsReserved = field.Spec{Name: "tcp.options.qs.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "RFC 4782, 4.1"}
	qsRate     = field.Spec{Name: "tcp.options.qs.rate", Label: "Rate Request", Bits: 4, Kind: field.Uint, Ref: "RFC 4782, 4.1"}
	qsTTL      = field.Spec{Name: "tcp.options.qs.ttl_diff", Label: "TTL Diff", Bits: 8, Kind: field.Uint, Ref: "RFC 4782, 4.1"}
	qsNonce    = field.Spec{Name: "tcp.options.qs.nonce", Label: "QS Nonce", Bits: 30, Kind: field.Hex, Ref: "RFC 4782, 4.1"}
	qsUnused   = field.Spec{Name: "tcp.options.qs.unused", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "RFC 4782, 4.1"}

	tarrRate     = field.Spec{Name: "tcp.options.tarr.rate", Label: "ACK Rate", Bits: 7, Kind: field.Uint, Ref: "draft-ietf-tcpm-ack-rate-request, 3"}
	tarrReserved = field.Spec{Name: "tcp.options.tar.reserved", Label: "Reserved", Bits: 1, Kind: field.Reserved, Ref: "draft-ietf-tcpm-ack-rate-request, 3"}
)

// Experiments whose identifier is known. RFC 6994, 3
const (
	exFastOpen = 0xf989 // RFC 7413, 4.1.1
	exAckRate  = 0x00ac
)

// experiment adds the identifier of a shared option and its data.
func experiment(c *field.Context, n, stop int) bool {
	if n < 2 || stop-c.Pos() < 2 {
		return n != 1 // without one it is an experiment of before RFC 6994
	}
	c.Add(&optExID, 16)
	n = stop - c.Pos()
	switch id := int(c.Frame[c.Pos()-2])<<8 | int(c.Frame[c.Pos()-1]); {
	case n == 0:
	case id == exFastOpen:
		c.AddBytes(&optCookie, n)
	case id == exAckRate && n == 1:
		c.Add(&tarrRate, 7)
		c.Add(&tarrReserved, 1)
	default:
		c.AddBytes(&optExperiment, n)
	}
	return true
}

// subtypes: RFC 8684, 8.2
var subtypes = field.Values{0: "MP_CAPABLE", 1: "MP_JOIN", 2: "DSS", 3: "ADD_ADDR", 4: "REMOVE_ADDR", 5: "MP_PRIO", 6: "MP_FAIL", 7: "MP_FASTCLOSE", 8: "MP_TCPRST", 15: "MP_EXPERIMENTAL"}

// The parts of the options of Multipath TCP.
var (
	mpSubtype = field.Spec{Name: "tcp.options.mptcp.subtype", Label: "Multipath TCP subtype", Bits: 4, Kind: field.Uint, Class: field.Operation, Values: subtypes, Ref: "RFC 8684, 8.2"}
	mpVersion = field.Spec{Name: "tcp.options.mptcp.version", Label: "Multipath TCP version", Bits: 4, Kind: field.Uint, Ref: "RFC 8684, 3.1"}
	mpCapable = [2]field.Spec{
		mpFlags(8, mpBit("checksumreq.flags", "Checksum required"), mpBit("extensibility.flag", "Extensibility"),
			mpRest("reserved.flag", 5), mpBit("sha1.flag", "Use HMAC-SHA1")),
		mpFlags(8, mpBit("checksumreq.flags", "Checksum required"), mpBit("extensibility.flag", "Extensibility"),
			mpBit("nomoresubflows.flag", "Do not attempt to establish new subflows to this address and port"), mpRest("reserved.flag", 4), mpBit("sha256.flag", "Use HMAC-SHA256")),
	}
	// In these the subtype is in the byte that Wireshark calls the flags.
	mpBackup = mpFlags(8, mpSubtype, mpRest("unused", 3), mpBit("backup.flag", "Backup flag"))
	mpReset  = mpFlags(8, mpSubtype, mpBit("flag_U.flag", "Flag U"), mpBit("flag_V.flag", "Flag V"), mpBit("flag_W.flag", "Flag W"), mpBit("flag_T.flag", "Transient"))
	mpDSS    = mpFlags(8, mpRest("unused", 3), mpBit("datafin.flag", "DATA_FIN"), mpBit("dseqn8.flag", "Data Sequence Number is 8 octets"),
		mpBit("dseqnpresent.flag", "Data Sequence Number, Subflow Sequence Number, Data-level Length, Checksum present"),
		mpBit("dataack8.flag", "Data ACK is 8 octets"), mpBit("dataackpresent.flag", "Data ACK is present"))
	mpUnused3    = mpRest("unused", 3)
	mpUnused4    = mpRest("unused", 4)
	mpReserved   = mpRest("reserved", 12)
	mpIPVersion  = mpPart("ipver", "IP version", 4, field.Uint)
	mpEcho       = mpBit("echo", "Echo")
	mpAddrID     = mpPart("addrid", "Address ID", 8, field.Uint)
	mpSendKey    = mpPart("sendkey", "Sender's Key", 64, field.Uint)
	mpRecvKey    = mpPart("recvkey", "Receiver's Key", 64, field.Uint)
	mpRecvToken  = mpPart("recvtok", "Receiver's Token", 32, field.Uint)
	mpRandom     = mpPart("sendrand", "Sender's Random Number", 32, field.Uint)
	mpTruncMAC   = mpPart("sendtrunchmac", "Sender's Truncated HMAC", 64, field.Uint)
	mpHMAC       = mpPart("sendhmac", "Sender's HMAC", 160, field.Bytes)
	mpAddrMAC    = mpPart("addaddrtrunchmac", "Truncated HMAC", 64, field.Uint)
	mpAck4       = mpPart("rawdataack", "Original MPTCP Data ACK", 32, field.Uint)
	mpAck8       = mpPart("rawdataack", "Original MPTCP Data ACK", 64, field.Uint)
	mpSeq4       = mpPart("rawdataseqno", "Data Sequence Number", 32, field.Uint)
	mpSeq8       = mpPart("rawdataseqno", "Data Sequence Number", 64, field.Uint)
	mpSubflowSeq = mpPart("subflowseqno", "Subflow Sequence Number", 32, field.Uint)
	mpDataLen    = mpPart("datalvllen", "Data-level Length", 16, field.Uint)
	mpSum        = mpPart("checksum", "Checksum", 16, field.Hex)
	mpIPv4       = mpPart("ipv4", "Advertised IPv4 Address", 32, field.IPv4)
	mpIPv6       = mpPart("ipv6", "Advertised IPv6 Address", 128, field.IPv6)
	mpPort       = mpPart("port", "Advertised port", 16, field.Uint)
	mpReason     = mpPart("rst_reason", "TCPRST Reason", 8, field.Hex)
)

func mpPart(name, label string, bits int, kind field.Kind) field.Spec {
	return field.Spec{Name: "tcp.options.mptcp." + name, Label: label, Bits: bits, Kind: kind, Ref: "RFC 8684, 3"}
}

func mpBit(name, label string) field.Spec { return mpPart(name, label, 1, field.Flag) }
func mpRest(name string, bits int) field.Spec {
	return mpPart(name, "Reserved", bits, field.Reserved)
}

func mpFlags(bits int, parts ...field.Spec) field.Spec {
	s := mpPart("flags", "Multipath TCP flags", bits, field.Hex)
	s.Class, s.Sub = field.Flags, parts
	return s
}

func moreMultipath() []*field.Spec {
	return []*field.Spec{&mpSubtype, &mpVersion, &mpCapable[0], &mpCapable[1], &mpBackup, &mpReset, &mpDSS, &mpUnused3, &mpUnused4, &mpReserved, &mpIPVersion,
		&mpEcho, &mpAddrID, &mpSendKey, &mpRecvKey, &mpRecvToken, &mpRandom, &mpTruncMAC, &mpHMAC, &mpAddrMAC, &mpAck4, &mpAck8, &mpSeq4,
		&mpSeq8, &mpSubflowSeq, &mpDataLen, &mpSum, &mpIPv4, &mpIPv6, &mpPort, &mpReason}
}

// multipath adds the n bytes of an option of Multipath TCP, those up to stop, and tells whether n is
// a length that its subtype has.
func multipath(c *field.Context, n, stop int) bool {
	whole := stop-c.Pos() == n
	n += 2 // RFC 8684 counts the kind and the length, too
	if n < 3 {
		return false
	}
	if c.Pos() >= stop {
		return true // nothing was captured
	}
	start, first := c.Pos(), c.Frame[c.Pos()]
	add := func(specs ...*field.Spec) {
		for _, s := range specs {
			if c.Pos()+s.Bits/8 <= stop {
				c.Add(s, s.Bits)
			}
		}
	}
	switch first >> 4 {
	case 0:
		add(&mpSubtype, &mpVersion, &mpCapable[min(first&15, 1)], &mpSendKey, &mpRecvKey, &mpDataLen, &mpSum)
		return n == 4 || n == 12 || n == 20 || n == 22 || n == 24
	case 1:
		switch n {
		case 12:
			add(&mpBackup, &mpAddrID, &mpRecvToken, &mpRandom)
		case 16:
			add(&mpBackup, &mpAddrID, &mpTruncMAC, &mpRandom)
		case 24:
			add(&mpSubtype, &mpReserved, &mpHMAC)
		default:
			add(&mpSubtype, &mpUnused4)
			return false
		}
	case 2:
		add(&mpSubtype, &mpUnused4, &mpDSS)
		if n < 4 || !whole && stop-c.Pos() < 1 {
			return n >= 4
		}
		flags := c.Frame[c.Pos()-1]
		if flags&1 != 0 {
			add([]*field.Spec{&mpAck4, &mpAck8}[flags>>1&1])
		}
		if flags&4 != 0 {
			add([]*field.Spec{&mpSeq4, &mpSeq8}[flags>>3&1], &mpSubflowSeq, &mpDataLen, &mpSum)
		}
	case 3:
		if first&15 == 4 || first&15 == 6 {
			add(&mpSubtype, &mpIPVersion, &mpAddrID) // RFC 6824, 3.4.1
		} else {
			add(&mpSubtype, &mpUnused3, &mpEcho, &mpAddrID)
		}
		if n < 20 {
			add(&mpIPv4)
		} else {
			add(&mpIPv6)
		}
		if left := n - 2 - (c.Pos() - start); left == 2 || left == 10 {
			add(&mpPort)
		}
		add(&mpAddrMAC)
	case 4:
		add(&mpSubtype, &mpUnused4)
		for c.Pos() < stop {
			c.Add(&mpAddrID, 8)
		}
	case 5:
		add(&mpBackup, &mpAddrID)
	case 6:
		add(&mpSubtype, &mpReserved, &mpSeq8)
	case 7:
		add(&mpSubtype, &mpReserved, &mpRecvKey)
	case 8:
		add(&mpReset, &mpReason)
	default:
		add(&mpSubtype, &mpUnused4)
		if left := stop - c.Pos(); left > 0 {
			c.AddBytes(&optRest, left)
		}
	}
	return c.Pos() == stop || !whole
}
